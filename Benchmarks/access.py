# SPDX-License-Identifier: Apache-2.0
"""Plan and doctor on 10,000 tables in 200 schemas with 20 users, against psql that runs the raw catalog queries alone, and
apply that grants on all tables against psql that runs one prepared script. Medians of several runs in turn, as ratios.

Usage: access.py FOLDER-OF-PROGRAMS [runs]
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS, RUNS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
SCHEMAS, TABLES, USERS = 200, 50, 20
MOST = {"plan": 3.0, "doctor": 3.0, "apply": 1.5}

folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-bench-", dir="/var/tmp"))
folder.chmod(0o755)
environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}


def run(*command, text=None, fails=False):
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, input=text, capture_output=True, text=True)
    if result.returncode != 0 and not fails:
        sys.exit(f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}")
    return result.stdout


def seconds(*command, **options):
    start = time.perf_counter()
    run(*command, **options)
    return time.perf_counter() - start


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
    results = {}
    for name in ("plan", "doctor"):
        (folder / f"{name}.sql").write_text(scripts[name])
        ours, peer = [], []
        for _ in range(RUNS):
            ours.append(seconds("aurora", name))
            peer.append(seconds(*psql(), "-o", "/dev/null", "-f", folder / f"{name}.sql"))
        results[name] = (statistics.median(ours), statistics.median(peer))
    revoke = "\n".join(
        f"revoke all on all tables in schema {schema} from r_reader, r_writer, r_owner;" for schema in schemas)
    run(*psql(), text=f"grant r_owner to current_user; {revoke}")
    plan = run("aurora", "plan", "--sql")
    (folder / "apply.sql").write_text(plan)
    ours, peer = [], []
    for _ in range(RUNS):
        ours.append(seconds("aurora", "apply"))
        run(*psql(), text=revoke)
        peer.append(seconds(*psql(), "-o", "/dev/null", "-f", folder / "apply.sql"))
        run(*psql(), text=revoke)
    results["apply"] = (statistics.median(ours), statistics.median(peer))
finally:
    run("aurora", "local", "down", "--delete", fails=True)

bad = False
print(f"{SCHEMAS * TABLES} tables, {SCHEMAS} schemas, {USERS} users, medians of {RUNS} runs")
for name, (ours, peer) in results.items():
    ratio = ours / peer
    bad = bad or ratio > MOST[name]
    print(f"  {name:7} {ours:6.3f} s, psql alone {peer:6.3f} s: {ratio:4.2f}, at most {MOST[name]}")
sys.exit(bad)
