# SPDX-License-Identifier: Apache-2.0
"""The Runtime API of AWS Lambda, for a function that runs as a process of this machine."""
import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid

from interruption import LoopbackServer


class LambdaFunction:
    """A function's program behind a Runtime API of its own; its log is kept.

    `program` is a path, or a list that begins with one; `polled` is set once it asks for an event."""

    def __init__(self, handler, environment, folder, program="bootstrap"):
        self.events, self.answers, self.polled = queue.Queue(), queue.Queue(), threading.Event()
        command = program if isinstance(program, list) else [program]
        self.trace = f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]};Sampled=1"
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                function.polled.set()
                event, seconds = function.events.get()
                if event is None:
                    self.close_connection = True
                    return
                content = event if isinstance(event, bytes) else json.dumps(event).encode()
                self.answer(200, content, {
                    "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                    "Lambda-Runtime-Trace-Id": function.trace,
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000))})

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(202, b"{}")
                # An error in the initialization belongs to no invocation.
                kind = "initialization" if "/init/" in self.path else self.path.rsplit("/", 1)[1]
                function.answers.put((kind, json.loads(body)))

            def answer(self, status, content, headers=()):
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = LoopbackServer(Handler)
        self.log_path = folder / f"{handler}-{uuid.uuid4()}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*map(str, command)], cwd=folder, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **environment, "_HANDLER": handler,
                     "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.port}"})

    def invoke(self, event, timeout=120, seconds=900):
        """What the function answers: `response` and its value, or `error` and why; `None` where it died.

        The event is text as bytes, or anything that is JSON; Lambda gives it so many seconds.
        """
        self.events.put((event, seconds))
        waited = 0
        while True:
            try:
                return self.answers.get(timeout=0.05)
            except queue.Empty:
                waited += 0.05
                if self.process.poll() is not None:
                    return None
                if waited > timeout:
                    raise TimeoutError(f"the function does not answer to {event}")

    def kill(self):
        self.process.kill()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.events.put((None, 0))
        self.server.close()

    @property
    def log(self):
        return self.log_path.read_text()
