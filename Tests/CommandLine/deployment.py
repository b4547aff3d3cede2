# SPDX-License-Identifier: Apache-2.0
"""What tests share that deploy stacks by the official cdk CLI to a cloud on loopback."""
import json
import logging
import os
import shutil
import subprocess

import boto3
import psycopg

from cloud import Cloud
from support import ACCOUNT, REGION, CommandLineTest


class DeployingTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)
        bundle = os.environ.get("AURORA_TEST_BUNDLE") or self.make_bundle()
        self.environment = {
            "HOME": str(self.folder), "CI": "true", "NO_COLOR": "1", "CDK_DISABLE_CLI_TELEMETRY": "true",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.cloud.endpoint, "TESTING_CDK": "1",
            "AURORA_FUNCTIONS_BUNDLE": str(bundle)}
        self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")

    def make_bundle(self):
        """The program of this build, with its symbols left out, as a bundle for this processor."""
        bundle = self.folder / "bundle"
        bundle.mkdir()
        subprocess.run(["strip", "-o", bundle / "bootstrap", shutil.which("bootstrap")], check=True)
        return bundle

    def client(self, service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.cloud.endpoint, aws_access_key_id="testing", aws_secret_access_key="testing")

    def cdk(self, *arguments, fails=False):
        result = self.run_program(
            os.environ["AURORA_NODE"], os.environ["AURORA_CDK"], *arguments, environment=self.environment, timeout=600)
        log = "\n".join(self.cloud.logs)[-4000:]
        self.assertEqual(result.returncode != 0, fails, f"{arguments}\n{result.stdout}\n{result.stderr}\n{log}")
        return result.stdout + result.stderr

    def synthesize(self, configuration=None, **aurora):
        self.succeed("aurora", "synth", self.configure(configuration, **aurora), "--quiet", environment=self.environment)

    def deploy_app(self, app="cdk.out", fails=False):
        return self.cdk(
            "deploy", "--app", app, "--method=direct", "--require-approval", "never",
            # moto knows no parameter that was left out before.
            "--no-previous-parameters", fails=fails)

    def deploy(self, fails=False, **aurora):
        self.synthesize(removalPolicy="destroy", **aurora)
        return self.deploy_app(fails=fails)

    def status(self):
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return next((stack["StackStatus"] for stack in stacks if stack["StackName"] == "AuroraDemo"), None)

    def doctor(self, *arguments):
        """What the product itself says of the deployed stack."""
        return self.run_program(
            "aurora", *arguments, "--stack", "AuroraDemo", "--json", environment={**self.environment, "PGSSLMODE": "disable"})

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
