#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for AWS's session-manager-plugin: a forwarder between a port of this machine and the host that is asked for,
called exactly as the AWS CLI calls the real one. What it was told is written beside it."""
import json
import os
import pathlib
import socket
import sys
import threading

if sys.argv[1:] == ["--version"]:
    sys.exit(print(os.environ.get("PLUGIN_VERSION", "1.2.650.0")))
response, region, operation, profile, request, endpoint = sys.argv[1:]
session = json.loads(os.environ.get(response) or response)
assert session["TokenValue"] == f"token-of-{session['SessionId']}" and operation == "StartSession" and region and endpoint
parameters = json.loads(request)["Parameters"]
with open(pathlib.Path(__file__).parent / "told", "a") as told:
    told.write(json.dumps({"arguments": sys.argv[1:], "parameters": parameters, "pid": os.getpid()}) + "\n")
if "host" not in parameters:
    # A session for SSH: its data goes through standard input and output.
    sys.exit(0)


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", int(parameters["localPortNumber"][0]))) as listener:
    while True:
        client, _ = listener.accept()
        server = socket.create_connection((parameters["host"][0], int(parameters["portNumber"][0])))
        for ends in ((client, server), (server, client)):
            threading.Thread(target=copy, args=ends, daemon=True).start()
