# SPDX-License-Identifier: Apache-2.0
"""The resource types that moto's CloudFormation does not know, and custom resources, whose functions run for real."""
import json
import re
import uuid

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends

from cloud import Cloud
from servers import Pooler, PostgresCluster

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
        cluster = PostgresCluster(Cloud.current.folder, *(
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
            Cloud.current.folder, proxy.current, [entry["SecretArn"] for entry in proxy.properties["Auth"]], cluster)


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
        # A schedule that is made or changed rotates at once.
        Cloud.current.rotate(self.account, self.region, arn, str(uuid.uuid4()))

    def update(self):
        self.create()


class ServerlessApplication(Resource, CloudFormationModel):
    """A nested application: AWS's own rotation functions."""

    type = "AWS::Serverless::Application"

    def create(self):
        arn = f"arn:aws:serverless-application:{self.region}:{self.account}:{self.id}"
        self.attributes = {"Outputs.RotationLambdaARN": arn}


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
        error = ValidationError(message=f"Received response status [FAILED] from custom resource: {answer.get('Reason')}")
        error.logical_id, error.resource_type = model.logical_id, model.resource_type
        raise error
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
_own = {one.type: one for one in (ParameterGroup, Cluster, Instance, Proxy, TargetGroup, Secret, Attachment, RotationSchedule, ServerlessApplication, SecretPolicy)}
parsing.resource_class_from_type = lambda kind: (
    CustomModel if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource" else _own.get(kind) or _class_of(kind))
