# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CASES = PROJECT / "Tests" / "CDKAuroraTests" / "Parity" / "cases"

MINIMAL = {
    "stack": "AuroraDemo",
    "vpc": {"create": {}},
    "kmsKey": {"create": {}},
    "aurora": {"name": ["aurora", "demo"], "databaseName": "demo", "schemas": ["public", "task_mgmt"]},
}


class CommandLineTest(unittest.TestCase):
    """A test in a folder of its own; a stack that it leaves running is stopped."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-cli-"))
        # The server's user has to get in, as PostgreSQL never runs as root.
        self.folder.chmod(0o755)
        self.addCleanup(self.clean_up)

    def clean_up(self):
        if (self.folder / ".aurora").exists():
            for stack in (self.folder / ".aurora").iterdir():
                if stack.is_dir():
                    self.run_program("aurora", "local", "down", "--delete", "--stack", stack.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_program(self, *command, environment=None, timeout=300, **options):
        return subprocess.run(
            [str(part) for part in command], cwd=self.folder, env={**os.environ, **(environment or {})},
            capture_output=True, text=True, timeout=timeout, **options)

    def aurora(self, *arguments, **options):
        return self.run_program("aurora", *arguments, **options)

    def succeed(self, *command, **options):
        result = self.run_program(*command, **options)
        self.assertEqual(result.returncode, 0, f"{command}\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def fail_with(self, message, *arguments, **options):
        """The command fails with one clear line."""
        result = self.aurora(*arguments, **options)
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertIn(message, result.stderr)
        return result

    def configure(self, configuration=None, name="aurora.json", **aurora):
        configuration = json.loads(json.dumps(configuration or MINIMAL))
        configuration["aurora"].update(aurora)
        (self.folder / name).write_text(json.dumps(configuration))
        return name

    def synthesize(self, **aurora):
        self.succeed("aurora", "synth", self.configure(**aurora), "--quiet")

    def psql(self, user, sql, *arguments, **options):
        return self.aurora(
            "local", "psql", "--user", user, "--", "--no-psqlrc", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1",
            "-c", sql, *arguments, **options)
