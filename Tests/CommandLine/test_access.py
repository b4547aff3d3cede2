# SPDX-License-Identifier: Apache-2.0
"""aurora plan, apply and doctor: what people see of a database's access."""
import json
import re
import unittest

from support import CommandLineTest


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
        self.fail_with("The database has changed since this plan was made", "apply", "--from", "aurora.json", "--plan", "plan.json")
        (self.folder / "plan.json").write_text(self.succeed("aurora", "plan", "--from", "aurora.json", "--json"))
        self.succeed("aurora", "apply", "--from", "aurora.json", "--plan", "plan.json")
        self.assertIn("nothing has to change", self.succeed("aurora", "plan", "--from", "aurora.json"))

    def test_reaches_a_database_by_its_address(self):
        status = self.succeed("aurora", "local", "status")
        port = re.search(r"127\.0\.0\.1:(\d+)", status)[1]
        secret = (self.folder / ".aurora/AuroraDemo/secrets/AuroraDemoManager.json").read_text()
        password = re.findall(r'\\"password\\":\\"(.*?)\\"', secret)[-1]
        url = f"postgres://aurora_demo_manager@127.0.0.1:{port}"
        self.succeed("aurora", "doctor", "--url", url, environment={"PGPASSWORD": password})
        result = self.fail_with("authentication failed", "doctor", "--url", url, environment={"PGPASSWORD": "wrong-and-hidden"})
        self.assertEqual(result.returncode, 1)
        self.assertNotIn("wrong-and-hidden", result.stdout + result.stderr)
        self.fail_with("there is no password: set PGPASSWORD", "doctor", "--url", url)
        self.fail_with("must be like postgres://", "doctor", "--url", "mysql://x")
        self.fail_with("exclude each other", "doctor", "--url", url, "--local")
        self.fail_with("'plan.json' cannot be read", "apply", "--plan", "plan.json")


if __name__ == "__main__":
    unittest.main()
