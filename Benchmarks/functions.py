# SPDX-License-Identifier: Apache-2.0
"""The functions as AWS Lambda runs them, each in a cold process, against a minimal runtime loop in Python with what the
original's functions do behind it: with boto3 and psycopg, the same PostgreSQL, the same Secrets Manager.

Usage: functions.py BUNDLE
"""
import json
import logging
import os
import pathlib
import re
import shutil
import sys
import sysconfig
import tempfile
import time
import uuid
import zipfile

from measure import BENCHES, PROJECT, Cost, Table, in_turn

import boto3
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.secretsmanager.models import secretsmanager_backends

from bucket import Bucket
from lambda_runtime import LambdaFunction
from servers import PostgresCluster
from support import ACCOUNT, REGION

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
MANAGER, PASSWORD = "aurora_demo_manager", uuid.uuid4().hex

bundle = pathlib.Path(sys.argv[1])
logging.getLogger("werkzeug").setLevel(logging.ERROR)
folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-bench-", dir="/var/tmp"))
folder.chmod(0o755)
moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
moto.start()
endpoint = f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
secrets = boto3.client(
    "secretsmanager", region_name=REGION, endpoint_url=endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")

OURS = {"program": [bundle / "bootstrap"], "LD_LIBRARY_PATH": str(bundle / "lib")}
PEER = {
    "program": [sys.executable, BENCHES / "peers/function.py"], "PYTHONPATH": str(PROJECT / "Tests/CommandLine"),
    "PGSSLMODE": "require"}


def invoke(side, handler, events, **environment):
    """The cost of a cold process from its start to its last answer."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint, **{name: value for name, value in side.items() if name != "program"}, **environment}
    start = time.perf_counter()
    function = LambdaFunction(handler, environment, folder, side["program"])
    try:
        for event in events:
            answer = function.invoke(event)
            if answer is None or answer[0] != "response":
                sys.exit(f"{handler} failed: {answer}\n{function.log}")
        return cost_of(function, start)
    finally:
        function.close()


def cost_of(function, start):
    """What a function took so far, which is then ended."""
    wall = time.perf_counter() - start
    # Its own largest size: that of `wait4` has in it what this process had when the function was started.
    status = pathlib.Path(f"/proc/{function.process.pid}/status").read_text()
    memory = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    function.kill()
    return Cost(wall, Cost.of(function.process, start).cpu, memory)


def cold_start(side, handler):
    """The cost of a process from its start to its first poll for an event."""
    def measure():
        start = time.perf_counter()
        function = LambdaFunction(handler, {
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            **{name: value for name, value in side.items() if name != "program"}}, folder, side["program"])
        try:
            function.polled.wait(60)
            return cost_of(function, start)
        finally:
            function.close()
    return measure


def size_of_zip(*sources):
    """The megabytes of what has to be uploaded, zipped."""
    target = folder / "size.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            for path in [source] if source.is_file() else sorted(source.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(source.parent))
    return target.stat().st_size / 1e6


def secret(value):
    # Named after its user, as in the stacks: no other one is rotated by it.
    name = uuid.uuid4().hex + "".join(word.capitalize() for word in value["username"].split("_"))
    return secrets.create_secret(Name=name, SecretString=json.dumps(value))["ARN"]


class Database:
    """A new server, its manager's secret, and those of two users."""

    def __init__(self):
        self.cluster = PostgresCluster(folder, MANAGER, PASSWORD)
        place = {"engine": "postgres", "host": "127.0.0.1", "port": self.cluster.port}
        self.manager = secret({"username": MANAGER, "password": PASSWORD, **place})
        self.users = {
            access: secret({
                "username": f"aurora_demo_{access}", "password": uuid.uuid4().hex, "masterarn": self.manager, **place})
            for access in ("reader", "writer")}

    def event(self, bucket, resource, **properties):
        return {
            "RequestType": "Create", "RequestId": "r", "StackId": "s", "LogicalResourceId": "l", "ResponseURL": bucket.url,
            "ResourceType": f"Custom::Aurora{resource}", "ResourceProperties": {"ServiceToken": "t", **properties}}

    def provision(self, side):
        """The database with its roles and privileges, and both users: two functions, as in the stacks."""
        bucket = Bucket()
        try:
            users = [
                self.event(bucket, "User", userSecretArn=arn, access=access, isWriter="true" if access == "writer" else "false")
                for access, arn in self.users.items()]
            database = self.event(bucket, "Database", databaseName="demo", schemas=["public", "tasks"], users=[
                {"username": f"aurora_demo_{access}", "access": access} for access in self.users])
            cost = invoke(side, "database", [database], MANAGER_SECRET_ARN=self.manager) + invoke(
                side, "user", users, MANAGER_SECRET_ARN=self.manager)
            if bad := [answer for answer in bucket.answers if answer["Status"] != "SUCCESS"]:
                sys.exit(f"Provisioning failed: {bad}")
            return cost
        finally:
            bucket.server.close()

    def rotate(self, side):
        """All four steps for the reader, in one process."""
        arn, token = self.users["reader"], str(uuid.uuid4())
        stored = secretsmanager_backends[ACCOUNT][REGION].secrets[arn]
        stored.rotation_requested = stored.rotation_enabled = True
        stored.remove_version_stages_from_old_versions(["AWSPENDING"])
        stored.versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}
        before = secrets.get_secret_value(SecretId=arn)["VersionId"]
        cost = invoke(
            side, "rotation", [{"SecretId": arn, "ClientRequestToken": token, "Step": step} for step in STEPS],
            MANAGER_SECRET_ARN=self.manager, PROXY_CREDENTIALS="activeUser", EXCLUDE_CHARACTERS="\"'\\/@",
            USERNAMES=",".join(f"aurora_demo_{access}" for access in self.users))
        stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if "AWSCURRENT" not in stages[token] or token == before:
            sys.exit(f"The rotation has not moved AWSCURRENT: {stages}")
        return cost


def provisioning(side):
    def measure():
        database = Database()
        try:
            return database.provision(side)
        finally:
            database.cluster.stop()
    return measure


table = Table("Functions")
databases = []
try:
    mine, peer, bare = in_turn(9, cold_start(OURS, "rotation"), cold_start(PEER, "rotation"), cold_start(PEER, "bare"))
    table.add("cold start to the first poll: wall", "s", mine.wall, peer.wall)
    table.add("cold start to the first poll: memory", "MB", mine.memory, peer.memory)
    table.add("cold start of a bare loop: wall", "s", mine.wall, bare.wall)
    table.add("cold start of a bare loop: memory", "MB", mine.memory, bare.memory)
    # What the peer needs where there is no Python, as on provided.al2023: the interpreter, its library, both packages.
    site, library = pathlib.Path(sysconfig.get_path("purelib")), pathlib.Path(sysconfig.get_path("stdlib"))
    table.add("zip file", "MB", size_of_zip(bundle), size_of_zip(
        pathlib.Path(os.path.realpath(sys.executable)), library,
        *(site / name for name in ("boto3", "botocore", "psycopg", "psycopg_binary", "psycopg_binary.libs"))))
    for side in (OURS, PEER):
        database = Database()
        databases.append(database)
        database.provision(side)
    mine, peer = in_turn(7, lambda: databases[0].rotate(OURS), lambda: databases[1].rotate(PEER))
    table.add("rotation, four steps: wall", "s", mine.wall, peer.wall)
    table.add("rotation, four steps: processor", "s", mine.cpu, peer.cpu)
    table.add("rotation, four steps: memory", "MB", mine.memory, peer.memory)
    mine, peer = in_turn(5, provisioning(OURS), provisioning(PEER))
    table.add("first provisioning: wall", "s", mine.wall, peer.wall)
finally:
    for database in databases:
        database.cluster.stop()
    moto.stop()
    shutil.rmtree(folder, ignore_errors=True)
table.finish()
