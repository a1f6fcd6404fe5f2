"""`kite serve` as a process: its first line, its errors, its signals, its log."""

import json
import signal
import socket
import subprocess
import time

import pytest
from server import Server

QUESTION = {"messages": [{"role": "user", "content": "What is the capital of Peru?"}], "temperature": 0}
ENDLESS = QUESTION | {"stream": True, "max_tokens": 100000, "ignore_eos": True}


def test_first_line(kite):
    """Says what is served and where; port 0 becomes the port chosen."""
    with Server(kite.path) as server:
        assert f"kite: serving nano at http://127.0.0.1:{server.port}/" in server.log
        assert server.get("/health").json == {"status": "ok"}


def test_port_taken(kite):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = kite("serve", "--port", taken.getsockname()[1])
    assert result.code == 1 and not result.out
    assert len(result.error_lines) == 1 and "is taken by another program" in result.error_lines[0]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7", "a b"])
def test_host_that_is_none(kite, host):
    result = kite("serve", "--host", host, "--port", 0)
    assert result.code == 1
    assert len(result.error_lines) == 1 and f"'{host}' is no address of this machine" in result.error_lines[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", 70000), ("--port", "x"), ("--parallel", 0), ("--cors-origin", "example.org"), ("--api-key", ""),
        ("--max-body", "huge"), ("--timeout", -1), ("--api-prefix", "/a?b"), ("--log-format", "xml"),
    ],
)
def test_wrong_usage(kite, arguments):
    result = kite("serve", *arguments)
    assert result.code == 2 and len(result.error_lines) == 1, result.err


def test_model_that_is_none(kite):
    result = kite("serve", "/no/such/model.gguf", "--port", 0)
    assert result.code == 1 and len(result.error_lines) == 1
    assert "serving" not in result.err


def test_no_key_warns(kite):
    """Listening on all addresses without a key is said out loud, with one it is not."""
    for keys, warns in [((), True), (("--api-key", "secret"), False)]:
        log = listen_everywhere(kite, *keys)
        assert ("without an API key" in log) is warns


def listen_everywhere(kite, *arguments):
    process = subprocess.Popen(
        [kite.path, "serve", "--host", "0.0.0.0", "--port", "0", *arguments], stderr=subprocess.PIPE, text=True,
    )
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "serving" in line:
                break
        return "".join(lines)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_keys_of_environment_and_file(kite, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("# team\none\n\ntwo\n")
    with Server(kite.path, "--api-key-file", keys, env={"KITE_API_KEY": "three, four"}) as server:
        def status(key):
            return server.get("/v1/models", headers={"Authorization": f"Bearer {key}"}).status

        assert [status(key) for key in ["one", "two", "three", "four", "five", "# team"]] == [200, 200, 200, 200, 401, 401]
        assert server.get("/v1/models").status == 401
        assert server.get("/health").status == server.get("/").status == 200
        keys.write_text("five\n")
        server.process.send_signal(signal.SIGHUP)
        assert server.wait_until(lambda: status("five") == 200)
        assert status("one") == 401 and status("three") == 200
        # A file that cannot be used leaves the keys as they were.
        keys.write_text("")
        server.process.send_signal(signal.SIGHUP)
        assert server.wait_until(lambda: "there is no key in" in server.log)
        assert status("five") == 200


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 0), (signal.SIGTERM, 0)])
def test_idle_server_ends_at_once(kite, number, code):
    server = Server(kite.path)
    start = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(60) == code
    # A drain that waits for nothing would take 30 s.
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_second_signal_ends_it(kite, number, code):
    server = Server(kite.path, "-c", 4096)
    # Together more than the buffers between here and there hold: it is still at it, however slow this test is.
    connection = server.send("/v1/chat/completions", ENDLESS | {"n": 16})
    assert connection.recv(100)
    server.process.send_signal(number)
    assert server.wait_until(lambda: server.get("/health").status == 503)
    server.process.send_signal(number)
    assert server.process.wait(20) == code
    connection.close()


def test_log_has_no_prompts(kite):
    for arguments, shows in [((), False), (("--log-prompts",), True)]:
        server = Server(kite.path, "--log-format", "json", *arguments)
        assert "Lima" in server.ok("/v1/chat/completions", QUESTION)["choices"][0]["message"]["content"]
        assert server.post("/v1/chat/completions", QUESTION | {"temperature": "Peru!"}).status == 400
        server.stop()
        assert ("Peru" in server.log) is shows
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
        line = next(line for line in lines if line.get("path") == "/v1/chat/completions")
        assert line["status"] == 200 and line["model"] == "nano" and line["completion_tokens"] > 0
        assert line["method"] == "POST" and line["client"] == "127.0.0.1" and line["seconds"] > 0


def test_prefix(kite):
    with Server(kite.path, "--api-prefix", "/ai") as server:
        assert server.get("/ai/v1/models").status == 200
        assert server.get("/ai/").status == server.get("/ai").status == 200
        assert server.get("/v1/models").error
        assert f"http://127.0.0.1:{server.port}/ai/" in server.log
