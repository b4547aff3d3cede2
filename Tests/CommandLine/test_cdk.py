# SPDX-License-Identifier: Apache-2.0
"""The official cdk CLI takes what is synthesized, and its look-ups against a server that behaves like AWS work."""
import json
import os
import unittest

from support import ACCOUNT, MINIMAL, PROJECT, REGION, AWSTest


class CDKTest(AWSTest):
    def cdk(self, *arguments):
        environment = {
            **self.aws_environment, "HOME": str(self.folder), "CI": "true", "NO_COLOR": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            # The CLI checks the manifest against its schema.
            "TESTING_CDK": "1",
        }
        return self.run_program(
            os.environ["AURORA_NODE"], os.environ["AURORA_CDK"], *arguments, environment=environment, timeout=300)

    def cdk_succeeds(self, *arguments):
        result = self.cdk(*arguments)
        self.assertEqual(result.returncode, 0, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result.stdout + result.stderr

    def test_takes_an_application_in_swift(self):
        app = f"swift run --quiet --skip-build --package-path {PROJECT} AuroraDemo"
        self.assertIn("AuroraDemo", self.cdk_succeeds("ls", "--app", app))
        synthesized = self.cdk_succeeds("synth", "--app", app, "--output", "out")
        self.assertIn("AWS::RDS::DBCluster", synthesized)
        # What the app warned of, the CLI prints with its path.
        self.assertRegex(synthesized, r"There is no functions bundle .*\n +AuroraDemo/AuroraDemo")
        self.assertIn("AWS::RDS::DBCluster", self.cdk_succeeds("diff", "--app", app, "--method", "template"))

    def test_takes_a_finished_assembly(self):
        self.succeed("AuroraDemo")
        self.assertEqual(self.cdk_succeeds("ls", "--app", "cdk.out").strip().splitlines()[0], "AuroraDemo")
        self.assertIn("AuroraDemoDatabaseE381E335", self.cdk_succeeds("synth", "--app", "cdk.out"))

    def test_errors_of_the_app_are_the_clis(self):
        configuration = self.configure(instances=0)
        result = self.cdk("ls", "--app", f"aurora synth {configuration} --quiet")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("instances is 0", result.stdout + result.stderr)

    def lookup(self, vpc, **aurora):
        return self.configure({
            **MINIMAL, "environment": {"account": ACCOUNT, "region": REGION}, "vpc": vpc,
            "aurora": {**MINIMAL["aurora"], **aurora}})

    def make_network(self, name):
        import boto3
        ec2 = boto3.client(
            "ec2", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing",
            aws_secret_access_key="testing")
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": name}])
        subnets = []
        for index, zone in enumerate(["a", "b"]):
            subnet = ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.7.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            ec2.create_tags(Resources=[subnet], Tags=[{"Key": "aws-cdk:subnet-type", "Value": "Private"}])
            subnets.append(subnet)
        return vpc, subnets

    def test_looks_up_a_network(self):
        vpc, subnets = self.make_network("storage")
        app = f"aurora synth {self.lookup({'lookup': {'vpcName': 'storage'}})} --quiet"
        self.cdk_succeeds("synth", "--app", app, "--output", "out")
        context = json.loads((self.folder / "cdk.context.json").read_text())
        self.assertEqual([answer["vpcId"] for answer in context.values()], [vpc])
        template = json.loads((self.folder / "out" / "AuroraDemo.template.json").read_text())
        cluster_subnets = template["Resources"]["AuroraDemoDatabaseSubnetsE0A8D552"]["Properties"]["SubnetIds"]
        self.assertEqual(sorted(cluster_subnets), sorted(subnets))
        # The next run takes the answer from the file.
        self.cdk_succeeds("synth", "--app", app, "--output", "out", "--no-lookups")

    def test_looks_up_availability_zones(self):
        app = f"aurora synth {self.lookup({'create': {}})} --quiet"
        self.cdk_succeeds("synth", "--app", app, "--output", "out")
        template = (self.folder / "out" / "AuroraDemo.template.json").read_text()
        self.assertIn(f'"{REGION}c"', template)
        self.assertNotIn("dummy1", template)

    def test_a_look_up_that_fails_is_an_error(self):
        app = f"aurora synth {self.lookup({'lookup': {'vpcName': 'nowhere'}})} --quiet"
        result = self.cdk("synth", "--app", app, "--output", "out")
        self.assertIn("The look-up 'vpc-provider' failed", result.stdout + result.stderr)
        self.assertNotEqual(result.returncode, 0)


if __name__ == "__main__":
    unittest.main()
