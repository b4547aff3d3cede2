# SPDX-License-Identifier: Apache-2.0
"""cfn-lint finds nothing in the templates, apart from what has a reason below."""
import json
import pathlib
import sys
import unittest

from support import CASES, CommandLineTest

# Rule, a part of the place it names, and the cases it is expected in (all where None): why that stands.
REASONS = {
    ("W3037", "KeyPolicy", None): "the deployed key's policy says kms:ReEncrypt, which means nothing; it is kept as it is",
    ("W3005", "ProxyTargetGroup", None): "the deployed target group names its cluster twice; it is kept as it is",
    ("W3690", "DatabaseE381E335", "cases"): "the cases ask for an engine version that is deprecated",
    ("W3010", "AvailabilityZone", ("environment", "availability-zones-resolved")):
        "the cases ask for an environment, whose zones are looked up once and then kept, so that no subnet moves",
    ("E1151", "VpcId", ("default-vpc-lookup", "default-vpc-resolved")): "the network's id is a stand-in, or the case's own",
    ("E3025", "DBInstanceClass", ("r6g-24xlarge",)): "the case asks for an instance type that does not exist",
}


def is_expected(match, path):
    case = match["Filename"].split("/")[0]
    for rule, place, cases in REASONS:
        if rule == match["Rule"]["Id"] and any(place in part for part in path):
            if cases is None or case in cases or (cases == "cases" and (CASES / f"{case}.json").exists()):
                return True
    return False


class LintTest(CommandLineTest):
    def lint(self, templates):
        program = pathlib.Path(sys.executable).with_name("cfn-lint")
        result = self.run_program(program, "--format", "json", *templates)
        # Without a word on standard output it did not run: it says [] where it found nothing.
        self.assertTrue(result.stdout.strip(), result.stderr)
        problems = []
        for match in json.loads(result.stdout):
            path = [str(part) for part in match["Location"]["Path"] or []]
            if not is_expected(match, path):
                problems.append(f"{match['Filename']}: {match['Rule']['Id']} {'/'.join(path)}: {match['Message'][:200]}")
        self.assertEqual(problems, [])

    def test_what_is_wrong_is_found(self):
        (self.folder / "bad.json").write_text('{"Resources": {"A": {"Type": "AWS::SNS::Nothing"}}}')
        with self.assertRaises(AssertionError):
            self.lint(["bad.json"])

    def test_the_demo(self):
        self.succeed("AuroraDemo")
        self.lint(["cdk.out/AuroraDemo.template.json"])

    def test_every_case(self):
        templates = []
        for case in sorted(CASES.glob("*.json")):
            self.succeed("aurora", "synth", case, "--quiet", "--output", case.stem)
            templates.append(f"{case.stem}/AuroraDemo.template.json")
        self.assertGreaterEqual(len(templates), 32)
        self.lint(templates)

    def test_layouts_of_our_own(self):
        layouts = {
            "minimal": {}, "stream": {"activityStream": True}, "destroy": {"removalPolicy": "destroy"},
            "users": {"users": [{"name": "app", "access": "owner"}, {"name": "bi", "access": "reader", "schemas": ["public"]}]},
            "bare": {"skipProxy": True, "skipManagerRotation": True, "skipAddRotationMultiUser": True},
        }
        for name, aurora in layouts.items():
            self.succeed("aurora", "synth", self.configure(**aurora), "--quiet", "--output", name)
        self.lint([f"{name}/AuroraDemo.template.json" for name in layouts])


if __name__ == "__main__":
    unittest.main()
