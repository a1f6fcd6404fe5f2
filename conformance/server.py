"""`kite serve` as tests use it: started on a free port, asked over plain sockets, ended by its own process id."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60
# Longer than the server itself waits for requests that are being answered (--drain).
STOP_SECONDS = 60
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    @property
    def error(self) -> dict:
        """The error object in OpenAI's shape; fails the test if the body has another shape."""
        error = self.json["error"]
        assert isinstance(error["message"], str) and error["message"], error
        assert isinstance(error["type"], str) and {"param", "code"} <= error.keys(), error
        return error


class Server:
    """
    A running `kite serve`. `arguments` come after the command's name, models included:

        with Server(kite.path, "--api-key", "secret") as server:
            server.post("/v1/completions", {"prompt": "Hi"}).json
    """

    def __init__(self, program, *arguments, env=None, cwd=None):
        command = [str(program), "serve", *map(str, arguments), "--host", "127.0.0.1", "--port", "0"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd,
            env=os.environ | {"NO_COLOR": "1"} | (env or {}),
        )
        self.host, self.port = "127.0.0.1", 0
        self._lines = []
        self._listening = threading.Event()
        # Reads for as long as the server lives, so that its log never fills a pipe and stops it.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._listening.wait(START_SECONDS)
        if not self.port:
            self.kill()
            raise AssertionError(f"no address from {' '.join(command)}:\n{self.log}")

    def _read(self):
        for line in self.process.stderr:
            self._lines.append(line.decode("utf-8", "replace"))
            found = None if self.port else re.search(r"http://127\.0\.0\.1:([0-9]+)", self._lines[-1])
            if found:
                self.port = int(found[1])
                self._listening.set()
        self._listening.set()

    # What it is

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """Everything written to standard error so far."""
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def sockets(self) -> int:
        """Open sockets: connections, and the one that listens."""
        count = 0
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                count += os.readlink(entry).startswith("socket:")
            except FileNotFoundError:
                pass
        return count

    def resident(self) -> int:
        """Bytes of memory in use, without pages of files."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * PAGE

    def metrics(self) -> dict:
        """`/metrics`: {name or name{labels}: value}."""
        values = {}
        for line in self.get("/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    # Asking

    def request(self, method, path, body=None, headers=None, timeout=120) -> Reply:
        """One request on a connection of its own. `body`: bytes as they are, anything else as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
            response = connection.getresponse()
            data = response.read()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, data)
        finally:
            connection.close()

    def get(self, path, **options) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path, body, **options) -> Reply:
        return self.request("POST", path, body, **options)

    def ok(self, path, body, **options):
        """The JSON of an answer that must be a good one."""
        reply = self.post(path, body, **options)
        assert reply.status == 200, f"{reply.status}: {reply.body[:2000]}"
        return reply.json

    def connect(self, timeout=30) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def send(self, path, body, method="POST", headers=None) -> socket.socket:
        """Sends a request and leaves the answer to be read, or not."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in ({"Content-Length": len(data)} | (headers or {})).items()]
        connection = self.connect()
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        return connection

    def events(self, path, body, timeout=120):
        """The parsed events of a stream; checks that it ends with [DONE]."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request("POST", path, json.dumps(body | {"stream": True}), {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            assert response.getheader("Content-Type").startswith("text/event-stream")
            done = False
            for line in response:
                line = line.rstrip(b"\r\n")
                if not line.startswith(b"data:"):
                    assert not line or line.startswith(b":"), line
                    continue
                assert not done
                data = line[5:].strip()
                done = data == b"[DONE]"
                if not done:
                    yield json.loads(data)
            assert done, "no [DONE]"
        finally:
            connection.close()

    def wait_until(self, condition, seconds=20):
        """Asks until `condition()` holds; its last value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return value

    # Ending it

    def stop(self, seconds=STOP_SECONDS) -> int:
        """Asks it to end, as a service manager does; its exit code. A server that does not end fails the test."""
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {seconds} s after SIGTERM:\n{self.log[-4000:]}") from None
        self._reader.join(5)
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        elif self.is_running:
            self.kill()
