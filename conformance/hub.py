"""A server that speaks as much of the Hub's API as `kite pull` and `huggingface_hub` need, and can misbehave on demand."""

import hashlib
import json
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class File:
    data: bytes
    lfs: bool = True

    @property
    def etag(self):
        if self.lfs:
            return hashlib.sha256(self.data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()


@dataclass
class Repository:
    files: dict
    commit: str = COMMIT
    gated: bool = False
    token: str | None = None


@dataclass
class Request:
    method: str
    path: str
    headers: dict
    status: int = 0


@dataclass
class Trouble:
    """What goes wrong with contents. Each counter says how often it still happens."""

    cut_after: int | None = None
    cuts: int = 0
    statuses: list = field(default_factory=list)
    retry_after: str | None = None
    corrupt: int = 0
    expired: int = 0
    no_ranges: bool = False
    bytes_per_second: int | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(False)

    def do_GET(self):
        self._answer(True)

    def _answer(self, has_body):
        hub = self.server.hub
        request = Request(self.command, self.path, dict(self.headers))
        with hub.lock:
            hub.requests.append(request)
        self._request = request
        path = unquote(urlsplit(self.path).path)
        if self.path.startswith("http://"):
            # As a proxy sees it.
            hub.proxied.append(self.path)
        if path.startswith("/contents/"):
            return self._contents(path.removeprefix("/contents/"), has_body)
        match = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        if match:
            return self._list(*match.groups())
        match = re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path)
        match = match or re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if match and len(match.groups()) == 3:
            return self._resolve(*match.groups(), has_body)
        self._send(404, {})

    def _send(self, status, headers, body=b"", has_body=True):
        self._request.status = status
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if has_body:
            self.wfile.write(body)

    def _repository(self, name, revision):
        repository = self.server.hub.repositories.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token == "expired":
            self._send(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif repository is None or (repository.token and token != repository.token and not repository.gated):
            if token:
                self._send(404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
            else:
                self._send(401, {"X-Error-Message": "Invalid username or password."})
        elif revision not in (None, "main", repository.commit):
            self._send(404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"})
        else:
            return repository
        return None

    def _list(self, name, revision):
        repository = self._repository(name, revision)
        if not repository:
            return
        siblings = []
        for path, file in repository.files.items():
            entry = {"rfilename": path, "size": len(file.data)}
            entry["blobId"] = hashlib.sha1(b"pointer" + path.encode()).hexdigest() if file.lfs else file.etag
            if file.lfs:
                entry["lfs"] = {"sha256": file.etag, "size": len(file.data), "pointerSize": 134}
            siblings.append(entry)
        body = json.dumps({"id": name, "modelId": name, "sha": repository.commit, "siblings": siblings}).encode()
        self._send(200, {"Content-Type": "application/json"}, body)

    def _resolve(self, name, revision, path, has_body):
        repository = self._repository(name, revision)
        if not repository:
            return
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repository.gated and token != repository.token:
            status = 403 if token else 401
            return self._send(status, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        file = repository.files.get(path)
        if file is None:
            return self._send(404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"})
        headers = {"X-Repo-Commit": repository.commit}
        if not file.lfs:
            headers["ETag"] = f'"{file.etag}"'
            return self._send(200, headers, file.data, has_body)
        headers |= {
            "X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(len(file.data)), "ETag": '"of-the-redirection"',
            "Location": f"{self.server.hub.contents_url}/contents/{name}/{path}?signature=secret",
        }
        self._send(302, headers, b"Found", has_body)

    def _contents(self, path, has_body):
        hub = self.server.hub
        name, file_path = "/".join(path.split("/")[:2]), "/".join(path.split("/")[2:])
        file = hub.repositories[name].files[file_path]
        trouble = hub.trouble
        with hub.lock:
            status = trouble.statuses.pop(0) if trouble.statuses else None
            expired = trouble.expired > 0
            trouble.expired -= expired
            corrupt = trouble.corrupt > 0
            trouble.corrupt -= corrupt
        if status:
            return self._send(status, {"Retry-After": trouble.retry_after} if trouble.retry_after else {}, b"busy")
        if expired:
            return self._send(403, {}, b"<Error>Request has expired</Error>")
        data, start, code, headers = file.data, 0, 200, {"Accept-Ranges": "bytes"}
        requested = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if requested and not trouble.no_ranges:
            start = int(requested[1])
            end = min(int(requested[2] or len(data) - 1), len(data) - 1)
            code, headers = 206, {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
            data = data[start : end + 1]
        if corrupt and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        with hub.lock:
            cut = trouble.cuts > 0 and trouble.cut_after is not None and len(data) > trouble.cut_after
            trouble.cuts -= cut
        self._request.status = code
        self.send_response(code)
        for key, value in (headers | {"Content-Length": str(len(data)), "ETag": '"something-else"'}).items():
            self.send_header(key, value)
        self.end_headers()
        if not has_body:
            return
        if cut:
            self.wfile.write(data[: trouble.cut_after])
            self.wfile.flush()
            # A reset, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if not trouble.bytes_per_second:
            self.wfile.write(data)
            return
        piece = max(trouble.bytes_per_second // 50, 1)
        for offset in range(0, len(data), piece):
            self.wfile.write(data[offset : offset + piece])
            time.sleep(0.02)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        # Clients that are killed, and connections that were cut on purpose.
        pass


class Hub:
    """Two servers: the Hub, and the host (another name of the same machine) that has the contents."""

    def __init__(self):
        self.repositories: dict[str, Repository] = {}
        self.requests: list[Request] = []
        self.proxied: list[str] = []
        self.trouble = Trouble()
        self.lock = threading.Lock()
        self._servers = [_Server(("127.0.0.1", 0), _Handler) for _ in range(2)]
        for server in self._servers:
            server.hub = self
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._servers[0].server_address[1]}"
        self.contents_url = f"http://localhost:{self._servers[1].server_address[1]}"

    def encrypt(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        for server in self._servers:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")
        self.contents_url = self.contents_url.replace("http:", "https:")

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def contents_requests(self):
        return [request for request in self.requests if "/contents/" in request.path]
