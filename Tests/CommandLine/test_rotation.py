# SPDX-License-Identifier: Apache-2.0
"""aurora rotate, and what clients see of it, direct and through the stand-in for RDS Proxy."""
import os
import pathlib
import subprocess
import threading
import unittest

import psycopg

from support import CommandLineTest


class RotationTest(CommandLineTest):
    def start(self, *options, **aurora):
        self.synthesize(**aurora)
        self.succeed("aurora", "local", "up", "--proxy", *options)

    def connect(self, credentials, through_proxy):
        """As an application does: with nothing but what its secret says."""
        host = credentials["proxyHost"] if through_proxy else credentials["host"]
        with psycopg.connect(
            host=host, port=credentials["port"], user=credentials["username"], password=credentials["password"],
            dbname="demo", connect_timeout=60,
        ) as connection:
            return connection.execute("select 1").fetchone() == (1,)

    def test_owners_share_what_they_create_through_any_number_of_rotations(self):
        self.start(users=[{"name": "migrator", "access": "owner"}, {"name": "reader", "access": "reader"}])
        for number in range(5):
            migrator = self.secret("AuroraDemoMigrator")
            self.assertEqual(migrator["username"].endswith("_clone"), number % 2 == 1)
            with psycopg.connect(
                host=migrator["host"], port=migrator["port"], user=migrator["username"], password=migrator["password"],
                dbname="demo", autocommit=True,
            ) as connection:
                # What the one before has made, this one alters, and drops.
                if number:
                    connection.execute(f"alter table public.made{number - 1} add column more int")
                    connection.execute(f"drop table public.made{number - 1}")
                connection.execute(f"create table public.made{number} (id int)")
            self.assertEqual(self.psql("reader", f"select count(*) from public.made{number}").stdout.strip(), "0")
            self.succeed("aurora", "local", "rotate", "migrator")

    def test_goes_on_after_the_secret_was_written_beside_it(self):
        self.synthesize()
        self.succeed("aurora", "local", "up")
        self.succeed("aurora", "local", "rotate", "reader")
        # The secret now says where the proxy is, and the label of the rotation before has not stayed behind.
        self.succeed("aurora", "local", "up", "--proxy")
        self.succeed("aurora", "local", "rotate", "reader")
        self.assertEqual(self.secret("AuroraDemoReader")["username"], "aurora_demo_reader")

    def test_shows_each_step_and_what_works_afterwards(self):
        self.start()
        before = self.secret("AuroraDemoReader")
        output = self.succeed("aurora", "rotate", "reader")
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            self.assertIn(f"  {step}: ", output)
        self.assertRegex(output, r"before +aurora_demo_reader +works +works\n +after +aurora_demo_reader_clone +works +works")
        after = self.secret("AuroraDemoReader")
        self.assertEqual(after["username"], "aurora_demo_reader_clone")
        for value in (before["password"], after["password"]):
            self.assertNotIn(value, output)
        for credentials in (before, after):
            for through_proxy in (False, True):
                self.assertTrue(self.connect(credentials, through_proxy))
        # psql as well, with the same words.
        result = self.run_program(
            "psql", "-h", after["proxyHost"], "-p", after["port"], "-U", after["username"], "-d", "demo", "-Atc", "select 'in'",
            environment={"PGPASSWORD": after["password"]})
        self.assertEqual(result.stdout.strip(), "in", result.stderr)
        # Another rotation ends what the first began with.
        self.succeed("aurora", "rotate", "reader")
        with self.assertRaises(psycopg.OperationalError):
            self.connect(before, False)
        self.assertRegex(self.succeed("aurora", "rotate", "manager"), r"before +aurora_demo_manager +is refused\n +after +aurora_demo_manager +works")
        # The stack is as declared, also for provisioning, which leaves the pair's other password alone (defect 5).
        previous, current = after, self.secret("AuroraDemoReader")
        self.assertIn("nothing had to change", self.succeed("aurora", "local", "up"))
        for credentials in (previous, current):
            self.assertTrue(self.connect(credentials, True))
        self.fail_with("There is no user 'nobody'", "rotate", "nobody")
        self.fail_with("is not enabled for rotation", "rotate", "readerProxyUser")
        self.succeed("aurora", "local", "down")
        self.fail_with("does not run", "rotate", "reader")
        # What was started with the stack is stopped with it.
        self.assertEqual(self.poolers(), [])

    def poolers(self):
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_text()
            except OSError:
                continue
            if "pgbouncer" in command and str(self.folder) in command:
                found.append(command)
        return found

    def under_load(self, rotations):
        """Clients that fetch their credentials once and keep them for a whole rotation period.

        Returns how many connections were made through the proxy, and how many of them it refused.
        """
        counts = {"made": 0, "refused": 0}
        lock = threading.Lock()
        stop = threading.Event()
        held = {}

        def client():
            while not stop.is_set():
                try:
                    self.connect(held["credentials"], True)
                    outcome = "made"
                except psycopg.OperationalError:
                    outcome = "refused"
                with lock:
                    counts[outcome] += 1

        def wait_for(more):
            with lock:
                until = sum(counts.values()) + more
            while True:
                with lock:
                    if sum(counts.values()) >= until:
                        return
                stop.wait(0.01)

        held["credentials"] = self.secret("AuroraDemoWriter")
        clients = [threading.Thread(target=client) for _ in range(8)]
        for thread in clients:
            thread.start()
        try:
            for _ in range(rotations):
                held["credentials"] = self.secret("AuroraDemoWriter")
                wait_for(20)
                self.succeed("aurora", "rotate", "writer")
                # The old credentials go on for as long as the new ones are current.
                wait_for(60)
        finally:
            stop.set()
            for thread in clients:
                thread.join()
        return counts

    def test_behind_the_proxy_nobody_is_refused(self):
        self.start()
        counts = self.under_load(8)
        print(f"Through the proxy, over 8 rotations: {counts}", flush=True)
        self.assertGreaterEqual(counts["made"], 500)
        self.assertEqual(counts["refused"], 0)

    def test_with_the_original_layout_clients_are_refused(self):
        """The warning of the original's README, seen happening (defect 8)."""
        self.start(proxyCredentials="activeUser")
        counts = self.under_load(2)
        print(f"The same with activeUser, over 2 rotations: {counts}", flush=True)
        self.assertGreater(counts["refused"], 0)
        self.assertGreater(counts["made"], 0)
        # Direct, both logins work all the same.
        self.assertTrue(self.connect(self.secret("AuroraDemoWriter"), False))

    def test_goes_on_after_being_killed(self):
        self.start()
        for _ in range(6):
            process = subprocess.Popen(
                ["aurora", "rotate", "reader"], cwd=self.folder, env=os.environ, stdout=subprocess.PIPE, text=True)
            # Somewhere in the middle: as soon as it has said anything.
            process.stdout.readline()
            process.kill()
            process.communicate()
            self.assertTrue(self.connect(self.secret("AuroraDemoReader"), False))
            self.assertTrue(self.connect(self.secret("AuroraDemoReader"), True))
        self.assertIn("after", self.succeed("aurora", "rotate", "reader"))


if __name__ == "__main__":
    unittest.main()
