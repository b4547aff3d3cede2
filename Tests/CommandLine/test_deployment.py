# SPDX-License-Identifier: Apache-2.0
"""The whole stack, deployed by the official cdk CLI to a cloud on loopback."""
import json
import unittest

import psycopg

from deployment import DeployingTest


class DeploymentTest(DeployingTest):
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
        # Each step as it happened, from the function's log.
        for step in ("createSecret: a new password was made", "setSecret: the password of", "testSecret: ", "finishSecret: "):
            self.assertIn(step, output.stdout)
        self.assertNotEqual(self.credentials("Reader")["username"], reader["username"])
        # One that is refused says so at once, and why.
        cluster = self.cloud.clusters["aurorademo"]
        cluster.set_master_password("somebody's idea")
        refused = self.run_program(
            "aurora", "rotate", "reader", "--stack", "AuroraDemo", environment={**self.environment, "PGSSLMODE": "disable"})
        self.assertEqual(refused.returncode, 1, refused.stdout + refused.stderr)
        self.assertIn("was refused: ", refused.stderr)
        self.assertIn("aws rds modify-db-cluster", refused.stderr)
        cluster.set_master_password(self.credentials("Manager")["password"])
        self.cloud.failures.clear()
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
        was = json.loads(self.doctor("plan").stdout)
        output = self.deploy(fails=True, **{**more, "schemas": [*more["schemas"], "impossible"]})
        self.assertIn("permission denied for database demo", output)
        self.assertIn("ROLLBACK", self.status())
        self.synthesize(removalPolicy="destroy", **more)
        # To the last privilege, as the hash over all of them says.
        self.assertEqual(json.loads(self.doctor("plan").stdout), was)
        for name in ("Reader", "Writer", "Migrator"):
            self.assertEqual(self.run_sql(self.credentials(name), "select id from task_mgmt.tasks", through_proxy=True), [(1,)])
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
        output = self.cdk("destroy", "--app", "cdk.out", "--force")
        self.assertIn("AuroraDemo: destroyed", output)
        self.assertEqual((self.cloud.clusters, self.cloud.proxies, self.status()), ({}, {}, None))
        self.assertEqual(self.client("secretsmanager").list_secrets()["SecretList"], [])

    def test_the_demo_is_deployed_as_it_is(self):
        # In Swift, with the jump box.
        self.deploy_app("AuroraDemo")
        manager, reader = self.credentials("Manager"), self.credentials("Reader")
        self.run_sql(manager, "create table greetings (words text)")
        self.assertEqual(self.run_sql(reader, "select * from greetings", through_proxy=True), [])
        group = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
        self.assertEqual((group["AutoScalingGroupName"], group["MaxSize"]), ("AuroraDemoJump", 1))

    def test_a_first_deployment_that_fails_says_why(self):
        output = self.deploy(fails=True, databaseName="template0")
        self.assertIn("template0", output)
        self.assertIn("not currently accepting connections", output)
        # It says of which resource that is, and all of it is taken back.
        self.assertIn("AuroraDemoDatabaseProvisioning", output)
        self.assertEqual((self.status(), self.cloud.clusters), ("ROLLBACK_COMPLETE", {}))


if __name__ == "__main__":
    unittest.main()
