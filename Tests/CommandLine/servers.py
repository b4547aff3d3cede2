# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback that run as a user that is not root: PostgreSQL as RDS has it, and pgbouncer as its proxy."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid

import psycopg
import psycopg.sql


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A process of a user that is not root."""

    def __init__(self, root):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=root))
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)

    def run_as_user(self, *command, **options):
        prefix = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", "--"] if self.user else []
        return subprocess.run(
            [*prefix, *map(str, command)], check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path


class PostgresCluster(Server):
    """A PostgreSQL with TLS, whose master user is no superuser, as on RDS."""

    host = "127.0.0.1"

    def __init__(self, root, master, password):
        super().__init__(root)
        self.binaries = pathlib.Path(os.environ["AURORA_POSTGRES_BIN"].split(":")[0])
        self.port, self.master = free_port(), master
        superuser = self.write("password", uuid.uuid4().hex)
        self.run_as_user(
            self.binaries / "initdb", "-D", self.folder / "data", "-U", "rdsadmin", "--pwfile", superuser, "-A", "scram-sha-256",
            "-E", "UTF8", "--no-locale", "--no-sync")
        self.run_as_user(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout",
            self.folder / "data/server.key", "-out", self.folder / "data/server.crt")
        self.run_as_user(
            self.binaries / "pg_ctl", "start", "-w", "-s", "-D", self.folder / "data", "-l", self.folder / "log", "-o",
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c ssl=on -c fsync=off")
        self.superuser_password = superuser.read_text()
        with self.connect("rdsadmin", self.superuser_password) as connection:
            connection.execute("create role rds_superuser")
            connection.execute("create role rds_iam")
            connection.execute(psycopg.sql.SQL("create role {} login createrole createdb in role rds_superuser password {}").format(
                psycopg.sql.Identifier(master), password))

    def connect(self, user, password, database="postgres"):
        return psycopg.connect(
            host=self.host, port=self.port, user=user, password=password, dbname=database, autocommit=True, sslmode="require")

    def set_master_password(self, password):
        with self.connect("rdsadmin", self.superuser_password) as connection:
            connection.execute(psycopg.sql.SQL("alter role {} password {}").format(psycopg.sql.Identifier(self.master), password))

    def stop(self):
        if (self.folder / "data").exists():
            self.run_as_user(self.binaries / "pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", self.folder / "data")
            shutil.rmtree(self.folder)


class Pooler(Server):
    """pgbouncer, which admits whom the secrets that the proxy lists name now."""

    host = "127.0.0.2"

    administrator = "pooler"

    def __init__(self, root, read, arns, cluster):
        super().__init__(root)
        self.read, self.arns, self.cluster, self.port = read, arns, cluster, cluster.port
        self.password = uuid.uuid4().hex
        self.reload()
        self.run_as_user("pgbouncer", "-d", "-q", self.write("pgbouncer.ini", f"""
            [databases]
            * = host=127.0.0.1 port={cluster.port}
            [pgbouncer]
            listen_addr = {self.host}
            listen_port = {self.port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {self.folder}/users
            admin_users = {self.administrator}
            pidfile = {self.folder}/pid
            logfile = {self.folder}/log
            ignore_startup_parameters = extra_float_digits, options
            """))

    def reload(self):
        values = [self.read(arn) for arn in self.arns]
        values.append({"username": self.administrator, "password": self.password})
        # Another file each time: pgbouncer takes one of the same size and second for the one that it knows.
        made = self.write("users.new", "".join('"{username}" "{password}"\n'.format(**value) for value in values))
        made.rename(self.folder / "users")
        if (self.folder / "pid").exists():
            # Once this is answered, it admits whom the list names, and nobody else.
            with psycopg.connect(
                host=self.host, port=self.port, user=self.administrator, password=self.password, dbname="pgbouncer",
                autocommit=True,
            ) as console:
                console.execute("RELOAD")

    def stop(self):
        if (self.folder / "pid").exists():
            os.kill(int((self.folder / "pid").read_text()), 15)
