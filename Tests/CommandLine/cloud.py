# SPDX-License-Identifier: Apache-2.0
"""A cloud on loopback: moto, with what it lacks. The cluster is a real PostgreSQL, the proxy a real pgbouncer, and
functions run as processes from the zip files that were uploaded."""
import importlib
import io
import pathlib
import shutil
import tempfile
import time
import uuid
import zipfile

import psycopg
from moto.awslambda.models import lambda_backends
from moto.logs.models import logs_backends
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from bucket import Bucket
from lambda_runtime import LambdaFunction
from servers import free_port

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Cloud:
    """All of it; there is one at a time, as moto's state belongs to the process."""

    current = None

    def __init__(self):
        # What they change in moto, they change for the whole process.
        importlib.import_module("moto_resources")
        importlib.import_module("moto_behaviour")
        importlib.import_module("moto_sessions")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-cloud-"))
        self.folder.chmod(0o755)
        self.clusters, self.proxies, self.programs, self.logs, self.failures = {}, {}, {}, [], []
        # Where functions log to, by name.
        self.log_groups = {}
        # What functions do that are not this project's.
        self.original = None
        Cloud.current = self
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
        self.server.start()
        # By this name, as moto reads buckets from others.
        self.endpoint = f"http://localhost:{self.server.get_host_and_port()[1]}"

    def close(self):
        self.server.stop()
        moto_api_backend.reset()
        for service in [*self.proxies.values(), *self.clusters.values()]:
            service.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        Cloud.current = None

    # Functions

    def program(self, function):
        """The folder with a function's program, from the zip file that was uploaded for it."""
        place = (function.code["S3Bucket"], function.code["S3Key"])
        if place not in self.programs:
            folder = self.folder / f"function-{len(self.programs)}"
            content = s3_backends[function.account_id]["aws"].get_object(*place).value
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(folder)
            (folder / "bootstrap").chmod(0o755)
            self.programs[place] = folder
        return self.programs[place]

    def run(self, function, events):
        """Has a function handle events in a process of its own; the answers, and what it logged."""
        folder = self.program(function)
        process = LambdaFunction(function.handler, {
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": function.region,
            "AWS_ENDPOINT_URL": self.endpoint, "LD_LIBRARY_PATH": str(folder / "lib"), "POLLING_MILLISECONDS": "50",
            **(function.environment_vars or {})}, self.folder, folder / "bootstrap")
        try:
            answers = []
            for event in events:
                answers.append(process.invoke(event, seconds=120))
                if answers[-1] is None or answers[-1][0] != "response":
                    break
            return answers
        finally:
            process.close()
            self.logs.append(process.log)
            self.write_log(function, process.log)

    def write_log(self, function, text):
        """Puts what a function has logged where CloudWatch Logs has it."""
        group = self.log_groups.get(function.function_name)
        backend = logs_backends[function.account_id][function.region]
        if group not in backend.groups:
            return
        stream, now = str(uuid.uuid4()), int(time.time() * 1000)
        backend.create_log_stream(group, stream)
        events = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
        if events:
            backend.put_log_events(group, stream, events)

    def ask(self, account, region, request):
        """Has a custom resource's function answer CloudFormation."""
        function = lambda_backends[account][region].get_function(request["ResourceProperties"]["ServiceToken"])
        if function.run_time.startswith("nodejs"):
            return self.original.answer(request)
        bucket = Bucket()
        try:
            self.run(function, [{**request, "RequestId": str(uuid.uuid4()), "ResponseURL": bucket.url}])
        finally:
            bucket.server.close()
        return bucket.answers[0] if bucket.answers else {"Status": "FAILED", "Reason": "the function did not answer"}

    def rotate(self, account, region, arn, token):
        """Goes through a rotation, as Secrets Manager does."""
        backend = secretsmanager_backends[account][region]
        secret = backend.secrets[arn]
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
        if ":serverless-application:" in secret.rotation_lambda_arn:
            try:
                return self.original.rotate(secret.arn, token)
            except psycopg.Error:
                # A stack of the original rotates for the first time before its users are there, and again later.
                return
        function = lambda_backends[account][region].get_function(secret.rotation_lambda_arn)
        answers = self.run(
            function, [{"SecretId": secret.arn, "ClientRequestToken": token, "Step": step} for step in STEPS])
        if answers[-1] is None or answers[-1][0] != "response":
            self.failures.append(f"{secret.name}: {answers[-1]}")

    def secrets_changed(self):
        for proxy in self.proxies.values():
            proxy.reload()
