# SPDX-License-Identifier: Apache-2.0
"""A stack as the original deploys it, with the database as the original leaves it; then ours over it, by the cdk CLI."""
import io
import json
import re
import threading
import unittest
import uuid
import zipfile

import psycopg

from deployment import DeployingTest
from original import Original
from support import ACCOUNT, REGION, CASES

GOLDEN = CASES.parent / "golden" / "default.template.json"
# What holds state, and what cannot be another one without everybody noticing.
KEPT = re.compile(r"AWS::(RDS|KMS|SecretsManager::Secret$|EC2::(VPC|Subnet|SecurityGroup)$)")


class Clients:
    """Programs that hold what their secrets said before the deployment, and log in with it again and again."""

    def __init__(self, logins):
        self.refused, self.count, self.stop = [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=login) for login in logins]
        for thread in self.threads:
            thread.start()

    def run(self, credentials, host):
        while not self.stop.is_set():
            try:
                psycopg.connect(
                    host=credentials[host], port=credentials["port"], user=credentials["username"],
                    password=credentials["password"], dbname="demo", connect_timeout=30).close()
                self.count += 1
            except psycopg.OperationalError as error:
                self.refused.append(f"{credentials['username']} at {host}: {error}")
            self.stop.wait(0.05)

    def close(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


class MovingTest(DeployingTest):
    def deploy_original(self):
        """The recorded template, with something in the place of each of its assets."""
        template = json.loads(GOLDEN.read_text())
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("index.js", "")
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                self.client("s3").put_object(
                    Bucket=f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", Key=resource["Properties"]["Code"]["S3Key"],
                    Body=content.getvalue())
        self.cloud.original = Original(self.client("secretsmanager"))
        self.client("cloudformation").create_stack(
            StackName="AuroraDemo", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"])
        return template

    def resources(self):
        found = self.client("cloudformation").describe_stack_resources(StackName="AuroraDemo")["StackResources"]
        return {one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId")) for one in found}

    def rotate(self, *names):
        """As the schedules of the original do it."""
        for name in names:
            secret = self.client("secretsmanager").describe_secret(SecretId=f"AuroraDemo{name}")
            self.cloud.rotate(ACCOUNT, REGION, secret["ARN"], str(uuid.uuid4()))

    def can(self, credentials, sql, **more):
        try:
            self.run_sql(credentials, sql, **more)
            return True
        except psycopg.errors.InsufficientPrivilege:
            return False
        except psycopg.OperationalError:
            return None

    def move(self, **aurora):
        configuration = json.loads((CASES / "default.json").read_text())
        del configuration["aurora"]["proxyCredentials"]
        self.synthesize(configuration, **aurora)
        return self.deploy_app()

    def test_a_deployed_original_is_moved_without_anybody_noticing(self):
        template = self.deploy_original()
        # As it is with the original: both of a pair have been at work, a migration tool has made tables, and so has
        # somebody before the stack.
        self.rotate("Reader", "Writer")
        manager = self.credentials("Manager")
        self.run_sql(manager, "create role flyway login password 'f'")
        self.run_sql(manager, "grant create, usage on schema public to flyway")
        flyway = {**manager, "username": "flyway", "password": "f"}
        self.run_sql(flyway, "create table public.tasks (id int generated always as identity, words text)")
        reader, writer = self.credentials("Reader"), self.credentials("Writer")
        before_reader = self.credentials("Reader", "AWSPREVIOUS")
        # What the original gets wrong: 3, 4, 8, and 9, which is why 3 cannot be mended there.
        self.assertIs(self.can(reader, "select * from public.tasks"), False)
        self.run_sql(manager, "create sequence public.numbers")
        self.assertIs(self.can(writer, "select setval('public.numbers', 5)"), False)
        self.assertIs(self.can(before_reader, "select 1"), True)
        self.assertIsNone(self.can(before_reader, "select 1", through_proxy=True))

        before = self.resources()
        self.assertEqual(set(template["Resources"]), set(before))
        clients = Clients([(credentials, host) for credentials in (reader, writer) for host in ("host", "proxyHost")])
        try:
            output = self.move(creators=["flyway"])
        finally:
            clients.close()
        self.assertEqual(self.cloud.failures, [], output)
        # Nobody who held what a secret said was turned away, directly or by the proxy, at any moment.
        self.assertEqual(clients.refused, [])
        self.assertGreater(clients.count, 50)
        print(f"{clients.count} logins during the move", flush=True)

        after = self.resources()
        for name, (kind, physical) in before.items():
            if KEPT.match(kind) and "ecurityGroup" not in name:
                self.assertEqual(after.get(name), (kind, physical))
        for name, (kind, physical) in before.items():
            # Of the security groups, those of cluster and proxy: the original's functions had some of their own.
            if kind == "AWS::EC2::SecurityGroup" and re.match(r"AuroraDemo(Proxy)?SecurityGroup", name):
                self.assertEqual(after.get(name), (kind, physical))
        wanted = json.loads((self.folder / "cdk.out/AuroraDemo.template.json").read_text())["Resources"]
        self.assertEqual(set(wanted), set(after))

        # The first provisioning has mended it: existing tables and later ones (3, 9), setval (4), and with the next
        # rotation nobody is turned away by the proxy either (5, 8).
        reader, writer, manager = (self.credentials(name) for name in ("Reader", "Writer", "Manager"))
        self.run_sql(writer, "insert into public.tasks (words) values ('moved')", through_proxy=True)
        self.assertEqual(self.run_sql(reader, "select words from public.tasks", through_proxy=True), [("moved",)])
        self.assertIs(self.can(writer, "select setval('public.numbers', 5)"), True)
        self.run_sql(flyway, "create table public.later (id int)")
        self.assertEqual(self.run_sql(reader, "select * from public.later"), [])
        self.assertIs(self.can(reader, "insert into public.later values (1)"), False)
        self.run_sql(manager, "create table public.managers (id int)")
        self.assertEqual(self.run_sql(reader, "select * from public.managers"), [])
        self.client("secretsmanager").rotate_secret(SecretId="AuroraDemoReader")
        self.until(lambda: self.credentials("Reader") != reader)
        for credentials in (reader, self.credentials("Reader")):
            self.assertEqual(self.run_sql(credentials, "select words from public.tasks", through_proxy=True), [("moved",)])
        # Nothing is left to mend, by what the product itself says (1, 2, 6, 7 and 10 have tests of their own).
        found = self.doctor("doctor")
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)

    def test_secrets_of_either_are_rotated_by_the_other(self):
        self.deploy_original()
        self.rotate("Reader", "Manager")
        self.move()
        # Ours has taken over what AWS's function had written ...
        for name in ("Reader", "Manager", "Writer"):
            before = self.credentials(name)
            secret = self.client("secretsmanager").describe_secret(SecretId=f"AuroraDemo{name}")["ARN"]
            self.client("secretsmanager").rotate_secret(SecretId=secret)
            self.until(lambda: self.credentials(name)["password"] != before["password"])
            self.assertEqual(self.cloud.failures, [])
            # ... and AWS's goes on with what ours has written.
            made = self.credentials(name)
            self.assertIs(self.can(made, "select 1"), True)
            self.cloud.original.rotate(secret, str(uuid.uuid4()))
            self.assertIs(self.can(self.credentials(name), "select 1"), True)
            self.assertIs(self.can(made, "select 1"), name != "Manager" or None)
            self.assertEqual({**made, **self.credentials(name)}.keys(), made.keys())


if __name__ == "__main__":
    unittest.main()
