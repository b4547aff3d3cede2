# SPDX-License-Identifier: Apache-2.0
"""aurora connect: from nothing to psql in a deployed stack's database, and back to nothing."""
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest
import unittest.mock
import urllib.parse

import psycopg

from deployment import DeployingTest
from moto_sessions import sessions

HERE = pathlib.Path(__file__).parent


class ConnectTest(DeployingTest):
    def setUp(self):
        super().setUp()
        sessions.reset()
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        shutil.copy(HERE / "session_manager_plugin.py", self.programs / "session-manager-plugin")
        (self.programs / "session-manager-plugin").chmod(0o755)
        self.environment |= {
            "PATH": f"{self.programs}:{os.environ['PATH']}", "PGSSLMODE": "disable", "AURORA_POLLING_MILLISECONDS": "50"}

    def deploy_demo(self):
        self.deploy_app("AuroraDemo")
        self.run_sql(self.credentials("Manager"), "create table tasks as select 1 as id")

    def connect(self, *arguments, **options):
        environment = {**self.environment, **options.pop("environment", {})}
        return self.run_program("aurora", "connect", *arguments, environment=environment, **options)

    def query(self, *arguments, sql="select current_user"):
        result = self.connect("AuroraDemo", *arguments, "--", "--no-psqlrc", "-tAc", sql)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout.strip()

    def start(self, *arguments, **environment):
        process = subprocess.Popen(
            ["aurora", "connect", "AuroraDemo", *arguments], cwd=self.folder, env={**os.environ, **self.environment, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def stop(self, process, number=signal.SIGINT):
        process.send_signal(number)
        # What is buffered from earlier reads belongs to it.
        output, errors = process.stdout.read(), process.stderr.read()
        process.wait(timeout=120)
        self.assertEqual(process.returncode, 130, output + errors)
        return output, errors

    def capacity(self):
        return self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"]

    def told(self):
        return [json.loads(line) for line in (self.programs / "told").read_text().splitlines()]

    def assert_left_as_it_was(self, capacity=0):
        self.assertEqual((self.capacity(), sessions.active), (capacity, {}))
        for call in self.told() if (self.programs / "told").exists() else []:
            # The number may be another program's by now.
            program = pathlib.Path(f"/proc/{call['pid']}/cmdline")
            self.assertNotIn("session-manager-plugin", program.read_text() if program.exists() else "")

    def test_leads_to_the_database_and_leaves_nothing_behind(self):
        self.deploy_demo()
        # Each where it belongs: the manager at the cluster, others at the proxy, unless told otherwise.
        cluster, proxy = "127.0.0.1", "127.0.0.2"
        for arguments, user, host in [
            (["--user", "reader"], "aurora_demo_reader_clone", proxy), (["--user", "manager"], "aurora_demo_manager", cluster),
            (["--user", "writer", "--direct"], "aurora_demo_writer_clone", cluster),
            (["--user", "writer", "--reader-endpoint"], "aurora_demo_writer_clone", cluster),
        ]:
            self.assertEqual(self.query(*arguments), user)
            self.assertEqual(self.told()[-1]["parameters"]["host"], [host])
            self.assert_left_as_it_was()
        self.assertEqual(self.query(sql="select id from tasks"), "1")
        self.assertEqual(self.query("--database", "postgres", sql="select current_database()"), "postgres")
        # What it asks AWS can be seen, and not what AWS says.
        result = self.connect("AuroraDemo", "--verbose", "--", "-c", "")
        for call in ("cloudformation ListStackResources", "secretsmanager.GetSecretValue", "AmazonSSM.StartSession", "autoscaling SetDesiredCapacity"):
            self.assertIn(call, result.stderr)
        self.assertNotIn("token-of", result.stderr)
        # psql's own failures are passed on.
        result = self.connect("AuroraDemo", "--", "-c", "select nonsense")
        self.assertEqual(result.returncode, 1)
        self.assert_left_as_it_was()
        # Nobody who looks at this machine's programs sees the password, or what lets one use the session.
        seen = self.query(sql=r"\! ps axeww; env")
        self.assertIn("session-manager-plugin", seen)
        self.assertNotIn(self.credentials("Reader")["password"], seen)
        for call in self.told():
            self.assertNotIn("token-of", json.dumps(call["arguments"]))
        self.assertEqual([path for path in pathlib.Path("/tmp").glob("aurora-connect-*")], [])
        # A plugin that is too old for that gets it as the AWS CLI of its time gave it.
        result = self.connect("AuroraDemo", "--", "-tAc", "select 1", environment={"PLUGIN_VERSION": "1.2.400.0"})
        self.assertEqual(result.stdout.strip(), "1", result.stderr)
        self.assertIn("token-of", self.told()[-1]["arguments"][0])

    def test_a_tunnel_for_other_programs(self):
        self.deploy_demo()
        password = self.credentials("Reader")["password"]
        process = self.start("--tunnel")
        line = process.stdout.readline().strip()
        self.assertRegex(line, r"^postgres://aurora_demo_reader_clone:\*\*\*\*@127\.0\.0\.1:\d+/demo\?sslmode=disable$")
        url = line.replace("****", urllib.parse.quote(password, safe=""))
        with psycopg.connect(url) as connection:
            self.assertEqual(connection.execute("select id from tasks").fetchall(), [(1,)])
        # Where it drops, it is opened again, at the same place.
        first = self.told()[-1]["pid"]
        os.kill(first, signal.SIGKILL)
        self.until(lambda: self.told()[-1]["pid"] != first)
        self.until(lambda: self.can_connect(url))
        self.assertEqual(len(sessions.active), 1)
        output, errors = self.stop(process)
        self.assertIn("The tunnel dropped, and is opened again.", errors)
        self.assertNotIn(password, output + errors)
        self.assert_left_as_it_was()
        for arguments, words in [
            (["--env"], ["export PGHOST=127.0.0.1", "export PGUSER='aurora_demo_reader_clone'", "export PGPASSFILE="]),
            (["--service"], ["[AuroraDemo]", "dbname=demo", "passfile="]),
            (["--show-password"], [urllib.parse.quote(password, safe="-._~")]),
        ]:
            process = self.start("--tunnel", *arguments)
            line = process.stdout.readline()
            time.sleep(0.2)
            output, _ = self.stop(process, signal.SIGTERM)
            for word in words:
                self.assertIn(word, line + output)
            self.assertEqual(password in line + output or "show" in arguments[0], "show" in arguments[0])
        self.assert_left_as_it_was()

    def test_a_token_of_iam_in_the_place_of_a_password(self):
        self.deploy_demo()
        process = self.start("--iam", "--tunnel", "--env", "--show-password")
        lines = [process.stdout.readline() for _ in range(6)]
        self.stop(process)
        token = re.search(r"export PGPASSWORD='(.*)'", lines[-1])[1]
        # Not through the proxy, which takes passwords; and as the official SDK signs it at the same moment.
        cluster, user = self.cloud.clusters["aurorademo"], self.credentials("Reader")["username"]
        query = urllib.parse.parse_qs(token.split("?")[1])
        moment = datetime.datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
        with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *arguments, **options: moment):
            expected = self.client("rds").generate_db_auth_token(cluster.host, cluster.port, user)
        self.assertEqual(token.split("?")[0], expected.split("?")[0])
        self.assertEqual(query, urllib.parse.parse_qs(expected.split("?")[1]))
        self.assert_left_as_it_was()

    def can_connect(self, url):
        try:
            psycopg.connect(url, connect_timeout=10).close()
            return True
        except psycopg.OperationalError:
            return False

    def test_the_last_one_turns_off_the_light(self):
        self.deploy_demo()
        first, second = self.start("--tunnel"), None
        first.stdout.readline()
        second = self.start("--tunnel", "--user", "writer")
        second.stdout.readline()
        self.assertEqual(len(sessions.active), 2)
        _, errors = self.stop(first)
        self.assertIn("Somebody else is connected: the jump box stays on.", errors)
        self.assertEqual((self.capacity(), len(sessions.active)), (1, 1))
        self.stop(second)
        self.assert_left_as_it_was()
        # Two who begin at the same time, of whom one gives up before there is anything.
        begin = time.monotonic() + 3
        sessions.is_online = lambda instance: time.monotonic() > begin
        both = [self.start("--tunnel"), self.start("--tunnel"), self.start("--tunnel")]
        time.sleep(1)
        self.stop(both.pop())
        for process in both:
            process.stdout.readline()
        for process in both:
            self.stop(process)
        self.assert_left_as_it_was()
        # Kept, it stays on, also after the next one, who found it like that.
        self.query("--keep")
        self.assert_left_as_it_was(capacity=1)
        self.query()
        self.assert_left_as_it_was(capacity=1)

    def test_a_jump_box_that_does_not_become_ready(self):
        self.deploy_demo()
        sessions.is_online = lambda instance: False
        result = self.connect("AuroraDemo", "--timeout", "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn("The jump box was not ready after 2 s", result.stderr)
        self.assertRegex(result.stderr, r"Waiting for the jump box i-\w+ to be reachable\n")
        self.assert_left_as_it_was()
        # Ctrl-C while it is waited for.
        process = self.start()
        self.until(lambda: self.capacity() == 1)
        _, errors = self.stop(process)
        self.assertIn("Stopped, and cleaned up.", errors)
        self.assert_left_as_it_was()
        # A tunnel that cannot be opened.
        sessions.reset()
        (self.programs / "session-manager-plugin").write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.650.0 && exit\necho "the agent said no" >&2; exit 1\n')
        result = self.connect("AuroraDemo")
        self.assertEqual(result.returncode, 1)
        self.assertIn("could not be opened: the agent said no", result.stderr)
        self.assert_left_as_it_was()

    def test_on_a_terminal_it_counts_and_psql_is_psql(self):
        self.deploy_demo()
        begin = time.monotonic() + 2
        sessions.is_online = lambda instance: time.monotonic() > begin
        terminal = f"aurora-{os.getpid()}"
        tmux = lambda *arguments: subprocess.run(["tmux", "-L", terminal, *arguments], check=True, capture_output=True, text=True).stdout
        screen = lambda: tmux("capture-pane", "-p")
        exports = " ".join(f"export {name}='{value}';" for name, value in self.environment.items())
        (self.folder / "start").write_text(f"{exports} exec aurora connect AuroraDemo --user reader\n")
        tmux("new-session", "-d", "-x", "120", "-y", "30", "-c", str(self.folder), "sh start; echo ended with $?; sleep 600")
        try:
            self.until(lambda: re.search(r"Waiting for the jump box .*\(\d+ s; Ctrl-C stops\)", screen()))
            self.until(lambda: "demo=>" in screen())
            self.assertNotIn("Waiting", screen())
            # Ctrl-C cancels a statement, and ends nothing.
            tmux("send-keys", "select pg_sleep(600)\\;", "Enter")
            time.sleep(1)
            tmux("send-keys", "C-c")
            self.until(lambda: "canceling statement due to user request" in screen())
            tmux("send-keys", "select 40 + 2 as answer\\;", "Enter")
            self.until(lambda: "42" in screen())
            self.assertEqual(self.capacity(), 1)
            tmux("send-keys", "\\q", "Enter")
            self.until(lambda: "ended with 0" in screen())
        finally:
            tmux("kill-server")
        self.assert_left_as_it_was()

    def test_goes_through_ssh_where_asked_for(self):
        self.deploy_demo()
        # In the place of ssh: what it is told, and a forwarder as it would be.
        (self.programs / "ssh").write_text(f"""#!{self.environment.get("AURORA_PYTHON", os.environ["AURORA_PYTHON"])}
import json, os, subprocess, sys
arguments = sys.argv[1:]
open("{self.programs}/ssh-told", "w").write(json.dumps(arguments))
proxy = next(a for a in arguments if a.startswith("ProxyCommand="))[len("ProxyCommand="):].replace("%%", "%")
subprocess.run(["sh", "-c", proxy], check=True)
_, port, host, remote = arguments[arguments.index("-L") + 1].split(":")
request = json.dumps({{"Parameters": {{"host": [host], "portNumber": [remote], "localPortNumber": [port]}}}})
os.execv("{self.programs}/session-manager-plugin", ["session-manager-plugin", "AWS_SSM_START_SESSION_RESPONSE", "r", "StartSession", "", request, "e"])
""")
        (self.programs / "ssh").chmod(0o755)
        self.assertEqual(self.query("--ssh", "--identity", "key.pem"), "aurora_demo_reader_clone")
        told = json.loads((self.programs / "ssh-told").read_text())
        self.assertEqual(told[-3:-1], ["-i", "key.pem"])
        self.assertRegex(told[-1], r"^ec2-user@i-")
        self.assertEqual(sessions.started[-1]["DocumentName"], "AWS-StartSSHSession")
        self.assert_left_as_it_was()

    def test_says_what_is_missing_and_what_mends_it(self):
        self.deploy_demo()
        bare = "/usr/bin:/bin:" + str(pathlib.Path(shutil.which("aurora")).parent)
        (self.programs / "aws").write_text("#!/bin/sh\necho 'Error loading SSO Token: the token has expired' >&2; exit 255\n")
        (self.programs / "aws").chmod(0o755)
        keyless = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        without_programs = {**keyless, "PATH": bare}
        for arguments, environment, words in [
            (["AuroraDemo"], {"PATH": bare}, "The session-manager-plugin is missing: curl -O https://"),
            (["Nowhere"], {}, "There is no stack 'Nowhere' in us-east-1: choose another region with --region"),
            (["AuroraDemo", "--region", "eu-west-1"], {}, "There is no stack 'AuroraDemo' in eu-west-1"),
            (["AuroraDemo", "--user", "nobody"], {}, "has no user 'nobody': its secrets are AuroraDemoManager, AuroraDemoReader"),
            (["AuroraDemo"], without_programs, "There are no credentials of AWS"),
            (["AuroraDemo"], keyless, "The login of AWS has ended (Error loading SSO Token: the token has expired): aws sso login"),
            (["AuroraDemo", "--profile", "mine"], {}, "aws sso login --profile mine"),
            (["AuroraDemo"], {"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "PATH": bare}, "which region is meant: give --region"),
            (["AuroraDemo"], {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS cannot be reached"),
            (["AuroraDemo", "--local-port", str(self.cloud.clusters["aurorademo"].port)], {}, "is taken: leave --local-port out"),
        ]:
            result = self.connect(*arguments, environment=environment)
            self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
            self.assertIn(words, result.stderr)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        sessions.denied = {"StartSession"}
        result = self.connect("AuroraDemo")
        self.assertIn("have ssm:StartSession allowed to you", result.stderr)
        self.assert_left_as_it_was()
        for arguments, words in [
            (["--direct", "--reader-endpoint"], "exclude each other"), (["--env"], "--env is for --tunnel"),
            (["--identity", "x"], "--identity is for --ssh"), (["--timeout", "0"], "give 1 second or more"),
            (["--tunnel", "--", "-c", "x"], "no psql to give arguments to"),
        ]:
            result = self.connect("AuroraDemo", *arguments)
            self.assertEqual(result.returncode, 64)
            self.assertIn(words, result.stderr)

    def test_a_stack_without_a_jump_box(self):
        self.deploy()
        result = self.connect("AuroraDemo")
        self.assertEqual(result.returncode, 1)
        self.assertIn("declares no jump box: add a JumpBox to it, in a configuration file 'jumpBox: true'", result.stderr)


if __name__ == "__main__":
    unittest.main()
