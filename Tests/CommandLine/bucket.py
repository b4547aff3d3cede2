# SPDX-License-Identifier: Apache-2.0
"""Where CloudFormation waits for the answers of custom resources."""
import http.server
import json

from interruption import LoopbackServer


class Bucket:
    """Where CloudFormation waits for answers."""

    def __init__(self, statuses=()):
        self.answers, self.statuses = [], list(statuses)
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = bucket.statuses.pop(0) if bucket.statuses else 200
                if status == 200:
                    bucket.answers.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = LoopbackServer(Handler)
        self.url = f"http://127.0.0.1:{self.server.port}/answer?signature=very-secret"
