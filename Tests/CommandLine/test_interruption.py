# SPDX-License-Identifier: Apache-2.0
"""An apply that dies at any statement, with its process or with its server's: the next one completes it."""
import itertools
import os
import signal
import subprocess
import unittest

from interruption import CallCounter, PostgresProxy
from support import STEP_BETWEEN_INTERRUPTIONS, CommandLineTest


class InterruptionTest(CommandLineTest):
    """At every statement and on every version of PostgreSQL where AURORA_TEST_THOROUGHLY is set, which takes minutes."""

    VERSIONS = (15, 17, 18) if os.environ.get("AURORA_TEST_THOROUGHLY") else (17,)
    STEP = STEP_BETWEEN_INTERRUPTIONS

    def start(self, version):
        few = [{"name": "app", "access": "writer"}, {"name": "reporting", "access": "reader"}]
        many = few[:1] + [{"name": "narrow", "access": "owner", "schemas": ["kept"]}]
        self.succeed("aurora", "synth", self.configure(name="few.json", schemas=["kept", "gone"], users=few), "--quiet")
        self.succeed("aurora", "local", "up", "--postgres-version", version)
        os.rename(self.folder / "cdk.out", self.folder / "few")
        self.succeed("aurora", "synth", self.configure(name="many.json", schemas=["kept", "added"], users=many), "--quiet")
        os.rename(self.folder / "cdk.out", self.folder / "many")
        self.assertEqual(self.psql("manager", "create table kept.t (id int); create table gone.t (id int)").returncode, 0)
        self.postgres_port = self.local_port()
        self.statements = {}
        self.password = self.secret("AuroraDemoManager")["password"]

    def command(self, name, state, port):
        removed = {"few": ["narrow"], "many": ["reporting"]}[state]
        schema = {"few": "added", "many": "gone"}[state]
        return [
            "aurora", name, "--from", state, "--url", f"postgres://aurora_demo_manager@127.0.0.1:{port}", "--drop-users",
            "--removed-schema", schema,
        ] + [part for user in removed for part in ("--removed-user", f"aurora_demo_{user}")]

    def interrupted_everywhere(self, interrupt):
        """Applies the one state and the other, interrupted at the first statement, the second, and so on."""
        environment = {**os.environ, "PGPASSWORD": self.password}
        interruptions = 0
        for state in itertools.cycle(("many", "few")):
            statement = self.statements.get(state, 1 - self.STEP) + self.STEP
            self.statements[state] = statement
            counter = CallCounter(statement, lambda proxy: interrupt(proxy, process))
            proxy = PostgresProxy(self.postgres_port, counter)
            process = subprocess.Popen(
                self.command("apply", state, proxy.port), cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True)
            output, _ = process.communicate(timeout=120)
            proxy.close()
            if not counter.was_interrupted:
                self.assertEqual(process.returncode, 0, output)
                return interruptions
            interruptions += 1
            self.succeed(*self.command("doctor", state, self.postgres_port), "--fix", environment={"PGPASSWORD": self.password})
            if statement % 3 == 0:
                self.succeed(*self.command("doctor", state, self.postgres_port), environment={"PGPASSWORD": self.password})

    def test_client_is_killed(self):
        for version in self.VERSIONS:
            self.start(version)
            count = self.interrupted_everywhere(lambda proxy, process: process.kill())
            print(f"PostgreSQL {version}: killed at {count} statements", flush=True)
            self.assertGreater(count, 100 / self.STEP)
            self.clean_up_stack()

    def test_server_process_is_ended(self):
        for version in self.VERSIONS:
            self.start(version)
            count = self.interrupted_everywhere(lambda proxy, process: os.kill(proxy.server_pid, signal.SIGTERM))
            print(f"PostgreSQL {version}: the server's process ended at {count} statements", flush=True)
            self.assertGreater(count, 100 / self.STEP)
            self.clean_up_stack()

    def clean_up_stack(self):
        self.succeed("aurora", "local", "down", "--delete")
        for name in ("few", "many"):
            subprocess.run(["rm", "-rf", str(self.folder / name)], check=True)


if __name__ == "__main__":
    unittest.main()
