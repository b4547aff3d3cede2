# SPDX-License-Identifier: Apache-2.0
"""What moto knows, and does otherwise than AWS."""
import json
import threading
import uuid

from moto.awslambda.models import LambdaFunction
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Event, Stack
from moto.cloudtrail.responses import CloudTrailResponse
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.route_tables import RouteTable
from moto.rds.models import DBSubnetGroup
from moto.secretsmanager.models import SecretsManagerBackend

from cloud import Cloud

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
_create_function = LambdaFunction.create_from_cloudformation_json.__func__


def _create_with_log(cls, resource_name, cloudformation_json, account_id, region_name, **more):
    function = _create_function(cls, resource_name, cloudformation_json, account_id, region_name, **more)
    log = cloudformation_json["Properties"].get("LoggingConfig", {})
    Cloud.current.log_groups[function.function_name] = log.get("LogGroup")
    return function


LambdaFunction.create_from_cloudformation_json = classmethod(_create_with_log)
_create_volume = EBSBackend.create_volume


def _create_volume_of_any_size(self, size, zone_name, snapshot_id=None, *arguments, **more):
    # A volume of an instance is as large as its image's where nothing is said.
    return _create_volume(self, size or (None if snapshot_id else 8), zone_name, snapshot_id, *arguments, **more)


EBSBackend.create_volume = _create_volume_of_any_size
DBSubnetGroup.physical_resource_id = property(lambda self: self.name)


def _delete_route_table(self, account_id, region_name):
    for association in list(self.associations):
        self.ec2_backend.disassociate_route_table(association)
    self.ec2_backend.delete_route_table(self.id)


RouteTable.delete = _delete_route_table


# The CLI looks for the causes of failures there.
CloudTrailResponse.lookup_events = lambda self: json.dumps({"Events": []})


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


# What fails is told by the stack's events and status, after all of it was taken back, and not by the request.


def _forget(stack):
    """Describing a stack would make anew what its template and its outputs name."""
    _use(stack.resource_map, {"Resources": {}}, None)
    stack.output_map = parsing.OutputMap(stack.resource_map, {}, stack.stack_id)


def _failed(stack, error, verb, end):
    stack.events.append(Event(
        stack_id=stack.stack_id, stack_name=stack.name, logical_resource_id=getattr(error, "logical_id", stack.name),
        physical_resource_id="", resource_type=getattr(error, "resource_type", "AWS::CloudFormation::Stack"),
        resource_status=f"{verb}_FAILED", resource_status_reason=str(error.message), resource_properties=None))
    stack.status = end
    stack._add_stack_event(end)


_create_stack_resources, _update_stack = Stack.create_resources, Stack.update


def _create_or_take_back(self):
    try:
        _create_stack_resources(self)
    except ValidationError as error:
        definitions = self.template_dict["Resources"]
        for name in reversed(_in_order(definitions)):
            if name in self.resource_map._parsed_resources:
                _remove(self.resource_map, name, definitions[name])
        _forget(self)
        _failed(self, error, "CREATE", "ROLLBACK_COMPLETE")


def _update_or_take_back(self, template, *arguments, **options):
    before = self.template
    try:
        _update_stack(self, template, *arguments, **options)
    except ValidationError as error:
        self.template = before
        self._parse_template()
        _failed(self, error, "UPDATE", "UPDATE_ROLLBACK_COMPLETE")


Stack.create_resources, Stack.update = _create_or_take_back, _update_or_take_back


_delete_stack = Stack.delete


def _delete_and_forget(self):
    _delete_stack(self)
    _forget(self)


Stack.delete = _delete_and_forget
