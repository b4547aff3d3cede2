# SPDX-License-Identifier: Apache-2.0
"""An apply that dies at any statement, with its process or with its server's: the next one completes it."""
import itertools
import os
import signal
import socket
import subprocess
import threading
import unittest

from support import CommandLineTest


class InterruptingProxy:
    """Forwards connections to PostgreSQL, and interrupts when the given number of statements were sent."""

    SSL_REQUEST = (80877103).to_bytes(4, "big")

    def __init__(self, port, statements, interrupt):
        self.port_behind, self.left, self.interrupt = port, statements, interrupt
        self.server_pid = None
        self.was_interrupted = False
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port_behind))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.forward, args=(client, server, self.statement, True), daemon=True).start()
            threading.Thread(target=self.forward, args=(server, client, self.answer, False), daemon=True).start()

    def forward(self, source, target, look, is_first_untyped):
        """Messages as PostgreSQL's protocol frames them: a type, except for the first of the client, and a length."""
        stream = source.makefile("rb")
        try:
            while True:
                kind = b"" if is_first_untyped else stream.read(1)
                is_first_untyped = False
                size = stream.read(4)
                if len(size) < 4:
                    break
                body = stream.read(int.from_bytes(size, "big") - 4)
                if not kind and body == self.SSL_REQUEST:
                    source.sendall(b"N")
                    is_first_untyped = True
                    continue
                look(kind, body)
                target.sendall(kind + size + body)
        except OSError:
            pass
        finally:
            stream.close()
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            source.close()

    def statement(self, kind, body):
        if kind not in (b"P", b"Q"):
            return
        with self.lock:
            self.left -= 1
            if self.left != 0:
                return
            self.was_interrupted = True
        self.interrupt(self)

    def answer(self, kind, body):
        if kind == b"K":
            self.server_pid = int.from_bytes(body[:4], "big")


class InterruptionTest(CommandLineTest):
    """At every statement and on every version of PostgreSQL where AURORA_TEST_THOROUGHLY is set, which takes minutes."""

    VERSIONS = (15, 17, 18) if os.environ.get("AURORA_TEST_THOROUGHLY") else (17,)
    STEP = 1 if os.environ.get("AURORA_TEST_THOROUGHLY") else 7

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
            proxy = InterruptingProxy(self.postgres_port, statement, lambda proxy: interrupt(proxy, process))
            process = subprocess.Popen(
                self.command("apply", state, proxy.port), cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True)
            output, _ = process.communicate(timeout=120)
            proxy.close()
            if not proxy.was_interrupted:
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
