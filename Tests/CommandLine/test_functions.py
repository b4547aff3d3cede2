# SPDX-License-Identifier: Apache-2.0
"""The functions' program as Lambda runs it, behind the protocol of CloudFormation's custom resources."""
import http.server
import json
import random
import socket
import ssl
import subprocess
import threading
import unittest
import uuid

import boto3

from bucket import Bucket
from interruption import CallCounter, HTTPProxy
from lambda_runtime import LambdaFunction
from servers import PostgresCluster
from support import ACCOUNT, REGION, AWSTest

CLUSTER = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:aurorademo"


class FunctionsTest(AWSTest):
    def setUp(self):
        super().setUp()
        self.http = HTTPProxy(self.port, CallCounter(0, None))
        self.addCleanup(self.http.close)
        self.bucket = Bucket()
        self.addCleanup(lambda: self.bucket.server.close())

    def function(self, handler, **environment):
        function = LambdaFunction(handler, {
            **self.aws_environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.http.port}", **environment}, self.folder)
        self.addCleanup(function.close)
        return function

    def request(self, kind, properties, **more):
        return {
            "RequestType": kind, "RequestId": "r", "StackId": "s", "LogicalResourceId": "l", "ResponseURL": self.bucket.url,
            "ResourceProperties": {"ServiceToken": "t", **properties}, **more}

    def ask(self, function, *arguments, seconds=900, **more):
        """Has a request handled, and gives CloudFormation's answer."""
        count = len(self.bucket.answers)
        answer = function.invoke(self.request(*arguments, **more), seconds=seconds)
        self.assertIsNotNone(answer, function.log)
        self.assertEqual(answer[0], "response", answer)
        self.assertEqual(len(self.bucket.answers), count + 1)
        return self.bucket.answers[-1]

    def test_log_groups_keep_their_events_as_long_as_declared(self):
        logs = boto3.client(
            "logs", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")
        function = self.function("log-retention")

        def retention(name):
            return logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("retentionInDays")

        # One that is there already, and one that is not.
        logs.create_log_group(logGroupName="/aws/rds/cluster/a/postgresql")
        for name in ("/aws/rds/cluster/a/postgresql", "/aws/rds/cluster/b/postgresql"):
            properties = {"logGroupName": name, "retentionInDays": "30"}
            for _ in range(2):
                answer = self.ask(function, "Create", properties)
                self.assertEqual((answer["Status"], answer["PhysicalResourceId"]), ("SUCCESS", name), answer)
            self.assertEqual(retention(name), 30)
            answer = self.ask(
                function, "Update", {**properties, "retentionInDays": "90"}, OldResourceProperties=properties, PhysicalResourceId=name)
            self.assertEqual(answer["PhysicalResourceId"], name)
            self.assertEqual(retention(name), 90)
            self.assertEqual(self.ask(function, "Delete", properties, PhysicalResourceId=name)["Status"], "SUCCESS")
            self.assertEqual(retention(name), 90)
        answer = self.ask(function, "Create", {"logGroupName": "x", "retentionInDays": "for ever"})
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("give a number of days", answer["Reason"])

    def stream(self, states):
        """What RDS says of the activity stream, one state after the other; the calls that were made are kept."""
        self.calls = []

        def query(parameters):
            self.calls.append(parameters["Action"])
            if parameters["Action"] != "DescribeDBClusters":
                if parameters["Action"] == "StartActivityStream":
                    self.assertEqual((parameters["Mode"], parameters["ApplyImmediately"]), ("async", "true"))
                return 200, b"<Answer/>"
            state = states.pop(0) if len(states) > 1 else states[0]
            if state is None:
                return 404, b"<ErrorResponse><Error><Code>DBClusterNotFoundFault</Code><Message>gone</Message></Error></ErrorResponse>"
            if state == "denied":
                return 403, b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
            return 200, (
                f"<DBClusterArn>{CLUSTER}</DBClusterArn><ActivityStreamStatus>{state}</ActivityStreamStatus>"
                "<ActivityStreamKinesisStreamName>aws-rds-das-cluster-x</ActivityStreamKinesisStreamName>").encode()

        self.http.query = query

    def test_activity_stream_is_started_and_stopped(self):
        function = self.function("activity-stream", POLLING_MILLISECONDS="20")
        properties = {"clusterArn": CLUSTER, "kmsKeyId": "key"}
        self.stream(["stopped", "starting", "starting", "started"])
        answer = self.ask(function, "Create", properties)
        arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/aws-rds-das-cluster-x"
        self.assertEqual((answer["Status"], answer["PhysicalResourceId"], answer["Data"]), ("SUCCESS", arn, {"kinesisStreamArn": arn}))
        self.assertEqual(self.calls.count("StartActivityStream"), 1)
        # The same again starts nothing.
        self.stream(["started"])
        self.assertEqual(self.ask(function, "Update", properties, OldResourceProperties=properties, PhysicalResourceId=arn)["Data"], answer["Data"])
        self.assertNotIn("StartActivityStream", self.calls)
        for states, stops in [(["started", "stopping", "stopped"], 1), ([None], 0), (["stopped"], 0), (["denied"], 0)]:
            self.stream(states)
            self.assertEqual(self.ask(function, "Delete", properties, PhysicalResourceId=arn)["Status"], "SUCCESS")
            self.assertEqual(self.calls.count("StopActivityStream"), stops)
        self.stream(["denied"])
        answer = self.ask(function, "Create", properties)
        self.assertIn("AccessDenied: not you", answer["Reason"])
        # What takes longer than an invocation goes on in the next one: Lambda invokes again what has failed.
        self.stream(["starting"])
        count = len(self.bucket.answers)
        kind, why = function.invoke(self.request("Create", properties), seconds=16)
        self.assertEqual(kind, "error")
        self.assertIn("was not done in the time", why["errorMessage"])
        self.assertEqual(len(self.bucket.answers), count)
        self.stream(["starting", "started"])
        self.assertEqual(self.ask(function, "Create", properties)["Status"], "SUCCESS")

    def test_says_in_time_that_there_is_no_more_time(self):
        # The manager cannot log in, and is waited for.
        secrets = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")
        arn = secrets.create_secret(Name="Unreachable", SecretString=json.dumps(
            {"username": "m", "password": "never-to-be-seen", "host": "127.0.0.1", "port": 1, "engine": "postgres"}))["ARN"]
        function = self.function("database", MANAGER_SECRET_ARN=arn, PGSSLMODE="disable")
        answer = self.ask(function, "Create", {"databaseName": "demo", "schemas": []}, seconds=17)
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("was not done in the time", answer["Reason"])
        self.assertNotIn("never-to-be-seen", function.log + json.dumps(answer))

    def test_delivers_although_the_bucket_fails_at_first(self):
        function = self.function("log-retention")
        self.bucket = Bucket([500, 503])
        self.assertEqual(self.ask(function, "Create", {"logGroupName": "late", "retentionInDays": "1"})["Status"], "SUCCESS")
        self.bucket = Bucket([403] * 100)
        kind, why = function.invoke(self.request("Create", {"logGroupName": "late", "retentionInDays": "1"}))
        self.assertEqual(kind, "error")
        self.assertIn("403", why["errorMessage"])
        self.assertNotIn("very-secret", why["errorMessage"] + function.log)

    def test_says_that_an_answer_cannot_be_delivered(self):
        # Nobody listens there.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/answer?signature=very-secret"
        function = self.function("log-retention")
        event = {**self.request("Create", {"logGroupName": "late", "retentionInDays": "1"}), "ResponseURL": url}
        kind, why = function.invoke(event)
        self.assertEqual(kind, "error")
        self.assertIn("could not be delivered", why["errorMessage"])
        self.assertEqual(len(self.lines(function, "error")), 1)
        self.assertNotIn("very-secret", why["errorMessage"] + function.log)
        # A bucket that takes the connection and says nothing: Lambda is told before the time is over.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            event["ResponseURL"] = f"http://127.0.0.1:{silent.getsockname()[1]}/answer?signature=very-secret"
            kind, why = function.invoke(event, seconds=20)
        self.assertEqual(kind, "error")
        self.assertNotIn("very-secret", why["errorMessage"] + function.log)

    def lines(self, function, level):
        """What a function has logged, which it does a line of JSON at a time."""
        return [line for line in map(json.loads, function.log.splitlines()) if line["level"] == level]

    def test_a_handler_that_does_not_exist_is_named(self):
        function = self.function("nonsense")
        self.assertEqual(function.process.wait(timeout=60), 1)
        self.assertIn("There is no handler 'nonsense'", function.log)
        kind, why = function.answers.get(timeout=60)
        self.assertEqual(kind, "initialization")
        self.assertIn("one of database, user, rotation", why["errorMessage"])

    def test_ends_in_order_when_lambda_asks_for_it(self):
        function = self.function("log-retention")
        self.ask(function, "Create", {"logGroupName": "g", "retentionInDays": "1"})
        function.process.terminate()
        self.assertEqual(function.process.wait(timeout=60), 0)
        self.assertIn("ended, as Lambda asked for it", function.log)
        # In the middle of its work as well.
        self.stream(["starting"])
        function = self.function("activity-stream", POLLING_MILLISECONDS="20")
        function.events.put((self.request("Create", {"clusterArn": CLUSTER, "kmsKeyId": "key"}), 900))
        self.until(lambda: self.calls)
        function.process.terminate()
        self.assertEqual(function.process.wait(timeout=60), 0)

    def certificate(self, name, host="localhost"):
        """A key, and a certificate that it has signed itself."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={host}", "-addext",
            f"subjectAltName=DNS:{host}", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return key, certificate

    def test_talks_to_no_service_that_cannot_show_who_it_is(self):
        class Service(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                # It seems to be kept open, and is not.
                self.close_connection = True
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        key, certificate = self.certificate("service")
        _, other = self.certificate("other")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for host, authorities, status in (
            ("localhost", certificate, "SUCCESS"), ("localhost", other, "FAILED"), ("127.0.0.1", certificate, "FAILED"),
        ):
            function = self.function(
                "log-retention", SSL_CERT_FILE=str(authorities), AWS_ENDPOINT_URL=f"https://{host}:{server.server_port}")
            answer = self.ask(function, "Create", {"logGroupName": "g", "retentionInDays": "1"})
            self.assertEqual(answer["Status"], status, answer)
            if status == "FAILED":
                self.assertIn("SSL", answer["Reason"])
                continue
            # What was kept was closed meanwhile.
            for _ in range(3):
                self.assertEqual(self.ask(function, "Create", {"logGroupName": "g", "retentionInDays": "1"})["Status"], "SUCCESS")

    def test_talks_to_no_database_that_cannot_show_who_it_is(self):
        cluster = PostgresCluster(self.folder, "aurora_demo_manager", "manager's")
        self.addCleanup(cluster.stop)
        secrets = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")
        arn = secrets.create_secret(Name="Manager", SecretString=json.dumps(
            {"username": cluster.master, "password": "manager's", "host": "localhost", "port": cluster.port, "engine": "postgres"}))["ARN"]
        _, other = self.certificate("other")
        own = self.folder / "own.pem"
        own.write_text((cluster.folder / "data/server.crt").read_text())
        # Beside the program, as in a bundle; else where the variable says.
        (self.folder / "certificates").mkdir()
        for authorities, status in ((own, "SUCCESS"), (other, "FAILED")):
            (self.folder / "certificates/database.pem").write_text(authorities.read_text())
            function = self.function("database", MANAGER_SECRET_ARN=arn, LAMBDA_TASK_ROOT=str(self.folder))
            answer = self.ask(function, "Create", {"databaseName": "demo", "schemas": []}, seconds=20)
            self.assertEqual(answer["Status"], status, answer)
        function = self.function("database", MANAGER_SECRET_ARN=arn, PGSSLROOTCERT=str(own))
        self.assertEqual(self.ask(function, "Create", {"databaseName": "demo", "schemas": []})["Status"], "SUCCESS")

    def test_sets_no_password_of_another_user(self):
        cluster = PostgresCluster(self.folder, "aurora_demo_manager", "manager's")
        self.addCleanup(cluster.stop)
        secrets = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")
        place = {"host": "127.0.0.1", "port": cluster.port, "engine": "postgres"}

        def secret(**value):
            return secrets.create_secret(Name=uuid.uuid4().hex, SecretString=json.dumps({**value, **place}))["ARN"]

        function = self.function("user", MANAGER_SECRET_ARN=secret(username=cluster.master, password="manager's"))
        for username, status in (("demo_reader", "SUCCESS"), ("demo_reader_clone", "SUCCESS"), ("demo_writer", "FAILED")):
            arn = secret(username=username, password="chosen")
            answer = self.ask(function, "Create", {"userSecretArn": arn, "username": "demo_reader", "access": "reader"})
            self.assertEqual(answer["Status"], status, answer)
        self.assertIn("names the user 'demo_writer', and is 'demo_reader's: mend the secret", answer["Reason"])
        with cluster.connect("rdsadmin", cluster.superuser_password) as connection:
            self.assertEqual(connection.execute("select count(*) from pg_roles where rolname like 'demo_writer%'").fetchone(), (0,))

    def test_passes_the_trace_on_and_finds_services_where_the_environment_says(self):
        # One service somewhere else than the others, which are nowhere.
        function = self.function(
            "log-retention", AWS_ENDPOINT_URL="http://127.0.0.1:1",
            AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=f"http://127.0.0.1:{self.http.port}")
        answer = self.ask(function, "Create", {"logGroupName": "traced", "retentionInDays": "1"})
        self.assertEqual(answer["Status"], "SUCCESS", answer)
        self.assertEqual({headers.get("X-Amzn-Trace-Id") for headers in self.http.headers}, {function.trace})

    def test_logs_as_much_as_lambda_is_told_to(self):
        for level, expected in [("DEBUG", True), ("INFO", False), ("FATAL", False)]:
            self.stream(["starting", "started"])
            function = self.function("activity-stream", POLLING_MILLISECONDS="20", AWS_LAMBDA_LOG_LEVEL=level)
            self.ask(function, "Create", {"clusterArn": CLUSTER, "kmsKeyId": "key"})
            self.assertEqual(bool(self.lines(function, "debug")), expected)

    def test_any_event_gets_an_answer(self):
        seed = random.randrange(1_000_000)
        print(f"Events are mutated with the seed {seed}", flush=True)
        source = random.Random(seed)
        arn = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing",
        ).create_secret(Name=f"Broken{seed}", SecretString="no JSON")["ARN"]
        self.stream([None])
        user = {"userSecretArn": arn, "access": "reader", "proxyHost": "p", "proxyUserSecretArn": arn, "proxyCloneSecretArn": arn}
        events = {
            "log-retention": self.request("Create", {"logGroupName": "g", "retentionInDays": "1"}),
            "activity-stream": self.request("Delete", {"clusterArn": CLUSTER, "kmsKeyId": "key"}, PhysicalResourceId="x"),
            "database": self.request("Update", {
                "databaseName": "demo", "schemas": ["a"], "users": [{"username": "u", "access": "reader", "schemas": ["a"]}]},
                OldResourceProperties={"databaseName": "demo", "schemas": []}, PhysicalResourceId="demo"),
            "user": self.request("Create", user),
            "rotation": {"SecretId": arn, "ClientRequestToken": "b", "Step": "setSecret"},
        }
        for handler, event in events.items():
            function = self.function(handler, MANAGER_SECRET_ARN=arn)
            for _ in range(60):
                text = bytes(self.mutated(source, event))
                answer = function.invoke(text, seconds=20)
                self.assertIsNotNone(answer, f"seed {seed}: {text!r}\n{function.log}")
            # A line for each thing that went wrong, and each line is one.
            for line in function.log.splitlines():
                json.loads(line)
            # It is as well as before.
            if handler == "log-retention":
                self.assertEqual(self.ask(function, "Create", {"logGroupName": "g", "retentionInDays": "1"})["Status"], "SUCCESS")
            function.close()

    def mutated(self, source, event):
        text = bytearray(json.dumps(event).encode())
        # Answers go nowhere else than to the bucket, and some events are cut anywhere.
        for _ in range(source.randrange(1, 5)):
            place = source.randrange(len(text))
            choice = source.randrange(4)
            if choice == 0:
                text[place] = source.randrange(256)
            elif choice == 1:
                del text[place:]
                text += b"}"
            elif choice == 2:
                text[place:place] = bytes(source.choices(range(256), k=source.randrange(20)))
            else:
                text[place:place] = b"0" * source.randrange(5000)
        return text


if __name__ == "__main__":
    unittest.main()
