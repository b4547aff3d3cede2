# SPDX-License-Identifier: Apache-2.0
"""aurora local: a stack on a real PostgreSQL, and what happens when something is in the way."""
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

from support import CommandLineTest


class LocalStackTest(CommandLineTest):
    def test_shows_what_its_servers_log(self):
        self.synthesize()
        self.fail_with("aurora local up", "local", "logs")
        self.succeed("aurora", "local", "up")
        self.assertIn("ready to accept connections", self.succeed("aurora", "local", "logs"))
        self.assertEqual(len(self.succeed("aurora", "local", "logs", "--lines", "2").splitlines()), 2)
        self.fail_with("start the stack with aurora local up --proxy", "local", "logs", "--proxy")
        follower = subprocess.Popen(
            ["aurora", "local", "logs", "--follow", "--lines", "0"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(follower.kill)
        time.sleep(0.5)
        self.psql("reader", "select nonsense_to_be_logged")
        self.assertIn("nonsense_to_be_logged", follower.stdout.readline() + follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(timeout=60), 130)

    def test_chooses_among_the_servers_that_are_installed(self):
        self.synthesize()
        for version in (15, 17, 18):
            output = self.succeed("aurora", "local", "up", "--postgres-version", str(version))
            self.assertIn(f"PostgreSQL {version}.", output)
            self.succeed("aurora", "local", "down", "--delete")

    def test_runs_a_stack_and_proves_it(self):
        self.synthesize()
        first = self.succeed("aurora", "local", "up")
        self.assertRegex(first, r"reader +aurora_demo_reader +AuroraDemoReader +works")
        self.assertNotIn("is refused", first)
        self.assertEqual(self.psql("manager", "create table task_mgmt.tasks (id int)").returncode, 0)
        self.assertEqual(self.psql("writer", "insert into task_mgmt.tasks values (7)").returncode, 0)
        self.assertEqual(self.psql("reader", "select id from task_mgmt.tasks").stdout, "7\n")
        refused = self.psql("reader", "insert into task_mgmt.tasks values (8)")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("permission denied", refused.stderr)
        attributes = "select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        self.assertEqual(self.psql("manager", attributes).stdout, "f|t|t\n")

        second = self.succeed("aurora", "local", "up")
        self.assertIn("nothing had to change", second)
        self.assertIn("Everything is as declared", second)

        self.assertIn("AuroraDemo runs: the database demo on 127.0.0.1", self.succeed("aurora", "local", "status"))
        self.assertIn("AuroraDemo was stopped", self.succeed("aurora", "local", "down"))
        self.assertIn("does not run", self.succeed("aurora", "local", "status"))
        self.fail_with("start it with 'aurora local up'", "local", "psql")
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("reader", "select id from task_mgmt.tasks").stdout, "7\n")
        self.assertIn("were deleted", self.succeed("aurora", "local", "down", "--delete"))
        self.assertFalse((self.folder / ".aurora" / "AuroraDemo").exists())

    def test_an_update_adds_and_removes_what_the_template_says(self):
        self.synthesize()
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("manager", "create table task_mgmt.tasks as select 1 as id").returncode, 0)
        self.synthesize(schemas=["public", "added"], users=[{"name": "reader", "access": "reader"}])
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("manager", "create table added.more (id int)").returncode, 0)
        self.assertEqual(self.psql("reader", "select count(*) from added.more").stdout, "0\n")
        self.assertIn("permission denied", self.psql("reader", "select * from task_mgmt.tasks").stderr)
        # Removed, not dropped.
        self.assertEqual(self.psql("manager", "select id from task_mgmt.tasks").stdout, "1\n")
        login = "select rolcanlogin from pg_roles where rolname = 'aurora_demo_writer'"
        self.assertEqual(self.psql("manager", login).stdout, "f\n")

    def test_keeps_secrets_out_of_sight(self):
        self.synthesize()
        output = self.run_program("aurora", "local", "up", "--verbose")
        secrets = list((self.folder / ".aurora" / "AuroraDemo" / "secrets").glob("*.json"))
        self.assertEqual(len(secrets), 7)
        passwords = set()
        for file in secrets:
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            passwords |= set(re.findall(r'\\"password\\":\\"(.*?)\\"', file.read_text()))
        self.assertGreaterEqual(len(passwords), 5)
        # psql waits in a sleep, where others could look at its arguments and its environment.
        psql = subprocess.Popen(
            ["aurora", "local", "psql", "--user", "reader", "--", "-c", "select pg_sleep(600)"], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            seen = ""
            deadline = time.monotonic() + 60
            while "pg_sleep" not in seen and time.monotonic() < deadline:
                time.sleep(0.1)
                children = subprocess.run(["pgrep", "-P", str(psql.pid)], capture_output=True, text=True).stdout.split()
                for child in children:
                    process = pathlib.Path("/proc") / child
                    try:
                        seen += process.joinpath("cmdline").read_text() + process.joinpath("environ").read_text()
                    except (FileNotFoundError, ProcessLookupError):
                        pass  # It has ended meanwhile.
            self.assertIn("pg_sleep", seen)
        finally:
            psql.send_signal(signal.SIGTERM)
            subprocess.run(["pkill", "-f", "pg_sleep.600"])
            rest = "".join(psql.communicate(timeout=60))
        log = (self.folder / ".aurora" / "AuroraDemo" / "server" / "server.log")
        everything = seen + rest + output.stdout + output.stderr + (log.read_text() if log.exists() else "")
        for password in passwords:
            self.assertNotIn(password, everything)

    def test_several_stacks_side_by_side(self):
        for name in ["One", "Two"]:
            configuration = self.configure({
                "stack": name, "vpc": {"create": {}}, "kmsKey": {"create": {}},
                "aurora": {"name": ["aurora", name.lower()], "databaseName": "demo"}})
            self.succeed("aurora", "synth", configuration, "--quiet", "--output", name)
            self.succeed("aurora", "local", "up", name)
        status = self.succeed("aurora", "local", "status")
        self.assertIn("One runs", status)
        self.assertIn("Two runs", status)
        self.fail_with("There are several stacks, One, Two: choose one with --stack", "local", "psql")

    def test_names_of_any_kind_work(self):
        self.synthesize(databaseName='My "Demo".db ä', schemas=["public", "Weird \"name\"", "a.b c", "select", "Ünï🎉"])
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("manager", 'create table "Ünï🎉"."a;b" (id int)').returncode, 0)
        self.assertEqual(self.psql("reader", 'select count(*) from "Ünï🎉"."a;b"').stdout, "0\n")
        self.assertIn("Everything is as declared", self.succeed("aurora", "local", "up"))


class BadInputTest(CommandLineTest):
    def assert_nothing_left(self):
        left = self.folder / ".aurora" / "AuroraDemo"
        self.assertFalse(left.exists(), list(left.rglob("*"))[:5] if left.exists() else "")
        running = subprocess.run(["pgrep", "-f", str(self.folder)], capture_output=True, text=True).stdout
        self.assertEqual(running, "")

    def test_an_assembly_that_is_missing_or_broken(self):
        self.fail_with("'cdk.out' is not a cloud assembly (manifest.json cannot be read)", "local", "up")
        (self.folder / "cdk.out").mkdir()
        (self.folder / "cdk.out" / "manifest.json").write_text("{")
        self.fail_with("manifest.json is not JSON", "local", "up")
        (self.folder / "cdk.out" / "manifest.json").write_text('{"version": "48.0.0", "artifacts": {}}')
        self.fail_with("declares no Aurora", "local", "up")
        self.assert_nothing_left()

    def test_a_template_without_an_aurora(self):
        self.synthesize(skipProvisionDatabase=True)
        self.fail_with("The stack 'AuroraDemo' declares no Aurora", "local", "up")
        self.fail_with("There is no stack 'Other': there is AuroraDemo", "local", "up", "--stack", "Other")
        self.assert_nothing_left()

    def test_commands_without_a_stack_say_what_to_type(self):
        for command in ["status", "psql", "down"]:
            self.fail_with("start one with 'aurora local up cdk.out'", "local", command)

    def test_a_port_that_is_taken(self):
        self.synthesize()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.fail_with(f"The port {port} is taken by another program", "local", "up", "--port", port)
        self.assert_nothing_left()
        self.fail_with("a port is a number from 1 to 65535", "local", "up", "--port", "0")

    def test_a_version_that_is_not_there_or_is_not_the_one_from_before(self):
        self.synthesize()
        self.fail_with("There is no PostgreSQL 99 on this machine", "local", "up", "--postgres-version", "99")
        self.assert_nothing_left()
        self.succeed("aurora", "local", "up", "--postgres-version", "17")
        self.succeed("aurora", "local", "down")
        self.fail_with("was made by PostgreSQL 17", "local", "up", "--postgres-version", "15")
        version = self.folder / ".aurora" / "AuroraDemo" / "server" / "data" / "PG_VERSION"
        version.write_text("99\n")
        self.fail_with("was made by PostgreSQL 99", "local", "up")
        version.write_text("17\n")
        self.assertIn("Everything is as declared", self.succeed("aurora", "local", "up"))

    def test_a_run_that_was_killed(self):
        self.synthesize()
        self.succeed("aurora", "local", "up")
        pid_file = self.folder / ".aurora" / "AuroraDemo" / "server" / "data" / "postmaster.pid"
        lines = pid_file.read_text()
        os.kill(int(lines.split()[0]), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while pathlib.Path("/proc", lines.split()[0]).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        # Another program has the number now.
        pid_file.write_text(lines.replace(lines.split()[0], str(os.getpid()), 1))
        self.assertIn("does not run", self.succeed("aurora", "local", "status"))
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("reader", "select 1").stdout, "1\n")

    def test_a_first_start_that_was_killed(self):
        self.synthesize()
        for pause in [0.05, 0.3, 0.6]:
            process = subprocess.Popen(["aurora", "local", "up"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(pause)
            process.kill()
            process.wait()
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("reader", "select 1").stdout, "1\n")

    def test_two_starts_at_once(self):
        self.synthesize()
        both = [
            subprocess.Popen(["aurora", "local", "up"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
        results = [process.communicate(timeout=300) + (process.returncode,) for process in both]
        self.assertIn(0, [code for _, _, code in results])
        for _, error, code in results:
            if code != 0:
                self.assertIn("Another command is at work on the stack 'AuroraDemo'", error)

    def test_a_full_disk(self):
        self.synthesize()

        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

        self.fail_with("initdb failed", "local", "up", preexec_fn=no_room)
        self.assert_nothing_left()

    def test_a_folder_that_cannot_be_written(self):
        self.synthesize()
        self.fail_with("cannot be written", "local", "up", "--directory", "/proc/aurora")

    def test_running_as_root_without_a_user_for_the_server(self):
        self.synthesize()
        if os.geteuid() != 0:
            # Who is not root runs the server as oneself, whatever the variable says.
            self.succeed("aurora", "local", "up", environment={"AURORA_POSTGRES_USER": "nobody-of-this-name"})
            return
        self.fail_with(
            "there is no user 'nobody-of-this-name' to run it as", "local", "up",
            environment={"AURORA_POSTGRES_USER": "nobody-of-this-name"})
        self.assert_nothing_left()

    def test_a_folder_that_only_root_can_enter(self):
        self.synthesize()
        self.folder.chmod(0o700)
        self.succeed("aurora", "local", "up")
        self.assertEqual(self.psql("reader", "select 1").stdout, "1\n")
        location = (self.folder / ".aurora" / "AuroraDemo" / "server-directory").read_text()
        self.succeed("aurora", "local", "down", "--delete")
        self.assertFalse(pathlib.Path(location).exists())

    def test_names_that_are_not_possible(self):
        for name, message in [("", "is empty"), ("x" * 64, "64 bytes"), ("a\0b", "NUL")]:
            for aurora, where in [({"databaseName": name}, "databaseName"), ({"schemas": [name]}, "schemas[0]")]:
                configuration = self.configure(**aurora)
                result = self.fail_with(where, "synth", configuration, "--output", "never")
                self.assertIn(message, result.stderr)
                self.assertFalse((self.folder / "never").exists())
        result = self.fail_with(
            "PostgreSQL allows 63", "synth", self.configure(users=[{"name": "u" * 60, "access": "reader"}]))
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main()
