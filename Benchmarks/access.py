# SPDX-License-Identifier: Apache-2.0
"""Plan and doctor on 10,000 tables in 200 schemas with 20 users, against psql that runs the raw catalog queries alone, and
apply that grants on all tables against psql that runs one prepared script.

Usage: access.py FOLDER-OF-PROGRAMS
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from measure import PROJECT, Table, in_turn
from measure import run as cost

PROGRAMS = sys.argv[1]
SCHEMAS, TABLES, USERS = 200, 50, 20

folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-bench-", dir="/var/tmp"))
folder.chmod(0o755)
environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}


def run(*command, text=None, fails=False):
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, input=text, capture_output=True, text=True)
    if result.returncode != 0 and not fails:
        sys.exit(f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}")
    return result.stdout


def measured(*command, before=None):
    def measure():
        if before:
            run(*psql(), text=before)
        return cost(*command, folder=folder, environment=environment)
    return measure


def psql():
    """psql itself, as the manager."""
    stored = json.loads((folder / ".aurora/Bench/secrets/BenchManager.json").read_text())
    login = json.loads(next(one["value"] for one in stored["versions"] if "AWSCURRENT" in one["stages"]))
    environment["PGPASSWORD"] = login["password"]
    return ("psql", "-h", login["host"], "-p", login["port"], "-U", login["username"], "-d", "bench", "--no-psqlrc", "-q",
            "-v", "ON_ERROR_STOP=1")


schemas = [f"s{number}" for number in range(SCHEMAS)]
(folder / "aurora.json").write_text(json.dumps({
    "stack": "Bench", "vpc": {"create": {}}, "kmsKey": {"create": {}},
    "aurora": {"name": ["bench"], "databaseName": "bench", "schemas": schemas, "users": [
        {"name": f"user{number}", "access": ("reader", "writer", "owner")[number % 3]} for number in range(USERS)]}}))
table = Table("Access")
run("aurora", "synth", "aurora.json", "--quiet")
run("aurora", "local", "up")
try:
    run(*psql(), text="\n".join(f"create table {schema}.t{n} (id int);" for schema in schemas for n in range(TABLES)))
    # The queries that inspection sends, with its parameters filled in, and nothing done with what comes back.
    names = "array[" + ",".join(f"'{schema}'" for schema in schemas) + "]::text[]"
    queries = {path.stem: path.read_text() for path in (PROJECT / "Sources/DatabaseAccess/Queries").glob("*.sql")}

    def script(*left_out):
        chosen = [queries[name] for name in sorted(queries) if name not in left_out]
        return "".join(re.sub(r"\$1(::text\[\])?", lambda _: names, query.rstrip().rstrip(";")) + ";\n" for query in chosen)

    # Doctor plans, and looks at all objects as well.
    scripts = {"plan": script("leftovers", "routines_and_types", "row_security")}
    scripts["doctor"] = scripts["plan"] + script("leftovers")
    for name in ("plan", "doctor"):
        (folder / f"{name}.sql").write_text(scripts[name])
        mine, peer = in_turn(5, measured("aurora", name), measured(*psql(), "-o", "/dev/null", "-f", folder / f"{name}.sql"))
        table.add(name, "s", mine.wall, peer.wall)
    revoke = "\n".join(
        f"revoke all on all tables in schema {schema} from r_reader, r_writer, r_owner;" for schema in schemas)
    run(*psql(), text=f"grant r_owner to current_user; {revoke}")
    (folder / "apply.sql").write_text(run("aurora", "plan", "--sql"))
    mine, peer = in_turn(
        5, measured("aurora", "apply", before=revoke),
        measured(*psql(), "-o", "/dev/null", "-f", folder / "apply.sql", before=revoke))
    table.add("apply", "s", mine.wall, peer.wall)
finally:
    run("aurora", "local", "down", "--delete", fails=True)
    shutil.rmtree(folder, ignore_errors=True)
table.finish()
