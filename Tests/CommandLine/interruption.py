# SPDX-License-Identifier: Apache-2.0
"""Stands between a program and the servers that it talks to, and interrupts it at a given call."""
import http.client
import http.server
import json
import socket
import threading
import urllib.parse


class LoopbackServer(http.server.ThreadingHTTPServer):
    """A server on a free port whose clients may die at any time, which is the point of these tests."""

    daemon_threads = True

    def __init__(self, handler):
        handler.protocol_version = "HTTP/1.1"
        handler.disable_nagle_algorithm = True
        handler.log_message = lambda *arguments: None
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def close(self):
        self.shutdown()
        self.server_close()


class CallCounter:
    """Counts the calls of a program to all of its servers, and interrupts at one of them."""

    def __init__(self, interrupt_at, interrupt):
        self.left, self.interrupt = interrupt_at, interrupt
        self.was_interrupted = False
        self.lock = threading.Lock()

    def count(self, *details):
        with self.lock:
            self.left -= 1
            if self.left != 0:
                return
            self.was_interrupted = True
        self.interrupt(*details)


class PostgresProxy:
    """Forwards connections to PostgreSQL, and counts the statements."""

    SSL_REQUEST = (80877103).to_bytes(4, "big")

    def __init__(self, port, counter):
        self.port_behind, self.counter = port, counter
        self.server_pid, self.ill = None, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def trouble(self, kind):
        """Behaves as a server that is `down`, `slow`, `lost in the middle` or `read-only`; as itself where `None`."""
        self.ill = kind

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.ill == "down":
                client.close()
                continue
            if self.ill == "slow":
                # It takes connections, and says nothing.
                self.silent = client
                continue
            server = socket.create_connection(("127.0.0.1", self.port_behind))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.forward, args=(client, server, self.statement, True), daemon=True).start()
            threading.Thread(target=self.forward, args=(server, client, self.answer, False), daemon=True).start()

    def forward(self, source, target, look, is_first_untyped):
        """Messages as PostgreSQL's protocol frames them: a type, except for the first of the client, and a length."""
        stream = source.makefile("rb")
        try:
            while True:
                kind = b"" if is_first_untyped else stream.read(1)
                is_first_untyped = False
                size = stream.read(4)
                if len(size) < 4:
                    break
                body = stream.read(int.from_bytes(size, "big") - 4)
                if not kind and body == self.SSL_REQUEST:
                    source.sendall(b"N")
                    is_first_untyped = True
                    continue
                look(kind, body)
                if look == self.statement:
                    body = self.changed(kind, body)
                target.sendall(kind + size + body)
        except OSError:
            pass
        finally:
            stream.close()
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            source.close()

    def statement(self, kind, body):
        if kind in (b"P", b"Q"):
            self.counter.count(self)
            if self.ill == "lost in the middle":
                raise ConnectionResetError("as the test says")

    def changed(self, kind, body):
        """What the client sends, as a server that has just become a reader would understand it."""
        if self.ill == "read-only" and kind == b"P" and b"alter role" in body:
            return body.replace(b"alter role", b"altar role")
        return body

    def answer(self, kind, body):
        if kind == b"K":
            self.server_pid = int.from_bytes(body[:4], "big")


class HTTPProxy:
    """Forwards requests, and counts them twice: before they get to the server, and before the answer comes back."""

    def __init__(self, port, counter):
        # Operations that fail, as status and code; that are answered here; and secrets that are called otherwise there.
        self.failing, self.answering, self.rename = {}, {}, {}
        self.headers = []
        # What answers the query protocol, which gets the parameters and gives a status and XML.
        self.query = None
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                operation = self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
                proxy.headers.append(dict(self.headers))
                if operation in proxy.failing:
                    status, code = proxy.failing[operation]
                    return self.answer(status, json.dumps({"__type": code, "message": "as the test says"}).encode())
                if operation in proxy.answering:
                    return self.answer(200, json.dumps(proxy.answering[operation](json.loads(body))).encode())
                if proxy.query and body.startswith(b"Action="):
                    parameters = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}
                    return self.answer(*proxy.query(parameters))
                if proxy.rename and operation:
                    request = json.loads(body)
                    request["SecretId"] = proxy.rename.get(request.get("SecretId"), request.get("SecretId"))
                    body = json.dumps(request).encode()
                    del self.headers["Content-Length"]
                try:
                    counter.count(proxy)
                    connection = http.client.HTTPConnection("localhost", port, timeout=60)
                    connection.request("POST", self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    content = answer.read()
                    connection.close()
                    counter.count(proxy)
                    self.answer(answer.status, content)
                except OSError:
                    self.close_connection = True

            def answer(self, status, content):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = LoopbackServer(Handler)
        self.port, self.close = self.server.port, self.server.close
