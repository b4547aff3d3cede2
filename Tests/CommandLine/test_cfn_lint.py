# SPDX-License-Identifier: Apache-2.0
"""cfn-lint finds nothing in the templates, apart from what has a reason below."""
import json
import sys
import unittest

from support import CASES, CommandLineTest

# Rule, and the end of the place it names: why that stands.
REASONS = {
    ("W3037", "KeyPolicy"): "the deployed key's policy says kms:ReEncrypt, which means nothing; it is kept as it is",
    ("W3005", "ProxyTargetGroup"): "the deployed target group names its cluster twice; it is kept as it is",
    ("W3690", "EngineVersion"): "the case asks for an engine version that is deprecated",
    ("E3690", "EngineVersion"): "the case asks for an engine version that is not offered any more",
    ("W3691", "EngineVersion"): "the case asks for an engine version that is deprecated",
}


class LintTest(CommandLineTest):
    def lint(self, templates):
        result = self.run_program(sys.executable, "-m", "cfnlint", "--format", "json", *templates)
        problems = []
        for match in json.loads(result.stdout or "[]"):
            path = [str(part) for part in match["Location"]["Path"] or []]
            known = any(rule == match["Rule"]["Id"] and any(place in part for part in path) for rule, place in REASONS)
            if not known:
                problems.append(f"{match['Filename']}: {match['Rule']['Id']} {'/'.join(path)}: {match['Message'][:200]}")
        self.assertEqual(problems, [])

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
