# SPDX-License-Identifier: Apache-2.0
"""What auditors of templates find in the demo's: no more than the original has, and each with its reason."""
import json
import os
import pathlib
import re
import unittest

from support import CommandLineTest

AUDIT = pathlib.Path(os.environ["AURORA_AUDIT"])

# What the contract with the original's templates keeps as it is: a deployed stack would be changed otherwise.
CHECKOV = {
    "CKV_AWS_7": ("Key", "the key's rotation is the team's to say: Key(enableKeyRotation:)"),
    "CKV_AWS_33": ("Key", "everybody of the account, but only through Secrets Manager, as with the original"),
    "CKV_AWS_162": ("AuroraDemoDatabase", "logins are by password, which rotation is for"),
    "CKV_AWS_118": ("AuroraDemoDatabaseInstance1", "performance insights are on; enhanced monitoring costs extra"),
}
NAG = [
    ("VPC7", "Vpc", "the demo's network has no flow logs; a team's own may"),
    ("KMS5", "Key", "the key's rotation is the team's to say: Key(enableKeyRotation:)"),
    ("RDS6", "AuroraDemoDatabase", "logins are by password, which rotation is for"),
    ("RDS10", "AuroraDemoDatabase", "on with removalPolicy retain, or deletionProtection"),
    ("SMG4", r"AuroraDemo(Reader|Writer)Proxy(User|Clone)", "the schedule of the user's own secret changes them as well"),
    ("IAM5", r"AuroraDemo\w+FunctionServiceRole", "calls that AWS knows no resource for, and log groups by their prefix"),
    ("IAM4", "AuroraDemoJump", "Session Manager's own policy, which AWS keeps up to date"),
    ("AS3", "AuroraDemoJump", "nobody needs to be told that a jump box starts"),
]
# Of the original's template, by the same tools.
ORIGINAL = 22


class AuditTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.succeed("AuroraDemo")
        self.template = self.folder / "cdk.out/AuroraDemo.template.json"

    def test_checkov(self):
        # It asks a server for guidelines in vain, and goes on.
        result = self.run_program(
            AUDIT / "checkov", "--framework", "cloudformation", "--file", self.template, "--compact", "--quiet", "--output", "json")
        found = json.loads(result.stdout[result.stdout.index("{"):])
        self.assertGreater(found["summary"]["passed"], 150)
        failed = [(check["check_id"], check["resource"]) for check in found["results"]["failed_checks"]]
        self.assertLess(len(failed), ORIGINAL)
        for check, resource in failed:
            self.assertIn(check, CHECKOV, resource)
            self.assertRegex(resource, rf"\.{CHECKOV[check][0]}")
            # Of what the project makes for itself, nothing.
            self.assertNotRegex(resource, "Function")
        # In the functions each finding has its reason in the template itself.
        skipped = 0
        for name, resource in json.loads(self.template.read_text())["Resources"].items():
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                self.assertRegex(name, r"AuroraDemo\w+Function")
                self.assertGreater(len(skip["comment"]), 30)
                skipped += 1
        self.assertEqual(found["summary"]["skipped"], skipped)

    def test_cdk_nag(self):
        output = self.succeed(
            AUDIT / "python", pathlib.Path(__file__).with_name("nag.py"), self.template,
            environment={"PATH": f"{pathlib.Path(os.environ['AURORA_NODE']).parent}:{os.environ['PATH']}"})
        findings = [line.split() for line in output.splitlines() if line]
        self.assertTrue(5 < len(findings) < ORIGINAL, output)
        for rule, resource in findings:
            self.assertTrue(any(rule == known and re.match(where, resource) for known, where, _ in NAG), f"{rule} {resource}")


if __name__ == "__main__":
    unittest.main()
