# SPDX-License-Identifier: Apache-2.0
"""A cloud on loopback: moto, with what it lacks. The cluster is a real PostgreSQL, the proxy a real pgbouncer, and
functions run as processes from the zip files that were uploaded."""
import io
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile

import psycopg
import psycopg.sql
from moto.awslambda.models import lambda_backends
from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.core.common_models import CloudFormationModel
from moto.ec2.models.route_tables import RouteTable
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.rds.models import DBSubnetGroup
from moto.s3.models import s3_backends
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

from bucket import Bucket
from lambda_runtime import LambdaFunction

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Cloud:
    """All of it; there is one at a time, as moto's state belongs to the process."""

    current = None

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-cloud-"))
        self.folder.chmod(0o755)
        self.clusters, self.proxies, self.programs, self.logs, self.failures = {}, {}, {}, [], []
        Cloud.current = self
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
        self.server.start()
        # By this name, as moto reads buckets from others.
        self.endpoint = f"http://localhost:{self.server.get_host_and_port()[1]}"

    def close(self):
        self.server.stop()
        for service in [*self.proxies.values(), *self.clusters.values()]:
            service.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Functions

    def program(self, function):
        """The folder with a function's program, from the zip file that was uploaded for it."""
        place = (function.code["S3Bucket"], function.code["S3Key"])
        if place not in self.programs:
            folder = self.folder / f"function-{len(self.programs)}"
            content = s3_backends[function.account_id]["aws"].get_object(*place).value
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(folder)
            (folder / "bootstrap").chmod(0o755)
            self.programs[place] = folder
        return self.programs[place]

    def run(self, function, events):
        """Has a function handle events in a process of its own; the answers, and what it logged."""
        folder = self.program(function)
        process = LambdaFunction(function.handler, {
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": function.region,
            "AWS_ENDPOINT_URL": self.endpoint, "LD_LIBRARY_PATH": str(folder / "lib"), "POLLING_MILLISECONDS": "50",
            **(function.environment_vars or {})}, self.folder, folder / "bootstrap")
        try:
            answers = []
            for event in events:
                answers.append(process.invoke(event, seconds=120))
                if answers[-1] is None or answers[-1][0] != "response":
                    break
            return answers
        finally:
            process.close()
            self.logs.append(process.log)

    def ask(self, account, region, request):
        """Has a custom resource's function answer CloudFormation."""
        function = lambda_backends[account][region].get_function(request["ResourceProperties"]["ServiceToken"])
        bucket = Bucket()
        try:
            self.run(function, [{**request, "RequestId": str(uuid.uuid4()), "ResponseURL": bucket.url}])
        finally:
            bucket.server.close()
        return bucket.answers[0] if bucket.answers else {"Status": "FAILED", "Reason": "the function did not answer"}

    def rotate(self, account, region, arn, token):
        """Goes through a rotation, as Secrets Manager does."""
        backend = secretsmanager_backends[account][region]
        secret = backend.secrets[arn]
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
        function = lambda_backends[account][region].get_function(secret.rotation_lambda_arn)
        answers = self.run(
            function, [{"SecretId": secret.arn, "ClientRequestToken": token, "Step": step} for step in STEPS])
        if answers[-1] is None or answers[-1][0] != "response":
            self.failures.append(f"{secret.name}: {answers[-1]}")

    def secrets_changed(self):
        for proxy in self.proxies.values():
            proxy.reload()


class Server:
    """A process of a user that is not root."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=Cloud.current.folder))
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

    def __init__(self, master, password):
        super().__init__()
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

    def __init__(self, read, arns, cluster):
        super().__init__()
        self.read, self.arns, self.cluster, self.port = read, arns, cluster, cluster.port
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
            pidfile = {self.folder}/pid
            logfile = {self.folder}/log
            ignore_startup_parameters = extra_float_digits, options
            """))

    def reload(self):
        values = [self.read(arn) for arn in self.arns]
        self.write("users", "".join('"{username}" "{password}"\n'.format(**value) for value in values))
        if (self.folder / "pid").exists():
            os.kill(int((self.folder / "pid").read_text()), 1)

    def stop(self):
        if (self.folder / "pid").exists():
            os.kill(int((self.folder / "pid").read_text()), 15)


# What moto's CloudFormation does not know.

# It takes a model's service from the second part of its module's name.
__name__ = "aurora.cloud"


def resolve(text, account, region):
    """Dynamic references to secrets: {{resolve:secretsmanager:ARN:SecretString:key::}}."""

    def value(match):
        arn, _, key = match[1].partition(":SecretString:")
        secret = secretsmanager_backends[account][region].get_secret_value(arn, None, "AWSCURRENT")["SecretString"]
        return json.loads(secret)[key.split(":")[0]]

    return re.sub(r"\{\{resolve:secretsmanager:(.*?)\}\}", value, text)


class Resource:
    name_property = ""

    def __init__(self, name, properties, account, region):
        self.id, self.properties, self.account, self.region, self.attributes = name, properties, account, region, {}

    @classmethod
    def cloudformation_name_type(cls):
        return cls.name_property

    @classmethod
    def cloudformation_type(cls):
        return cls.type

    @classmethod
    def has_cfn_attr(cls, attribute):
        return True

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **more):
        made = cls(resource_name, cloudformation_json.get("Properties", {}), account_id, region_name)
        made.create()
        return made

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        original_resource.properties = cloudformation_json.get("Properties", {})
        original_resource.update()
        return original_resource

    def create(self):
        pass

    def update(self):
        pass

    def remove(self):
        pass

    def delete(self, account_id, region_name):
        self.remove()

    def is_created(self):
        return True

    @property
    def physical_resource_id(self):
        return self.id

    def get_cfn_attribute(self, attribute):
        return self.attributes.get(attribute, f"{self.id}.{attribute}")

    @property
    def secrets(self):
        return secretsmanager_backends[self.account][self.region]

    def current(self, arn):
        return json.loads(self.secrets.get_secret_value(arn, None, "AWSCURRENT")["SecretString"])


class ParameterGroup(Resource, CloudFormationModel):
    type, name_property = "AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"


class Cluster(Resource, CloudFormationModel):
    type, name_property = "AWS::RDS::DBCluster", "DBClusterIdentifier"

    def create(self):
        self.id = self.id.lower()
        cluster = PostgresCluster(*(
            resolve(self.properties[name], self.account, self.region) for name in ("MasterUsername", "MasterUserPassword")))
        Cloud.current.clusters[self.id] = cluster
        arn = f"arn:aws:rds:{self.region}:{self.account}:cluster:{self.id}"
        self.attributes = {
            "Endpoint.Address": cluster.host, "ReadEndpoint.Address": cluster.host, "Endpoint.Port": str(cluster.port),
            "DBClusterArn": arn}

    def remove(self):
        Cloud.current.clusters.pop(self.id).stop()


class Instance(Resource, CloudFormationModel):
    type, name_property = "AWS::RDS::DBInstance", "DBInstanceIdentifier"


class Proxy(Resource, CloudFormationModel):
    type, name_property = "AWS::RDS::DBProxy", "DBProxyName"
    all = {}

    def create(self):
        Proxy.all[self.id] = self
        self.attributes = {"Endpoint": Pooler.host, "DBProxyArn": f"arn:aws:rds:{self.region}:{self.account}:db-proxy:{self.id}"}

    def remove(self):
        pooler = Cloud.current.proxies.pop(self.id, None)
        if pooler:
            pooler.stop()

    def update(self):
        if self.id in Cloud.current.proxies:
            Cloud.current.proxies[self.id].arns = [entry["SecretArn"] for entry in self.properties["Auth"]]
            Cloud.current.proxies[self.id].reload()


class TargetGroup(Resource, CloudFormationModel):
    type = "AWS::RDS::DBProxyTargetGroup"

    def create(self):
        cluster = Cloud.current.clusters[self.properties["DBClusterIdentifiers"][0]]
        name = self.properties["DBProxyName"]
        proxy = Proxy.all[name]
        Cloud.current.proxies[name] = Pooler(
            proxy.current, [entry["SecretArn"] for entry in proxy.properties["Auth"]], cluster)


class Secret(Resource, CloudFormationModel):
    type, name_property = "AWS::SecretsManager::Secret", "Name"

    def create(self):
        generation = self.properties["GenerateSecretString"]
        password = json.loads(self.secrets.get_random_password(
            generation.get("PasswordLength", 32), generation.get("ExcludeCharacters", ""), False, False, False, False, False, True))
        value = {**json.loads(generation["SecretStringTemplate"]), generation["GenerateStringKey"]: password["RandomPassword"]}
        made = self.secrets.create_secret(
            self.id, json.dumps(value), None, self.properties.get("Description"), self.properties.get("Tags", []),
            self.properties.get("KmsKeyId"), None, [], False)
        self.id = json.loads(made)["ARN"]

    def remove(self):
        self.secrets.delete_secret(self.id, None, True)


class Attachment(Resource, CloudFormationModel):
    type = "AWS::SecretsManager::SecretTargetAttachment"

    def create(self):
        self.id = self.properties["SecretId"]
        cluster = Cloud.current.clusters[self.properties["TargetId"]]
        value = {**self.current(self.id), "engine": "postgres", "host": cluster.host, "port": cluster.port,
                 "dbClusterIdentifier": self.properties["TargetId"]}
        self.secrets.put_secret_value(self.id, json.dumps(value), None, str(uuid.uuid4()), ["AWSCURRENT"])


class RotationSchedule(Resource, CloudFormationModel):
    type = "AWS::SecretsManager::RotationSchedule"

    def create(self):
        arn = self.properties["SecretId"]
        self.id = f"{arn}/rotation"
        secret = self.secrets.secrets[arn]
        secret.rotation_enabled = secret.rotation_requested = True
        secret.auto_rotate_after_days = 30
        secret.rotation_lambda_arn = self.properties["RotationLambdaARN"]
        # A schedule that is made rotates at once.
        Cloud.current.rotate(self.account, self.region, arn, str(uuid.uuid4()))


class SecretPolicy(Resource, CloudFormationModel):
    type = "AWS::SecretsManager::ResourcePolicy"


# Custom resources: all three requests, a function as a process, and FAILED fails the stack.


def as_text(value):
    if isinstance(value, dict):
        return {name: as_text(element) for name, element in value.items()}
    if isinstance(value, list):
        return [as_text(element) for element in value]
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _request(model, kind, properties, **more):
    answer = Cloud.current.ask(model.account, model.region_name, {
        "RequestType": kind, "StackId": model.stack, "LogicalResourceId": model.logical_id, "ResourceType": model.resource_type,
        "ResourceProperties": properties, **more})
    if answer["Status"] != "SUCCESS":
        raise ValidationError(message=f"Received response status [FAILED] from custom resource: {answer.get('Reason')}")
    model.resource_name = answer["PhysicalResourceId"]
    model.set_data(answer.get("Data") or {})
    return model


def _create(cls, resource_name, cloudformation_json, account_id, region_name, **more):
    model = CustomModel(region_name, "", more["LogicalId"], resource_name)
    model.account, model.stack, model.resource_type = account_id, more["StackId"], more["ResourceType"]
    model.properties = as_text(cloudformation_json["Properties"])
    return _request(model, "Create", model.properties)


def _update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    model, properties = original_resource, as_text(cloudformation_json["Properties"])
    _request(
        model, "Update", properties, PhysicalResourceId=model.resource_name, OldResourceProperties=model.properties)
    model.properties = properties
    return model


def _delete(self, account_id, region_name):
    _request(self, "Delete", self.properties, PhysicalResourceId=self.resource_name)


CustomModel.create_from_cloudformation_json = classmethod(_create)
CustomModel.update_from_cloudformation_json = classmethod(_update)
CustomModel.delete = _delete
_class_of = parsing.resource_class_from_type
_own = {one.type: one for one in (ParameterGroup, Cluster, Instance, Proxy, TargetGroup, Secret, Attachment, RotationSchedule, SecretPolicy)}
parsing.resource_class_from_type = lambda kind: (
    CustomModel if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource" else _own.get(kind) or _class_of(kind))

# What moto knows, and does otherwise than AWS.

_get, _put, _move = (
    SecretsManagerBackend.get_secret_value, SecretsManagerBackend.put_secret_value, SecretsManagerBackend.update_secret_version_stage)


def _get_secret_value(self, secret_id, version_id=None, version_stage=None):
    return _get(self, secret_id, version_id, version_stage or (None if version_id else "AWSCURRENT"))


def _then_tell(operation):
    def changed(self, *arguments, **options):
        answer = operation(self, *arguments, **options)
        if Cloud.current:
            Cloud.current.secrets_changed()
        return answer

    return changed


SecretsManagerBackend.get_secret_value = _get_secret_value
SecretsManagerBackend.put_secret_value = _then_tell(_put)
SecretsManagerBackend.update_secret_version_stage = _then_tell(_move)


def _rotate_secret(self, secret_id, client_request_token=None, **more):
    secret, token = self.secrets[secret_id], client_request_token or str(uuid.uuid4())
    threading.Thread(target=Cloud.current.rotate, args=(self.account_id, self.region_name, secret.arn, token)).start()
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": token})


SecretsManagerBackend.rotate_secret = _rotate_secret
DBSubnetGroup.physical_resource_id = property(lambda self: self.name)


def _delete_route_table(self, account_id, region_name):
    for association in list(self.associations):
        self.ec2_backend.disassociate_route_table(association)
    self.ec2_backend.delete_route_table(self.id)


RouteTable.delete = _delete_route_table

# Updates and deletions in CloudFormation's order: what others need comes first and goes last, what has left the template
# is deleted at the end, and an update that fails is taken back.


def _needs(resource):
    """The logical ids that a resource waits for."""
    depends = resource.get("DependsOn", [])
    found = {depends} if isinstance(depends, str) else set(depends)

    def look(value):
        if isinstance(value, dict):
            for name, argument in value.items():
                if name == "Ref":
                    found.add(argument)
                elif name == "Fn::GetAtt":
                    found.add(argument[0] if isinstance(argument, list) else argument.split(".")[0])
                look(argument)
        elif isinstance(value, list):
            for element in value:
                look(element)

    look(resource.get("Properties", {}))
    return found


def _in_order(resources):
    ordered, seen = [], set()

    def visit(name):
        if name in seen or name not in resources:
            return
        seen.add(name)
        for other in sorted(_needs(resources[name])):
            visit(other)
        ordered.append(name)

    for name in sorted(resources):
        visit(name)
    return ordered


def _use(map_, template, parameters):
    map_._template, map_._resource_json_map = template, template["Resources"]
    if parameters:
        map_.input_parameters = parameters
    map_.load_mapping()
    map_.load_parameters()
    map_.load_conditions()


def _modify(map_, name):
    map_._parsed_resources[name] = parsing.parse_and_update_resource(
        name, map_._resource_json_map[name], map_, account_id=map_._account_id, region_name=map_._region_name)


def _remove(map_, name, definition):
    resource = map_._parsed_resources.pop(name, None)
    if resource is not None:
        map_._delete_resource(resource, definition)


def _update_resources(self, template, parameters=None):
    difference = self.build_resource_diff(template, parameters)
    before = self._template
    _use(self, template, parameters)
    added, modified = [], []
    try:
        for name in _in_order(template["Resources"]):
            if name in difference["Add"]:
                added.append(name)
                _ = self[name]
            elif name in difference["Modify"]:
                modified.append(name)
                _modify(self, name)
    except Exception:
        definitions = template["Resources"]
        _use(self, before, None)
        for name in reversed(modified):
            _modify(self, name)
        for name in reversed(added):
            _remove(self, name, definitions[name])
        raise
    for name in reversed(_in_order(before.get("Resources", {}))):
        if name in difference["Remove"]:
            _remove(self, name, before["Resources"][name])


def _delete_resources(self):
    definitions = self._template.get("Resources", {})
    for name in reversed(_in_order(definitions)):
        if definitions[name].get("DeletionPolicy") != "Retain":
            _remove(self, name, definitions[name])


parsing.ResourceMap.update, parsing.ResourceMap.delete = _update_resources, _delete_resources

# Describing a deleted stack would make anew what its outputs name.
_delete_stack = Stack.delete


def _delete_with_outputs(self):
    _delete_stack(self)
    self.output_map = parsing.OutputMap(self.resource_map, {}, self.stack_id)


Stack.delete = _delete_with_outputs
