# SPDX-License-Identifier: Apache-2.0
"""The whole stack, deployed by the official cdk CLI to a cloud on loopback."""
import json
import logging
import os
import shutil
import subprocess
import unittest
import uuid

import boto3
import psycopg

from cloud import Cloud
from support import ACCOUNT, REGION, CommandLineTest


class DeploymentTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)
        # The program of this build, with its symbols left out, as a bundle for this processor.
        bundle = self.folder / "bundle"
        bundle.mkdir()
        subprocess.run(["strip", "-o", bundle / "bootstrap", shutil.which("bootstrap")], check=True)
        self.environment = {
            "HOME": str(self.folder), "CI": "true", "NO_COLOR": "1", "CDK_DISABLE_CLI_TELEMETRY": "true",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.cloud.endpoint, "TESTING_CDK": "1",
            "AURORA_FUNCTIONS_BUNDLE": str(bundle)}
        self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")

    def client(self, service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.cloud.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")

    def cdk(self, *arguments, fails=False):
        result = self.run_program(
            os.environ["AURORA_NODE"], os.environ["AURORA_CDK"], *arguments, environment=self.environment, timeout=600)
        log = "\n".join(self.cloud.logs)[-4000:]
        self.assertEqual(result.returncode != 0, fails, f"{arguments}\n{result.stdout}\n{result.stderr}\n{log}")
        return result.stdout + result.stderr

    def deploy(self, fails=False, **aurora):
        self.succeed("aurora", "synth", self.configure(removalPolicy="destroy", **aurora), "--quiet", environment=self.environment)
        return self.cdk(
            "deploy", "--app", "cdk.out", "--method=direct", "--require-approval", "never",
            # moto knows no parameter that was left out before.
            "--no-previous-parameters", fails=fails)

    def credentials(self, name, stage="AWSCURRENT"):
        value = self.client("secretsmanager").get_secret_value(SecretId=f"AuroraDemo{name}", VersionStage=stage)
        return json.loads(value["SecretString"])

    def run_sql(self, credentials, sql, through_proxy=False):
        host = credentials["proxyHost"] if through_proxy else credentials["host"]
        with psycopg.connect(
            host=host, port=credentials["port"], user=credentials["username"], password=credentials["password"], dbname="demo",
            autocommit=True, connect_timeout=30,
        ) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def test_is_deployed_used_changed_and_destroyed(self):
        self.deploy()
        self.assertEqual(self.cloud.failures, [])
        template = json.loads((self.folder / "cdk.out/AuroraDemo.template.json").read_text())
        resources = self.client("cloudformation").describe_stack_resources(StackName="AuroraDemo")["StackResources"]
        deployed = {resource["LogicalResourceId"] for resource in resources}
        self.assertEqual(set(template["Resources"]) - deployed, set())
        # Creating the schedules rotated at once: all of it works with what the secrets say now.
        manager, writer, reader = (self.credentials(name) for name in ("Manager", "Writer", "Reader"))
        self.assertTrue(writer["username"].endswith("_clone"))
        self.run_sql(manager, "create table task_mgmt.tasks (id int)")
        self.run_sql(writer, "insert into task_mgmt.tasks values (1)", through_proxy=True)
        self.assertEqual(self.run_sql(reader, "select id from task_mgmt.tasks", through_proxy=True), [(1,)])
        with self.assertRaises(psycopg.errors.InsufficientPrivilege):
            self.run_sql(reader, "insert into task_mgmt.tasks values (2)")
        # A rotation through Secrets Manager, and both logins afterwards.
        output = self.run_program(
            "aurora", "rotate", "reader", "--stack", "AuroraDemo", environment={**self.environment, "PGSSLMODE": "disable"})
        self.assertEqual(output.returncode, 0, output.stdout + output.stderr + "\n".join(self.cloud.logs)[-2000:])
        self.assertEqual(self.cloud.failures, [])
        self.assertNotEqual(self.credentials("Reader")["username"], reader["username"])
        for credentials in (reader, self.credentials("Reader")):
            self.assertEqual(self.run_sql(credentials, "select id from task_mgmt.tasks", through_proxy=True), [(1,)])
        # One more schema and one more user.
        more = {"schemas": ["public", "task_mgmt", "added"], "users": [
            {"name": "reader", "access": "reader"}, {"name": "writer", "access": "writer"}, {"name": "migrator", "access": "owner"}]}
        self.deploy(**more)
        self.assertEqual(self.cloud.failures, [])
        self.run_sql(self.credentials("Migrator"), "create table added.made (id int)")
        self.assertEqual(self.run_sql(self.credentials("Reader"), "select * from added.made", through_proxy=True), [])
        # One that fails says why, and leaves access as it was.
        broken = self.cloud.clusters["aurorademo"]
        with broken.connect("rdsadmin", broken.superuser_password) as connection:
            connection.execute("revoke create on database demo from public, aurora_demo_manager")
            connection.execute("alter database demo owner to rdsadmin")
        output = self.deploy(fails=True, **{**more, "schemas": [*more["schemas"], "impossible"]})
        self.assertIn("permission denied for database demo", output)
        self.assertEqual(self.run_sql(self.credentials("Reader"), "select id from task_mgmt.tasks"), [(1,)])
        with broken.connect("rdsadmin", broken.superuser_password) as connection:
            connection.execute("alter database demo owner to aurora_demo_manager")
        # The same without them again: their data stays, their access goes.
        migrator = self.credentials("Migrator")
        self.deploy()
        with self.assertRaises(psycopg.OperationalError):
            self.run_sql(migrator, "select 1")
        with self.assertRaises(psycopg.errors.InsufficientPrivilege):
            self.run_sql(self.credentials("Reader"), "select * from added.made")
        with broken.connect("rdsadmin", broken.superuser_password, "demo") as connection:
            self.assertEqual(connection.execute("select count(*) from added.made").fetchall(), [(0,)])
        # No password was logged by any function.
        logs = "\n".join(self.cloud.logs)
        for name in ("Manager", "Writer", "Reader"):
            for stage in ("AWSCURRENT", "AWSPREVIOUS"):
                self.assertNotIn(self.credentials(name, stage)["password"], logs)
        self.cdk("destroy", "--app", "cdk.out", "--force")
        self.assertEqual(self.cloud.clusters, {})


if __name__ == "__main__":
    unittest.main()
