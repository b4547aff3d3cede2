# SPDX-License-Identifier: Apache-2.0
"""Session Manager, which moto lacks: instances whose agents connect, sessions, and who has one."""
import json
import uuid

from moto.core.exceptions import JsonRESTError
from moto.ssm.responses import SimpleSystemManagerResponse


class Sessions:
    """What is known of instances and sessions; a test says otherwise where it wants to."""

    def __init__(self):
        self.active, self.started, self.is_online, self.denied = {}, [], lambda instance: True, set()

    def reset(self):
        self.__init__()


sessions = Sessions()


def _answering(operation):
    def respond(self):
        request = json.loads(self.body)
        if operation.__name__ in sessions.denied:
            raise JsonRESTError(
                "AccessDeniedException",
                f"User: arn:aws:iam::1:user/me is not authorized to perform: ssm:{operation.__name__} on resource: x")
        return json.dumps(operation(request))

    return respond


def DescribeInstanceInformation(request):
    instances = request["Filters"][0]["Values"]
    return {"InstanceInformationList": [
        {"InstanceId": instance, "PingStatus": "Online"} for instance in instances if sessions.is_online(instance)]}


def StartSession(request):
    session = f"me-{uuid.uuid4().hex[:17]}"
    sessions.active[session] = request["Target"]
    sessions.started.append(request)
    return {"SessionId": session, "StreamUrl": "wss://nowhere", "TokenValue": f"token-of-{session}"}


def TerminateSession(request):
    sessions.active.pop(request["SessionId"], None)
    return {"SessionId": request["SessionId"]}


def DescribeSessions(request):
    target = request["Filters"][0]["value"]
    return {"Sessions": [{"SessionId": session} for session, instance in sessions.active.items() if instance == target]}


for name, operation in (
    ("describe_instance_information", DescribeInstanceInformation), ("start_session", StartSession),
    ("terminate_session", TerminateSession), ("describe_sessions", DescribeSessions),
):
    setattr(SimpleSystemManagerResponse, name, _answering(operation))
