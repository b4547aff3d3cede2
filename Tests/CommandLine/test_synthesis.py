# SPDX-License-Identifier: Apache-2.0
"""aurora init, synth, show, diff and diagram: what a person does before anything is deployed."""
import json
import os
import pathlib
import re
import subprocess
import unittest
import xml.etree.ElementTree

from support import CASES, MINIMAL, PROJECT, CommandLineTest

GOLDEN = CASES.parent / "golden"


class SynthesisTest(CommandLineTest):
    def synthesize_case(self, case, output, **aurora):
        configuration = json.loads((CASES / f"{case}.json").read_text())
        configuration["aurora"].update(aurora)
        self.succeed("aurora", "synth", self.configure(configuration, name=f"{output}.json"), "--output", output, "--quiet")

    def test_a_starter_synthesizes_at_once(self):
        self.assertIn("aurora.yaml", self.succeed("aurora", "init", "--name", "orders storage"))
        output = self.succeed("aurora", "synth", "aurora.yaml")
        self.assertIn("OrdersStorage: ", output)
        summary = json.loads(self.succeed("aurora", "synth", "aurora.yaml", "--json"))["stacks"][0]
        self.assertEqual(summary, json.loads(self.succeed("aurora", "show", "--json"))["stacks"][0])
        self.assertEqual(summary["resourcesByService"]["RDS"], 7)
        self.assertIn({"type": "AWS::RDS::DBCluster", "onRemoval": "snapshot"}, [
            {"type": one["type"], "onRemoval": one["onRemoval"]} for one in summary["holdingState"]])
        self.assertEqual(self.succeed("aurora", "synth", "aurora.yaml", "--quiet"), "")
        before = (self.folder / "aurora.yaml").read_text()
        self.fail_with("'aurora.yaml' is there already", "init")
        self.assertEqual((self.folder / "aurora.yaml").read_text(), before)
        self.fail_with("give words such as", "init", "elsewhere", "--name", "123")

    def test_a_starter_in_swift_is_a_package_that_builds(self):
        self.succeed("aurora", "init", "app", "--swift", "--name", "orders storage", "--package", PROJECT)
        package = self.folder / "app"
        self.assertIn("OrdersStorage", json.loads((package / "cdk.json").read_text())["app"])
        described = json.loads(self.run_program("swift", "package", "--package-path", package, "describe", "--type", "json", timeout=600).stdout)
        self.assertEqual({target["name"] for target in described["targets"]}, {"OrdersStorage", "OrdersStorageStack", "OrdersStorageStackTests"})
        # Its sources against this build's modules, which spares another build of all of them.
        modules = pathlib.Path(os.environ["PATH"].split(":")[0])
        maps = [*modules.glob("*.build/module.modulemap"), *(PROJECT / ".build/checkouts").glob("*/Sources/*/include/module.modulemap")]
        swiftc = ["swiftc", "-swift-version", "6", "-I", modules / "Modules"]
        swiftc += [word for path in maps for word in ("-Xcc", f"-fmodule-map-file={path}")]
        result = self.run_program(
            *swiftc, "-emit-module", "-parse-as-library", "-module-name", "OrdersStorageStack", "-o", "OrdersStorageStack.swiftmodule",
            package / "Sources/OrdersStorageStack/OrdersStorageStack.swift", timeout=600)
        self.assertEqual(result.returncode, 0, result.stderr)
        for source in ("Sources/OrdersStorage/main.swift", "Tests/OrdersStorageStackTests/OrdersStorageStackTests.swift"):
            result = self.run_program(*swiftc, "-I", self.folder, "-typecheck", package / source, timeout=600)
            self.assertEqual(result.returncode, 0, result.stderr)
        self.fail_with("is there already", "init", "app", "--swift")

    def test_says_what_a_change_does_to_what_is_deployed(self):
        # Over the original: nothing that holds state is replaced or deleted.
        self.synthesize_case("default", "ours")
        output = self.succeed("aurora", "diff", GOLDEN / "default.template.json", "ours")
        self.assertIn("~ is updated in place (RotationLambdaARN) AWS::SecretsManager::RotationSchedule AuroraDemoReaderRotationSchedule", output)
        self.assertNotIn("AWS::RDS::DBCluster ", output)
        for name in ("retain", "one-instance", "schemas", "skip-proxy", "three-tier-vpc"):
            self.synthesize_case(name, "case")
            self.succeed("aurora", "diff", GOLDEN / f"{name}.template.json", "case")
        # Another name is another cluster.
        self.synthesize_case("default", "other", name=["aurora", "other"])
        result = self.aurora("diff", "ours", "other")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stdout, r"- is deleted; its data is lost AWS::RDS::DBCluster AuroraDemoDatabase\w+")
        lost = re.findall(r"--allow (\w+)", result.stdout)
        self.assertIn("AuroraDemoDatabaseE381E335", lost)
        allowed = [word for one in lost for word in ("--allow", one)]
        self.succeed("aurora", "diff", "ours", "other", *allowed)
        self.assertEqual(self.aurora("diff", "ours", "other", *allowed[:-2]).returncode, 2)
        report = json.loads(self.aurora("diff", "ours", "other", "--json").stdout)
        self.assertEqual({change["logicalID"] for change in report["losses"]}, set(lost))
        # A larger instance interrupts; the same is no difference.
        self.synthesize_case("default", "larger", instanceType="r6g.large")
        self.assertIn("is updated with an interruption (DBInstanceClass) AWS::RDS::DBInstance", self.succeed("aurora", "diff", "ours", "larger"))
        self.assertEqual(self.succeed("aurora", "diff", "ours", "ours"), "AuroraDemo: no difference\n")
        self.fail_with("'nowhere' is not there", "diff", "nowhere", "ours")
        (self.folder / "odd.json").write_text("{}")
        self.fail_with("is no template: it has no Resources", "diff", "odd.json", "ours")

    def test_refuses_to_write_what_would_lose_data(self):
        self.synthesize_case("default", "ours")
        template = self.folder / "ours/AuroraDemo.template.json"
        # As aws cloudformation get-template tells it.
        (self.folder / "deployed.json").write_text(json.dumps({"TemplateBody": json.loads(template.read_text())}))
        configuration = json.loads((CASES / "default.json").read_text())
        same = self.configure(configuration, name="same.json")
        self.succeed("aurora", "synth", same, "--previous", "deployed.json", "--output", "same")
        configuration["aurora"]["name"] = ["aurora", "other"]
        (self.folder / "changed.json").write_text(json.dumps(configuration))
        result = self.aurora("synth", "changed.json", "--previous", "deployed.json", "--output", "changed")
        self.assertEqual(result.returncode, 2)
        self.assertIn("This would lose what AuroraDemoDatabaseE381E335", result.stderr)
        self.assertFalse((self.folder / "changed").exists())
        allowed = [word for one in re.findall(r"--allow (\w+)", result.stderr) for word in ("--allow", one)]
        self.succeed("aurora", "synth", "changed.json", "--previous", "deployed.json", "--output", "changed", *allowed)

    def test_takes_what_the_cdk_cli_has_looked_up(self):
        configuration = json.loads(json.dumps(MINIMAL))
        configuration["environment"] = {"account": "123456789012", "region": "eu-central-1"}
        configuration["vpc"] = {"lookup": {"vpcName": "production"}}
        name = self.configure(configuration)
        self.succeed("aurora", "synth", name, "--quiet")
        self.assertIn("missing", json.loads((self.folder / "cdk.out/manifest.json").read_text()))
        (self.folder / "cdk.context.json").write_text((PROJECT / "Examples/ExistingVpc/cdk.context.json").read_text())
        self.succeed("aurora", "synth", name, "--quiet")
        self.assertNotIn("missing", json.loads((self.folder / "cdk.out/manifest.json").read_text()))
        # As it is for the cdk CLI: what that hands over counts, and what is no JSON is said.
        self.succeed("aurora", "synth", name, "--quiet", environment={"CDK_CONTEXT_JSON": "{}"})
        self.assertIn("missing", json.loads((self.folder / "cdk.out/manifest.json").read_text()))
        (self.folder / "cdk.context.json").write_text("{")
        self.fail_with("is not valid JSON", "synth", name)

    def test_draws_the_stack(self):
        self.succeed("AuroraDemo")
        image = self.succeed("aurora", "diagram")
        root = xml.etree.ElementTree.fromstring(image)
        texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        for word in ("Users", "aurora_demo_reader: reader", "RDS Proxy", "Aurora", "Jump box", "Functions", "rotation", "AuroraDemoReader", "KMS key"):
            self.assertIn(word, texts)
        self.assertTrue(any("VPC 10.0.0.0/16" in text for text in texts))
        self.assertEqual(image, self.succeed("aurora", "diagram"))
        # The picture in the README is this one: aurora diagram > Documentation/Images/aurora-demo.svg
        self.assertEqual(image, (PROJECT / "Documentation/Images/aurora-demo.svg").read_text())
        mermaid = self.succeed("aurora", "diagram", "--format", "mermaid")
        self.assertTrue(mermaid.startswith("flowchart LR\n"))
        self.assertIn("proxy -->|pools| cluster", mermaid)
        self.succeed("aurora", "diagram", "--output", "demo.svg")
        self.assertEqual((self.folder / "demo.svg").read_text(), image)
        self.fail_with("There is no stack 'Other': choose one of AuroraDemo", "diagram", "--stack", "Other")
        self.fail_with("cannot be written", "diagram", "--output", "no/such/folder.svg")

    def test_is_the_same_command_everywhere(self):
        self.assertRegex(self.succeed("aurora", "--version"), r"^\d+\.\d+\.\d+\n$")
        overview = self.succeed("aurora", "--help")
        commands = re.findall(r"^  (\w+) +\S", overview.split("SUBCOMMANDS:")[1], re.MULTILINE)
        self.assertGreaterEqual(set(commands), {
            "init", "synth", "show", "diff", "diagram", "local", "plan", "apply", "doctor", "rotate", "connect"})
        for command in commands:
            if command != "help":
                self.assertIn("USAGE: aurora", self.succeed("aurora", command, "--help"))
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", None), ("fish", None)):
            script = self.succeed("aurora", f"--generate-completion-script={shell}")
            for command in ("connect", "diagram", "rotate"):
                self.assertIn(command, script)
            if check:
                subprocess.run([*check], input=script, text=True, check=True)
        # What a person has typed wrongly is said with the usage, and code 64; nothing is coloured where nobody looks.
        for arguments in (["nonsense"], ["synth"], ["diff"], ["local", "up", "--port", "x"]):
            result = self.aurora(*arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertNotIn("\x1b", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
