# SPDX-License-Identifier: Apache-2.0
"""The functions bench's peer: a minimal runtime loop of AWS Lambda in Python, and behind it what the original's functions
do. Without a handler it is the loop alone.

Usage: _HANDLER=rotation|database|user function.py
"""
import http.client
import json
import os
import urllib.parse


def bare(event):
    return {}


def make_handler(name):
    import boto3
    import original

    functions = original.Original(boto3.client("secretsmanager"), os.environ.get("MANAGER_SECRET_ARN"))

    def rotation(event):
        secret, token = event["SecretId"], event["ClientRequestToken"]
        functions.check(secret, token)
        {"createSecret": functions.create_secret, "setSecret": functions.set_secret, "testSecret": functions.test_secret,
         "finishSecret": functions.finish_secret}[event["Step"]](secret, token)
        return {}

    def custom_resource(event):
        answer = functions.answer(event)
        url = urllib.parse.urlsplit(event["ResponseURL"])
        connection = http.client.HTTPConnection(url.netloc)
        connection.request("PUT", f"{url.path}?{url.query}", json.dumps(answer))
        connection.getresponse().read()
        return {}

    return rotation if name == "rotation" else custom_resource


handler = make_handler(os.environ["_HANDLER"]) if os.environ.get("_HANDLER", "bare") != "bare" else bare
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    response = api.getresponse()
    request, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(response.read())
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", json.dumps(handler(event)))
    api.getresponse().read()
