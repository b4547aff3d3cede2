# SPDX-License-Identifier: Apache-2.0
"""aurora plan, apply and doctor: what people see of a database's access."""
import json
import unittest

import boto3

from support import REGION, AWSTest, CommandLineTest


class AccessTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.synthesize()
        self.succeed("aurora", "local", "up")

    def test_finds_drift_and_mends_it(self):
        self.assertIn("nothing has to change", self.succeed("aurora", "doctor"))
        self.assertEqual(self.psql("manager", "create table task_mgmt.t (id int); grant delete on task_mgmt.t to r_reader").returncode, 0)
        drift = self.aurora("doctor", "--local")
        self.assertEqual(drift.returncode, 2, drift.stderr)
        self.assertIn('REVOKE DELETE ON TABLE "task_mgmt"."t" FROM "r_reader";', drift.stdout)
        self.assertIn("nothing has to change", self.succeed("aurora", "doctor", "--mode", "additive"))
        self.succeed("aurora", "doctor", "--fix")
        self.assertEqual(self.aurora("doctor").returncode, 0)

    def test_applies_a_plan_that_was_looked_at_and_refuses_a_stale_one(self):
        self.configure(schemas=["public", "task_mgmt", "added"])
        plan = self.succeed("aurora", "plan", "--from", "aurora.json", "--json")
        self.assertIn('CREATE SCHEMA "added"', [s["sql"] for s in json.loads(plan)["statements"]])
        (self.folder / "plan.json").write_text(plan)
        self.assertIn('CREATE SCHEMA "added";', self.succeed("aurora", "plan", "--from", "aurora.json", "--sql"))
        self.assertEqual(self.psql("manager", "create table task_mgmt.new (id int)").returncode, 0)
        self.fail_with("has changed since this plan was made", "apply", "--from", "aurora.json", "--plan", "plan.json")
        (self.folder / "plan.json").write_text(self.succeed("aurora", "plan", "--from", "aurora.json", "--json"))
        self.succeed("aurora", "apply", "--from", "aurora.json", "--plan", "plan.json")
        self.assertIn("nothing has to change", self.succeed("aurora", "plan", "--from", "aurora.json"))

    def test_reaches_a_database_by_its_address(self):
        url = f"postgres://aurora_demo_manager@127.0.0.1:{self.local_port()}"
        password = self.secret("AuroraDemoManager")["password"]
        self.succeed("aurora", "doctor", "--url", url, environment={"PGPASSWORD": password})
        # What is asked of TLS counts: the server of a local stack has none.
        self.fail_with("does not support SSL", "doctor", "--url", url, environment={"PGPASSWORD": password, "PGSSLMODE": "require"})
        result = self.fail_with("authentication failed", "doctor", "--url", url, environment={"PGPASSWORD": "wrong-and-hidden"})
        self.assertEqual(result.returncode, 1)
        self.assertNotIn("wrong-and-hidden", result.stdout + result.stderr)
        self.fail_with("there is no password: set PGPASSWORD", "doctor", "--url", url)
        self.fail_with("must be like postgres://", "doctor", "--url", "mysql://x")
        self.fail_with("exclude each other", "doctor", "--url", url, "--local")
        self.fail_with("'plan.json' cannot be read", "apply", "--plan", "plan.json")

    def test_explains_from_login_to_row(self):
        self.assertEqual(self.psql("manager", "create table task_mgmt.tasks (id int)").returncode, 0)
        case = ["doctor", "--user", "reader", "--object", "task_mgmt.tasks", "--privilege", "select"]
        self.assertIn("aurora_demo_reader can SELECT on task_mgmt.tasks", self.succeed("aurora", *case))
        self.assertEqual(self.psql("manager", "revoke select on task_mgmt.tasks from r_reader").returncode, 0)
        result = self.aurora(*case)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn('GRANT SELECT ON TABLE "task_mgmt"."tasks" TO "r_reader";', result.stdout)
        self.assertIn("The password matches the secret: aurora_demo_reader logged in just now", result.stdout)
        explanation = json.loads(self.aurora(*case, "--json").stdout)
        self.assertEqual([link["condition"] for link in explanation["links"] if link["state"] == "broken"], ["SELECT on the table"])
        # The matrix, and what else is there to see.
        drift = self.aurora("doctor")
        self.assertRegex(drift.stdout, r"task_mgmt +-\.\.\. ! +w\.\.\.")
        self.assertNotIn("\x1b[", drift.stdout)
        self.succeed("aurora", "doctor", "--fix")
        self.succeed("aurora", *case)
        # Somebody gave the user another password than its secret's.
        self.assertEqual(self.psql("manager", "alter role aurora_demo_reader password 'mistaken'").returncode, 0)
        result = self.aurora(*case)
        self.assertEqual(result.returncode, 2)
        self.assertIn("the server refuses what AuroraDemoReader says", result.stdout)
        self.assertNotIn(self.secret("AuroraDemoReader")["password"], result.stdout + result.stderr)
        self.fail_with("perhaps task_mgmt.tasks is meant", "doctor", "--user", "reader", "--object", "tasks")
        self.fail_with("There is no privilege 'look'", *case[:-1], "look")
        self.fail_with("belong together", "doctor", "--user", "reader")
        self.fail_with("has no privilege EXECUTE", *case[:-1], "execute")

    def test_shuts_out_and_drops_users(self):
        users = [{"name": "reader", "access": "reader"}]
        self.configure(users=users)
        options = ["--from", "aurora.json", "--removed-user", "aurora_demo_writer", "--drop-users"]
        plan = self.succeed("aurora", "plan", *options)
        self.assertIn("[drops a role]", plan)
        self.assertIn("[terminates sessions]", plan)
        self.assertIn("COMMIT;", self.succeed("aurora", "plan", *options, "--sql"))
        self.succeed("aurora", "apply", *options)
        self.assertIn("nothing has to change", self.succeed("aurora", "doctor", *options))
        roles = self.psql("manager", "select count(*) from pg_roles where rolname like 'aurora_demo_writer%'").stdout
        self.assertEqual(roles.strip(), "0")

    def test_the_stack_drops_users_where_it_says_so(self):
        self.synthesize(dropUsers=True)
        self.succeed("aurora", "local", "up")
        self.synthesize(users=[{"name": "reader", "access": "reader"}], dropUsers=True)
        self.succeed("aurora", "local", "up")
        roles = self.psql("manager", "select count(*) from pg_roles where rolname like 'aurora_demo_writer%'").stdout
        self.assertEqual(roles.strip(), "0")
        # To adopt a database, nothing is taken away.
        self.assertEqual(self.psql("manager", "create table task_mgmt.t (); grant delete on task_mgmt.t to r_reader").returncode, 0)
        self.synthesize(users=[{"name": "reader", "access": "reader"}], accessMode="additive")
        self.succeed("aurora", "local", "up")
        self.assertIn("nothing has to change", self.succeed("aurora", "doctor"))
        self.assertEqual(self.aurora("doctor", "--mode", "managed").returncode, 2)


class DeployedAccessTest(AWSTest):
    def test_reaches_a_deployed_stack_with_its_secrets(self):
        self.synthesize()
        self.succeed("aurora", "local", "up")
        secrets = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="testing",
            aws_secret_access_key="testing")
        for name in ("AuroraDemoManager", "AuroraDemoReader", "AuroraDemoWriter"):
            secrets.create_secret(Name=name, SecretString=json.dumps(self.secret(name)))
        environment = {**self.aws_environment, "PGSSLMODE": "disable"}
        stack = ["--stack", "AuroraDemo"]
        self.assertIn("nothing has to change", self.succeed("aurora", "doctor", *stack, environment=environment))
        self.assertEqual(self.psql("manager", "create table task_mgmt.tasks (id int)").returncode, 0)
        case = ["--user", "writer", "--object", "task_mgmt.tasks", "--privilege", "delete"]
        self.assertIn(
            "logged in just now with AuroraDemoWriter", self.succeed("aurora", "doctor", *stack, *case, environment=environment))
        # Without AWS, without the stack, and without a way to the cluster: each says what to do.
        none = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        self.fail_with("There are no credentials of AWS: aws sso login, or export AWS_ACCESS_KEY_ID", "doctor", *stack, environment={**environment, **none})
        self.fail_with("AuroraDemo", "doctor", "--stack", "Other", environment=environment)
        self.succeed("aurora", "local", "down")
        self.fail_with("or open a tunnel with aurora connect --tunnel and give its end as --url", "doctor", *stack, environment=environment)


if __name__ == "__main__":
    unittest.main()
