# SPDX-License-Identifier: Apache-2.0
"""What the original stack does once it is deployed, as far as a database notices: its provisioning, and the rotation
functions of AWS that it uses (AWS Secrets Manager User Guide, "Rotation function templates")."""
import json

import psycopg
from psycopg.sql import SQL, Identifier, Literal

CLONE = "_clone"


def other(username):
    return username[: -len(CLONE)] if username.endswith(CLONE) else username + CLONE


def connect(credentials, database="postgres"):
    return psycopg.connect(
        host=credentials["host"], port=credentials["port"], user=credentials["username"],
        password=credentials["password"], dbname=database, autocommit=True)


class Original:
    """Its functions, with a client of Secrets Manager."""

    def __init__(self, secrets, manager="AuroraDemoManager"):
        self.secrets, self.manager = secrets, manager

    def value(self, secret, stage="AWSCURRENT", version=None):
        more = {"VersionId": version} if version else {}
        return json.loads(self.secrets.get_secret_value(SecretId=secret, VersionStage=stage, **more)["SecretString"])

    def answer(self, request):
        """Answers CloudFormation, always with success: that is what the original's framework does."""
        properties, kind = request["ResourceProperties"], request["ResourceType"]
        physical = request.get("PhysicalResourceId", request["LogicalResourceId"])
        if request["RequestType"] != "Delete":
            if kind == "Custom::AuroraDatabase":
                physical = self.provision_database(properties)
            elif kind == "Custom::AuroraUser":
                physical = self.provision_user(properties)
        return {"Status": "SUCCESS", "PhysicalResourceId": physical}

    def provision_database(self, properties):
        database, roles = properties["databaseName"], {"r_reader": "SELECT", "r_writer": "SELECT, INSERT, UPDATE, DELETE"}
        manager = self.value(self.manager)
        with connect(manager) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                connection.execute(SQL("create database {}").format(Identifier(database)))
            for role in roles:
                if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    connection.execute(SQL("create role {} nologin").format(Identifier(role)))
        with connect(manager, database) as connection:
            for schema in properties["schemas"]:
                connection.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
            for role, privileges in roles.items():
                connection.execute(SQL("grant connect on database {} to {}").format(Identifier(database), Identifier(role)))
                for schema in properties["schemas"]:
                    for statement in (
                        "grant usage on schema {schema} to {role}",
                        "alter default privileges in schema {schema} grant usage on sequences to {role}",
                        f"alter default privileges in schema {{schema}} grant {privileges} on tables to {{role}}",
                    ):
                        connection.execute(SQL(statement).format(schema=Identifier(schema), role=Identifier(role)))
        return database

    def provision_user(self, properties):
        manager, secret = self.value(self.manager), properties["userSecretArn"]
        user = self.value(secret)
        completed = {**user, "host": user.get("host", manager["host"]), "engine": user.get("engine", manager["engine"])}
        if properties.get("proxyHost"):
            completed["proxyHost"] = properties["proxyHost"]
        if completed != user:
            self.secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(completed))
        role = "r_writer" if properties["isWriter"] == "true" else "r_reader"
        with connect(manager) as connection:
            for name in (user["username"], user["username"] + CLONE):
                if not connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
                    connection.execute(SQL("create user {}").format(Identifier(name)))
                connection.execute(SQL("alter user {} password {}").format(Identifier(name), Literal(user["password"])))
                connection.execute(SQL("grant {} to {}").format(Identifier(role), Identifier(name)))
        return user["username"]

    def rotate(self, secret, token):
        """All four steps of AWS's functions: alternating users where the secret names a manager, else a single user."""
        self.create_secret(secret, token)
        self.set_secret(secret, token)
        self.test_secret(secret, token)
        self.finish_secret(secret, token)

    def create_secret(self, secret, token):
        current = self.value(secret)
        try:
            self.value(secret, "AWSPENDING", token)
        except self.secrets.exceptions.ResourceNotFoundException:
            if "masterarn" in current:
                current["username"] = other(current["username"])
            current["password"] = self.secrets.get_random_password(ExcludeCharacters="/@\"'\\")["RandomPassword"]
            self.secrets.put_secret_value(
                SecretId=secret, ClientRequestToken=token, SecretString=json.dumps(current), VersionStages=["AWSPENDING"])

    def set_secret(self, secret, token):
        current, pending = self.value(secret), self.value(secret, "AWSPENDING", token)
        try:
            connect(pending).close()
            return
        except psycopg.OperationalError:
            pass
        with connect(self.value(current["masterarn"]) if "masterarn" in current else current) as connection:
            name, password = Identifier(pending["username"]), Literal(pending["password"])
            if connection.execute("select 1 from pg_roles where rolname = %s", [pending["username"]]).fetchone():
                connection.execute(SQL("alter user {} with password {}").format(name, password))
            else:
                connection.execute(SQL("create role {} with login password {}").format(name, password))
                connection.execute(SQL("grant {} to {}").format(Identifier(current["username"]), name))

    def check(self, secret, token):
        """What AWS's functions look at before each step."""
        description = self.secrets.describe_secret(SecretId=secret)
        if not description["RotationEnabled"] or "AWSPENDING" not in description["VersionIdsToStages"][token]:
            raise ValueError(f"{secret} is not being rotated to {token}")

    def test_secret(self, secret, token):
        with connect(self.value(secret, "AWSPENDING", token)) as connection:
            connection.execute("select now()")

    def finish_secret(self, secret, token):
        stages = self.secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        before = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        if before != token:
            self.secrets.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=before)
