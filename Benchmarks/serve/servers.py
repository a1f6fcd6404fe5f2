"""Starts the servers that are measured and asks about their memory; ends what it started, by process id."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path


class Running:
    def __init__(self, command, port, log):
        self.command, self.port, self.log = command, port, log
        self.process = None

    def resident(self) -> int:
        """Bytes of memory of its own, without mapped files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"RssAnon:\s+(\d+)", status)[1])

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def tokenize(self, text):
        body = json.dumps({"content": text, "prompt": text}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/tokenize", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["tokens"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def told_port(log):
    """The port that a server's first line names, 0 before it does. Leaves the file where the server writes on."""
    found = re.search(rb"http://127\.0\.0\.1:(\d+)/", os.pread(log.fileno(), 1 << 16, 0))
    return int(found[1]) if found else 0


@contextlib.contextmanager
def running(command, port, seconds=300):
    """A server that answers /health, ended on the way out. Port 0: one that it chooses and tells."""
    with tempfile.TemporaryFile("w+") as log:
        server = Running(command, port, log)
        server.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + seconds
            while True:
                server.port = server.port or told_port(log)
                with contextlib.suppress(OSError):
                    if server.port:
                        server.get("/health")
                        break
                if server.process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    sys.exit(f"{' '.join(command)} does not answer:\n{log.read()[-3000:]}")
                time.sleep(0.1)
            yield server
        finally:
            server.process.terminate()
            try:
                server.process.wait(60)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()


def kite(program, model, clients, threads, *flags):
    command = [program, "serve", *([model] if model else []), "--host", "127.0.0.1", "--port", "0",
               "--parallel", str(clients), "-t", str(threads), *flags]
    return running(command, 0)


# What can make it faster or slower; the fastest is the anchor.
LLAMA_SETTINGS = {
    f"{'repack' if repack else 'no repack'}, fa {flash}, {'one cache' if unified else 'split cache'}": [
        "--repack" if repack else "--no-repack", "-fa", flash, "--kv-unified" if unified else "--no-kv-unified"]
    for repack in (True, False) for flash in ("on", "off") for unified in (True, False)
}


def llama(program, model, clients, threads, context, setting):
    port = free_port()
    command = [program, "-m", model, "--host", "127.0.0.1", "--port", str(port), "-np", str(clients), "-c", str(context * clients),
               "-t", str(threads), "-tb", str(threads), "--cache-ram", "0", *LLAMA_SETTINGS[setting]]
    return running(command, port)


def bench(program, model, batch, tokens, depth, threads):
    """Tokens per second of `kite bench` with `batch` sequences side by side."""
    command = [program, "bench", *(["-m", model] if model else []), "-p", "0", "-n", str(tokens), "-d", str(depth), "-b", str(batch),
               "-t", str(threads), "-r", "1", "--json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=1200)
    return json.loads(done.stdout)[0]["avg_ts"]
