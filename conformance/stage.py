"""A server between a browser and Kite: passes everything on, but for the answers that a test supplies."""

import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"}


@dataclass
class Answer:
    """What the model is made to say: a stream in OpenAI's shape, or an error."""

    text: str = ""
    finish: str = "stop"
    delay: float = 0.0
    size: int = 4
    breaks: bool = False
    status: int = 200
    error: str = ""
    headers: dict = field(default_factory=dict)
    gate: threading.Event | None = None
    """The second half waits for it."""


class Stage:
    def __init__(self, host: str, port: int):
        self.upstream = (host, port)
        self.answers: list[Answer] = []
        self.requests: list[dict] = []
        """Bodies of the requests for an answer."""
        self.left = 0
        """Clients that went away during an answer."""
        self.is_down = False
        stage = self

        class Handler(StageHandler):
            pass

        Handler.stage = stage
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def says(self, *answers):
        """The next answers; a text stands for one that ends well."""
        self.answers += [Answer(one) if isinstance(one, str) else one for one in answers]

    @contextmanager
    def down(self):
        self.is_down = True
        try:
            yield
        finally:
            self.is_down = False

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class StageHandler(BaseHTTPRequestHandler):
    stage: Stage

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_request()

    def do_POST(self):
        self.handle_request()

    def handle_request(self):
        self.close_connection = True
        if self.stage.is_down:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "POST" and self.path.endswith("/chat/completions"):
            self.stage.requests.append(json.loads(body))
            if self.stage.answers:
                self.play(self.stage.answers.pop(0))
                return
        self.pass_on(body)

    def pass_on(self, body):
        connection = http.client.HTTPConnection(*self.stage.upstream, timeout=120)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while piece := response.read1(65536):
                self.wfile.write(piece)
        except OSError:
            pass
        finally:
            connection.close()

    def play(self, answer: Answer):
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 200:
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            error = {"message": answer.error, "type": "error", "param": None, "code": None}
            self.wfile.write(json.dumps({"error": error}).encode())
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        pieces = [answer.text[at:at + answer.size] for at in range(0, len(answer.text), answer.size)]
        try:
            self.event({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
            for index, piece in enumerate(pieces):
                if answer.gate and index == len(pieces) // 2:
                    answer.gate.wait(120)
                self.event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
                time.sleep(answer.delay)
            if answer.breaks:
                return
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": answer.finish}]})
            usage = {"prompt_tokens": 50, "completion_tokens": len(pieces), "prompt_tokens_details": {"cached_tokens": 20}}
            self.event({"choices": [], "usage": usage, "timings": {"predicted_per_second": 12.5}})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.stage.left += 1

    def event(self, value):
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()
