# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CASES = PROJECT / "Tests" / "CDKAuroraTests" / "Parity" / "cases"

ACCOUNT, REGION = "123456789012", "us-east-1"

MINIMAL = {
    "stack": "AuroraDemo",
    "vpc": {"create": {}},
    "kmsKey": {"create": {}},
    "aurora": {"name": ["aurora", "demo"], "databaseName": "demo", "schemas": ["public", "task_mgmt"]},
}


# Interruptions come at every call where AURORA_TEST_THOROUGHLY is set, else at some of them.
STEP_BETWEEN_INTERRUPTIONS = 1 if os.environ.get("AURORA_TEST_THOROUGHLY") else 7


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

    def until(self, condition, seconds=120):
        """Waits until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not come to that")
            time.sleep(0.1)

    def psql(self, user, sql, *arguments, **options):
        return self.aurora(
            "local", "psql", "--user", user, "--", "--no-psqlrc", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1",
            "-c", sql, *arguments, **options)

    def local_port(self):
        return int(re.search(r"127\.0\.0\.1:(\d+)", self.succeed("aurora", "local", "status"))[1])

    def secret(self, name, stack="AuroraDemo"):
        """The current value of a local stack's secret."""
        stored = json.loads((self.folder / f".aurora/{stack}/secrets/{name}.json").read_text())
        current = next(version for version in stored["versions"] if "AWSCURRENT" in version["stages"])
        return json.loads(current["value"])


class AWSTest(CommandLineTest):
    """A test that needs services of AWS: a server of its own behaves like them."""

    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.port = free.getsockname()[1]
        cls.moto = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(cls.port)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        # By this name, as moto reads buckets from others.
        cls.endpoint = f"http://localhost:{cls.port}"
        cls.aws_environment = {
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": cls.endpoint,
        }
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(cls.endpoint + "/moto-api/", timeout=5)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    @classmethod
    def tearDownClass(cls):
        cls.moto.terminate()
        cls.moto.wait(timeout=60)
