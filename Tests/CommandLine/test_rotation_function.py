# SPDX-License-Identifier: Apache-2.0
"""The rotation function as Lambda runs it, against PostgreSQL and Secrets Manager, killed at every call."""
import json
import logging
import threading
import unittest
import uuid

import boto3
import psycopg
import psycopg.sql
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.secretsmanager.models import secretsmanager_backends

from interruption import CallCounter, HTTPProxy, PostgresProxy
from lambda_runtime import LambdaFunction
from support import ACCOUNT, REGION, STEP_BETWEEN_INTERRUPTIONS, CommandLineTest

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class RotationFunctionTest(CommandLineTest):
    STEP = STEP_BETWEEN_INTERRUPTIONS

    @classmethod
    def setUpClass(cls):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        cls.moto.start()
        cls.moto_port = cls.moto.get_host_and_port()[1]
        cls.secrets = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=f"http://127.0.0.1:{cls.moto_port}",
            aws_access_key_id="testing", aws_secret_access_key="testing")

    @classmethod
    def tearDownClass(cls):
        cls.moto.stop()

    def start(self):
        self.synthesize()
        self.succeed("aurora", "local", "up")
        self.port = self.local_port()
        self.make_secrets()

    def make_secrets(self):
        """The stack's secrets, as the local stack has them now, in Secrets Manager."""
        self.prefix = f"s{uuid.uuid4().hex[:8]}"
        self.arns = {}
        names = ["AuroraDemoManager"] + [f"AuroraDemoReader{suffix}" for suffix in ("", "ProxyUser", "ProxyClone")]
        for name in names:
            value = self.secret(name)
            if "masterarn" in value:
                value["masterarn"] = self.arns["AuroraDemoManager"]
            made = self.secrets.create_secret(Name=self.prefix + name, SecretString=json.dumps(value))
            self.arns[name] = made["ARN"]
        for name in ("AuroraDemoReader", "AuroraDemoManager"):
            self.stored(name).rotation_requested = self.stored(name).rotation_enabled = True

    def stored(self, name):
        return secretsmanager_backends[ACCOUNT][REGION].secrets[self.prefix + name]

    def begin(self, name="AuroraDemoReader", token=None):
        """Begins a rotation as Secrets Manager does: an empty version, labelled AWSPENDING."""
        token = token or str(uuid.uuid4())
        self.stored(name).remove_version_stages_from_old_versions(["AWSPENDING"])
        self.stored(name).versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}
        return token

    def value(self, name, stage="AWSCURRENT"):
        return json.loads(self.secrets.get_secret_value(SecretId=self.arns[name], VersionStage=stage)["SecretString"])

    def logs_in(self, credentials):
        try:
            psycopg.connect(
                host="127.0.0.1", port=self.port, user=credentials["username"], password=credentials["password"],
                dbname="demo").close()
            return True
        except psycopg.OperationalError:
            return False

    def proxy_admits(self, credentials):
        """RDS Proxy admits whom the secrets that it lists name, with the passwords that they hold."""
        listed = [self.value(f"AuroraDemoReader{suffix}") for suffix in ("ProxyUser", "ProxyClone")]
        return self.logs_in(credentials) and any(
            (entry["username"], entry["password"]) == (credentials["username"], credentials["password"]) for entry in listed)

    def function(self, counter, environment=None):
        self.http, self.postgres = HTTPProxy(self.moto_port, counter), PostgresProxy(self.port, counter)
        # The function finds the database through what counts its calls.
        for name in self.arns:
            for version in self.stored(name).versions.values():
                if version.get("secret_string"):
                    version["secret_string"] = json.dumps({**json.loads(version["secret_string"]), "port": self.postgres.port})
        function = LambdaFunction("rotation", {
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.http.port}", "PGSSLMODE": "disable",
            "MANAGER_SECRET_ARN": self.arns["AuroraDemoManager"], "PROXY_CREDENTIALS": "bothUsers",
            "USERNAMES": "aurora_demo_reader,aurora_demo_writer", "EXCLUDE_CHARACTERS": "\"'\\/@",
            **(environment or {})}, self.folder)
        self.addCleanup(function.close)
        return function

    def run_steps(self, function, token, name="AuroraDemoReader"):
        """All steps, until one does not answer."""
        for step in STEPS:
            answer = function.invoke({"SecretId": self.arns[name], "ClientRequestToken": token, "Step": step})
            if answer is None or answer[0] != "response":
                return answer
        return answer

    def finish(self, function):
        function.close()
        self.http.close()
        self.postgres.close()

    def test_rotates_and_says_no_password(self):
        self.start()
        for name in ("AuroraDemoReader", "AuroraDemoReader", "AuroraDemoManager"):
            function = self.function(CallCounter(0, None))
            before = self.value(name)
            self.assertEqual(self.run_steps(function, self.begin(name), name)[0], "response", function.log)
            self.finish(function)
            after = self.value(name)
            self.assertTrue(self.logs_in(after))
            self.assertNotEqual(before["password"], after["password"])
            if name == "AuroraDemoReader":
                self.assertTrue(self.proxy_admits(before) and self.proxy_admits(after))
            for password in (before["password"], after["password"]):
                self.assertNotIn(password, function.log)

    def test_killed_at_every_call(self):
        self.start()
        at, killed = 1, 0
        while True:
            counter = CallCounter(at, lambda proxy: function.kill())
            function = self.function(counter)
            token, before = self.begin(), self.value("AuroraDemoReader")
            self.run_steps(function, token)
            self.finish(function)
            # Whatever was done, the login that applications have works, direct and through the proxy.
            self.assertTrue(self.proxy_admits(self.value("AuroraDemoReader")), f"killed at call {at}")
            if not counter.was_interrupted:
                break
            killed += 1
            # Secrets Manager tries again from the beginning, and that completes it.
            again = self.function(CallCounter(0, None))
            self.assertEqual(self.run_steps(again, token)[0], "response", again.log)
            self.finish(again)
            current = self.value("AuroraDemoReader")
            self.assertNotEqual(current["username"], before["username"])
            self.assertTrue(self.proxy_admits(current) and self.proxy_admits(self.value("AuroraDemoReader", "AWSPREVIOUS")))
            at += self.STEP
        print(f"The rotation function was killed at {killed} of {at} calls", flush=True)
        self.assertGreater(killed, 30 / self.STEP)

    def test_answers_bad_requests_with_one_line(self):
        self.start()
        function = self.function(CallCounter(0, None))
        arn, token = self.arns["AuroraDemoReader"], self.begin()
        good = {"SecretId": arn, "ClientRequestToken": token, "Step": "createSecret"}
        stages = {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()}
        for event, words in [
            ({}, "none of Secrets Manager's"), ({**good, "Step": "dropSecret"}, "createSecret, setSecret"), ([], "none of"),
            ({**good, "ClientRequestToken": "unknown"}, "has no version 'unknown'"),
            ({**good, "Step": "setSecret"}, "createSecret comes first"),
            ({**good, "SecretId": "no-such-secret"}, "ResourceNotFoundException"),
        ]:
            kind, answer = function.invoke(event)
            self.assertEqual(kind, "error")
            self.assertIn(words, answer["errorMessage"])
            self.assertNotIn("\n", answer["errorMessage"])
        self.assertEqual(stages, {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()})
        # The secret's name does as well as its ARN, and all of it is still possible.
        for step in STEPS:
            kind, answer = function.invoke({**good, "SecretId": self.prefix + "AuroraDemoReader", "Step": step})
            self.assertEqual(kind, "response", answer)
        self.assertTrue(self.proxy_admits(self.value("AuroraDemoReader")))
        self.finish(function)

    def test_goes_on_when_secrets_manager_throttles_or_denies(self):
        self.start()
        for code, status, words in [
            ("ThrottlingException", 400, "ThrottlingException"), ("AccessDeniedException", 400, "AccessDeniedException"),
            ("InternalServiceError", 500, "InternalServiceError"),
        ]:
            function = self.function(CallCounter(0, None))
            token, before = self.begin(), self.value("AuroraDemoReader")
            arguments = {"SecretId": self.arns["AuroraDemoReader"], "ClientRequestToken": token}
            for operation, step in [("DescribeSecret", "createSecret"), ("GetSecretValue", "createSecret"), ("GetRandomPassword", "createSecret"), ("PutSecretValue", "createSecret"),
                                    ("UpdateSecretVersionStage", "finishSecret")]:
                self.http.failing = {operation: (status, code)}
                labels = {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()}
                if step == "finishSecret":
                    self.http.failing = {}
                    self.assertEqual(function.invoke({**arguments, "Step": "createSecret"})[0], "response")
                    self.assertEqual(function.invoke({**arguments, "Step": "setSecret"})[0], "response")
                    self.http.failing = {operation: (status, code)}
                kind, answer = function.invoke({**arguments, "Step": step})
                self.assertEqual(kind, "error")
                self.assertIn(words, answer["errorMessage"])
                self.assertNotIn("\n", answer["errorMessage"])
                self.assertEqual(labels, {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()})
                self.assertTrue(self.proxy_admits(before))
            self.http.failing = {}
            self.assertEqual(self.run_steps(function, token)[0], "response")
            self.finish(function)
            self.assertTrue(self.proxy_admits(self.value("AuroraDemoReader")))

    def test_goes_on_when_the_database_is_down_slow_or_fails_over(self):
        self.start()
        for trouble in ("down", "slow", "lost in the middle", "read-only"):
            function = self.function(CallCounter(0, None))
            token, before = self.begin(), self.value("AuroraDemoReader")
            arguments = {"SecretId": self.arns["AuroraDemoReader"], "ClientRequestToken": token}
            self.assertEqual(function.invoke({**arguments, "Step": "createSecret"})[0], "response")
            labels = {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()}
            self.postgres.trouble(trouble)
            kind, answer = function.invoke({**arguments, "Step": "setSecret"}, seconds=60)
            self.assertEqual(kind, "error", trouble)
            self.assertNotIn("\n", answer["errorMessage"])
            self.assertEqual(labels, {id: list(version["version_stages"]) for id, version in self.stored("AuroraDemoReader").versions.items()})
            self.assertTrue(self.logs_in({**before, "port": self.port}))
            self.postgres.trouble(None)
            self.assertEqual(self.run_steps(function, token)[0], "response", function.log)
            self.assertTrue(self.proxy_admits(self.value("AuroraDemoReader")))
            self.finish(function)

    def test_a_managers_password_that_nobody_knows_is_set_through_rds_where_configured(self):
        self.start()
        superuser = psycopg.connect(
            host="127.0.0.1", port=self.port, user="rdsadmin", dbname="postgres", autocommit=True,
            password=self.superuser_password())
        superuser.execute("alter role aurora_demo_manager password 'nobody knows'")
        asked = []

        def modify(parameters):
            """What RDS does."""
            asked.append(parameters)
            superuser.execute(
                psycopg.sql.SQL("alter role aurora_demo_manager password {}").format(parameters["MasterUserPassword"]))
            return 200, b"<ModifyDBClusterResponse/>"

        event = {"SecretId": self.arns["AuroraDemoManager"]}
        for configuration, kind in [({}, "error"), ({"RESET_MANAGER_PASSWORD": "true"}, "response")]:
            function = self.function(CallCounter(0, None), configuration)
            self.http.query = modify
            token = self.begin("AuroraDemoManager")
            event = {**event, "ClientRequestToken": token}
            self.assertEqual(function.invoke({**event, "Step": "createSecret"})[0], "response")
            answer = function.invoke({**event, "Step": "setSecret"})
            self.assertEqual(answer[0], kind, answer)
            if kind == "error":
                self.assertIn("aws rds modify-db-cluster --db-cluster-identifier aurorademo", answer[1]["errorMessage"])
                self.assertEqual(asked, [])
            else:
                self.assertEqual(asked[0]["Action"], "ModifyDBCluster")
                self.assertEqual(asked[0]["DBClusterIdentifier"], "aurorademo")
                self.assertEqual(self.run_steps(function, token, "AuroraDemoManager")[0], "response")
                self.assertTrue(self.logs_in(self.value("AuroraDemoManager")))
                self.assertNotIn(self.value("AuroraDemoManager")["password"], function.log)
            self.finish(function)

    def superuser_password(self):
        stored = json.loads((self.folder / ".aurora/AuroraDemo/superuser/rdsadmin.json").read_text())
        return stored["versions"][-1]["value"]

    def test_a_deployed_stack_is_rotated_by_its_function(self):
        self.start()
        function = self.function(CallCounter(0, None))

        def rotate(request):
            """What Secrets Manager does after it has answered."""
            token = self.begin(token=request["ClientRequestToken"])
            threading.Thread(target=self.run_steps, args=(function, token)).start()
            return {"ARN": self.arns["AuroraDemoReader"], "VersionId": token}

        self.http.answering = {"RotateSecret": rotate}
        self.http.rename = {name: self.prefix + name for name in self.arns}
        before = self.value("AuroraDemoReader")
        output = self.succeed("aurora", "rotate", "reader", "--stack", "AuroraDemo", environment={
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.http.port}", "PGSSLMODE": "disable"})
        self.assertIn("finishSecret: the new version is current", output)
        self.assertRegex(output, r"before +aurora_demo_reader +works[^\n]*\n +after +aurora_demo_reader_clone +works")
        self.assertTrue(self.proxy_admits(before) and self.proxy_admits(self.value("AuroraDemoReader")))
        self.finish(function)


if __name__ == "__main__":
    unittest.main()
