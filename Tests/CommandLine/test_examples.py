# SPDX-License-Identifier: Apache-2.0
"""The examples, run as their READMEs say. Scripts/examples has built them."""
import json
import os
import shutil
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from servers import free_port
from support import PROJECT, CommandLineTest

EXAMPLES = PROJECT / "Examples"


class ExamplesTest(CommandLineTest):
    def cdk(self, *arguments, example):
        """The official CLI in the example's folder, with its program as it was built."""
        folder = self.folder / example
        folder.mkdir(exist_ok=True)
        for context in (EXAMPLES / example).glob("cdk.context.json"):
            shutil.copy(context, folder)
        result = subprocess.run(
            [os.environ["AURORA_NODE"], os.environ["AURORA_CDK"], *arguments, "--app", example], cwd=folder, text=True,
            capture_output=True, timeout=300, env={
                **os.environ, "HOME": str(self.folder), "CI": "true", "NO_COLOR": "1", "CDK_DISABLE_CLI_TELEMETRY": "true",
                "AWS_EC2_METADATA_DISABLED": "true"})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def run_as(self, user, *command, **options):
        return self.run_program("aurora", "local", "exec", "--user", user, "--", *command, **options)

    def sql(self, user, text):
        result = self.run_as(user, "psql", "--no-psqlrc", "-Atq", "-v", "ON_ERROR_STOP=1", "-c", text)
        return result.stdout.strip() if result.returncode == 0 else result.stderr

    def test_each_has_a_readme_and_is_listed(self):
        listed = (EXAMPLES / "README.md").read_text()
        for manifest in EXAMPLES.glob("*/Package.swift"):
            self.assertTrue((manifest.parent / "README.md").exists(), manifest.parent)
            self.assertTrue((manifest.parent / "cdk.json").exists(), manifest.parent)
            self.assertIn(f"({manifest.parent.name}/README.md)", listed)

    def test_shards_share_a_network_and_are_databases_of_their_own(self):
        stacks = self.cdk("ls", "--context", "shards=3", example="OrderShards").split()
        self.assertEqual(stacks, ["OrdersNetwork", "OrdersShard1", "OrdersShard2", "OrdersShard3"])
        self.succeed("OrderShards")
        manifest = json.loads((self.folder / "cdk.out/manifest.json").read_text())["artifacts"]
        for shard in ("OrdersShard1", "OrdersShard2"):
            self.assertIn("OrdersNetwork", manifest[shard]["dependencies"])
            template = json.loads((self.folder / f"cdk.out/{shard}.template.json").read_text())["Resources"]
            types = [resource["Type"] for resource in template.values()]
            self.assertEqual(types.count("AWS::RDS::DBCluster"), 1)
            self.assertNotIn("AWS::EC2::VPC", types)
        self.succeed("aurora", "local", "up", "--stack", "OrdersShard2")
        self.assertIn("works", self.succeed("aurora", "local", "status"))

    def test_an_existing_network_is_found_in_the_context(self):
        self.cdk("synth", "--quiet", example="ExistingVpc")
        output = self.folder / "ExistingVpc/cdk.out"
        self.assertNotIn("missing", json.loads((output / "manifest.json").read_text()))
        resources = json.loads((output / "Orders.template.json").read_text())["Resources"]
        group = next(resource for resource in resources.values() if resource["Type"] == "AWS::RDS::DBSubnetGroup")
        context = json.loads((EXAMPLES / "ExistingVpc/cdk.context.json").read_text())
        isolated = next(group for group in next(iter(context.values()))["subnetGroups"] if group["type"] == "Isolated")
        self.assertEqual(group["Properties"]["SubnetIds"], [subnet["subnetId"] for subnet in isolated["subnets"]])
        self.assertFalse([1 for resource in resources.values() if resource["Type"] in ("AWS::EC2::VPC", "AWS::EC2::Subnet")])
        self.assertTrue([1 for resource in resources.values() if resource["Type"] == "AWS::EC2::VPCEndpoint"])
        # Without the context the first run says what has to be looked up.
        self.succeed("ExistingVpc")
        missing = json.loads((self.folder / "cdk.out/manifest.json").read_text())["missing"]
        self.assertEqual(missing[0]["provider"], "vpc-provider")

    def test_a_migration_tool_owns_what_it_makes_over_rotations(self):
        self.succeed("Migrations")
        self.succeed("aurora", "local", "up")
        migrations = self.folder / "migrations"
        migrations.mkdir()
        source = EXAMPLES / "Migrations"
        shutil.copy(source / "migrate", self.folder)
        environment = {"PATH": f"{os.path.dirname(os.environ['AURORA_PYTHON'])}:{os.environ['PATH']}"}

        def migrate(name):
            shutil.copy(source / "migrations" / name, migrations)
            result = self.run_as("migrations", "./migrate", environment=environment)
            self.assertEqual(result.returncode, 0, result.stderr)

        first, second = sorted(path.name for path in (source / "migrations").iterdir())
        migrate(first)
        self.assertEqual(self.sql("app", "insert into orders (item) values ('tea') returning item"), "tea")
        # The other of the pair goes on where the first one stopped.
        self.succeed("aurora", "local", "rotate", "migrations")
        migrate(second)
        self.assertEqual(self.sql("migrations", "select session_user, current_user"), "orders_migrations_clone|r_owner")
        self.assertEqual(self.sql("reporting", "select item, quantity from orders"), "tea|1")
        self.assertIn("permission denied", self.sql("reporting", "insert into orders (item) values ('no')"))
        self.assertIn("must be owner", self.sql("app", "drop table orders"))

    def test_a_command_for_a_user_is_run_as_asked(self):
        self.succeed("Migrations")
        self.succeed("aurora", "local", "up")
        result = self.run_as("app", "sh", "-c", "echo $PGUSER $PGDATABASE $PGHOST; exit 7")
        self.assertEqual((result.returncode, result.stdout), (7, "orders_app orders 127.0.0.1\n"))
        self.fail_with("'no-such-program' could not be started", "local", "exec", "--user", "app", "--", "no-such-program")
        self.assertEqual(self.aurora("local", "exec", "--user", "app").returncode, 64)
        self.fail_with("There is no user 'nobody'", "local", "exec", "--user", "nobody", "--", "true")

    def test_a_server_turns_nobody_away_over_rotations(self):
        self.succeed("OrdersInfrastructure")
        self.succeed("aurora", "local", "up", "--proxy")
        self.succeed(
            "aurora", "local", "psql", "--user", "manager", "--", "-q", "-c", "create table orders (number bigint primary key)")
        port = free_port()
        log = open(self.folder / "server.log", "wb")
        self.addCleanup(log.close)
        server = subprocess.Popen(["OrdersServer"], cwd=self.folder, stdout=log, stderr=log, env={
            **os.environ, "PORT": str(port), "SECRETS_DIRECTORY": ".aurora/Orders/secrets"})
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def ask(method, path):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", method=method)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()

        def listens():
            try:
                return ask("GET", "orders")[0] == 200
            except urllib.error.URLError as error:
                if isinstance(error, urllib.error.HTTPError):
                    raise
                return False

        self.until(listens)
        done, sent, failures = threading.Event(), [0], []

        def order():
            while not done.is_set():
                try:
                    ask("PUT", f"orders/{sent[0]}")
                    sent[0] += 1
                except OSError as error:
                    failures.append(error)
                time.sleep(0.01)

        client = threading.Thread(target=order)
        client.start()
        try:
            usernames = set()
            for _ in range(3):
                before = sent[0]
                self.succeed("aurora", "local", "rotate", "server")
                usernames.add(self.secret("OrdersServer", stack="Orders")["username"])
                # All connections end, as at a failover: new ones log in with what the secret says now.
                self.succeed(
                    "aurora", "local", "psql", "--user", "manager", "--", "-q", "-c",
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'orders_server%'")
                self.until(lambda: sent[0] > before + 5)
        finally:
            done.set()
            client.join()
        text = (self.folder / "server.log").read_text()
        self.assertEqual(failures, [], text)
        self.assertEqual(usernames, {"orders_server", "orders_server_clone"})
        self.assertEqual(ask("GET", "orders"), (200, f"{sent[0]}\n"))
        for username in usernames:
            self.assertIn(f"connecting as {username}", text)


if __name__ == "__main__":
    unittest.main()
