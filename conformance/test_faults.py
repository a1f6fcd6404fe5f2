"""Clients that vanish, stall or send rubbish: the right status, and nothing that stays behind."""

import json
import re
import shutil
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import GOLDEN, NANO
from server import Server

CHAT = "/v1/chat/completions"
QUESTION = {"messages": [{"role": "user", "content": "What is the capital of Peru?"}], "temperature": 0}
ENDLESS = {"prompt": "1, 2, 3,", "max_tokens": 900, "ignore_eos": True, "temperature": 1, "stream": True}
MEGABYTE = 1 << 20


def is_idle(server):
    """Nothing runs, nothing waits, and no page is held but by the cache of prefixes."""
    values = server.metrics()

    def total(pattern):
        found = [value for name, value in values.items() if re.match(pattern, name)]
        assert found, f"no {pattern} in /metrics"
        return sum(found)

    # The request for these numbers is one itself.
    return total("kite_requests_in_flight") <= 1 and not (
        total("kite_sequences_running") + total("kite_sequences_waiting") + total(r'kite_kv_pages\{.*state="held"'))


def assert_well(server):
    """Still answers, and holds nothing of what went before."""
    assert server.is_running, server.log[-4000:]
    assert server.wait_until(lambda: is_idle(server)), {
        name: value for name, value in server.metrics().items() if value and name.startswith(("kite_sequences", "kite_kv", "kite_requests_in"))}
    answer = server.ok(CHAT, QUESTION)
    assert "Lima" in answer["choices"][0]["message"]["content"]


def reset(connection):
    """Closes without a farewell, as a killed machine's network does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_some(connection, pattern=b"data:"):
    data = b""
    while pattern not in data:
        piece = connection.recv(65536)
        assert piece, data
        data += piece
    return data


def read_all(connection, seconds=60):
    connection.settimeout(seconds)
    data = b""
    try:
        while piece := connection.recv(1 << 16):
            data += piece
    except ConnectionResetError:
        pass
    return data


@pytest.fixture(scope="module")
def server(kite):
    with Server(kite.path) as server:
        yield server
        assert_well(server)


# Clients that leave


@pytest.mark.timeout(900)
def test_a_thousand_killed_in_mid_stream(serve):
    server = serve("--kv-memory", "20M")
    body = json.dumps(ENDLESS).encode()
    prompt = json.dumps(ENDLESS | {"prompt": [5] * 900, "cache_prompt": False, "max_tokens": 50}).encode()

    def leave(i):
        connection = server.send("/v1/completions", prompt if i % 5 == 4 else body)
        if i % 5 < 3:
            read_some(connection)
        # Every fifth leaves while the prompt is read, every fifth before the first token.
        reset(connection) if i % 2 else connection.close()

    def batch(count):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(leave, range(count)))
        assert_well(server)
        return server.wait_until(lambda: server.sockets() <= 1 and server.descriptors()), server.resident()

    # The allocator takes memory in steps of megabytes, the more clients happen to come at once, and keeps it. What a
    # client leaves behind grows with every batch: so the batch with the least growth counts, at 1 KiB a client.
    measured = [batch(1000)] + [batch(500) for _ in range(4)]
    descriptors, resident = [[values[i] for values in measured] for i in (0, 1)]
    growth = [after - before for before, after in zip(resident, resident[1:])]
    assert descriptors[-1] <= descriptors[0] + 1, descriptors
    assert min(growth) <= MEGABYTE // 2, resident
    assert sum(growth) <= 32 * MEGABYTE, resident


def test_leaving_frees_at_once(serve):
    """A client that leaves is noticed while the prompt is read and while tokens are made, not at the next write."""
    server = serve(GOLDEN / "stablelm-3b" / "model.gguf", "--parallel", "1")
    quick = {"prompt": [5, 6], "max_tokens": 1}

    def seconds(work):
        began = time.monotonic()
        work()
        return time.monotonic() - began

    def leave(body):
        server.send("/v1/completions", body).close()
        server.ok("/v1/completions", quick)

    for body in (
        {"prompt": [7] * 100, "max_tokens": 150, "ignore_eos": True, "n": 16},
        {"prompt": [[7] * 250] * 200, "max_tokens": 1, "cache_prompt": False},
    ):
        # Who comes next waits for what the machine needs for all of it, were it not noticed. One of several tries is
        # enough: something else can always come in between.
        whole = min(seconds(lambda: server.ok("/v1/completions", body)) for _ in range(3))  # noqa: B023
        assert min(seconds(lambda: leave(body)) for _ in range(5)) < whole / 2  # noqa: B023
    assert server.wait_until(lambda: is_idle(server))


def test_a_slow_reader(serve):
    """Its stream waits for it in bounded memory, and nobody else does."""
    server = serve()
    assert_well(server)
    before = server.resident()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((server.host, server.port))
    body = json.dumps(ENDLESS | {"n": 16, "logprobs": 20}).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + body)
    read_some(connection)
    most = 0
    for _ in range(20):
        began = time.monotonic()
        assert "Lima" in server.ok(CHAT, QUESTION)["choices"][0]["message"]["content"]
        assert time.monotonic() - began < 12
        most = max(most, server.resident())
        time.sleep(0.2)
    assert most - before < 64 * MEGABYTE
    connection.settimeout(30)
    data = read_all(connection)
    # The rest of it, or a server that had waited long enough.
    assert not data or b"data:" in data
    connection.close()
    assert_well(server)


def test_half_open_connections(server):
    """Clients that never send anything, or will send no more: nobody is held up."""
    silent = [server.connect() for _ in range(100)]
    halves = [server.send("/v1/completions", ENDLESS) for _ in range(16)]
    for connection in halves:
        connection.shutdown(socket.SHUT_WR)
    assert "Lima" in server.ok(CHAT, QUESTION)["choices"][0]["message"]["content"]
    for connection in halves:
        # Its answer or its end, and not neither.
        read_all(connection)
    assert_well(server)
    for connection in silent + halves:
        connection.close()


@pytest.mark.timeout(300)
def test_slow_loris(serve):
    """Heads that come byte by byte: others are answered meanwhile, and the connection is closed in time."""
    server = serve()
    slow = [server.connect() for _ in range(200)]
    for connection in slow:
        connection.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        connection.setblocking(False)
    bodies = [server.connect() for _ in range(50)]
    for connection in bodies:
        connection.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    waiting = set(slow)
    deadline = time.monotonic() + 60
    while waiting and time.monotonic() < deadline:
        for connection in list(waiting):
            try:
                connection.send(b"a")
                if not connection.recv(4096):
                    waiting.discard(connection)
            except BlockingIOError:
                pass
            except OSError:
                waiting.discard(connection)
        began = time.monotonic()
        assert "Lima" in server.ok(CHAT, QUESTION)["choices"][0]["message"]["content"]
        assert time.monotonic() - began < 12
        time.sleep(0.3)
    assert not waiting
    for connection in slow + bodies:
        connection.close()
    assert_well(server)


# Bodies that are none


def test_a_hundred_megabytes(server):
    before = server.resident()
    for chunked in (False, True):
        connection = server.connect()
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {100 * MEGABYTE}"
        connection.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode())
        piece = b" " * MEGABYTE
        answer = []
        reader = threading.Thread(target=lambda: answer.append(read_all(connection)))  # noqa: B023
        reader.start()
        try:
            for _ in range(100):
                connection.sendall(b"100000\r\n" + piece + b"\r\n" if chunked else piece)
        except OSError:
            pass  # It has stopped listening.
        reader.join(90)
        assert not reader.is_alive()
        connection.close()
        assert answer[0].startswith(b"HTTP/1.1 413"), answer[0][:200]
        assert json.loads(answer[0].split(b"\r\n\r\n", 1)[1])["error"]["code"] == "request_too_large"
    assert server.resident() - before < 64 * MEGABYTE
    assert_well(server)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"1", b'"x"', b"{}{}", b"[" * 10_000, b'{"prompt":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b'{"prompt": "\xff\xfe"}', b'{"prompt": "\xed\xa0\x80"}', b'{"prompt": "\\ud800"}',
        b'{"prompt": "a\nb"}', b'{"prompt": "a", "prompt": "b"}', b'{"prompt": "a",}', b"{'prompt': 'a'}", b'{"prompt": NaN}',
        b'\xef\xbb\xbf{"prompt": "a"}', b'{"prompt": "a"}\x00', b"\x00" * 1000, b'{"prompt": 1e999}', b'{"prompt": "a", "seed": 1' + b"0" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_bodies(server, body):
    for path in ("/v1/completions", CHAT, "/v1/embeddings", "/tokenize", "/detokenize", "/apply-template"):
        reply = server.post(path, body)
        assert reply.status == 400, (path, reply.status, reply.body[:300])
        assert reply.error["type"] == "invalid_request_error"
        assert len(reply.error["message"]) < 500


def test_requests_that_are_no_http(server):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, b"GET\r\n\r\n", b"\r\n" * 1000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 b"GET /health HTTP/1.1\r\n" + b"X: " + b"a" * (4 * MEGABYTE), b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 100_000,
                 b"GET /" + b"a" * (2 * MEGABYTE) + b" HTTP/1.1\r\n\r\n", b"POST /v1/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                 b"POST /v1/completions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"):
        connection = server.connect()
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b""
        try:
            answer = read_all(connection, 10)
        except OSError:
            pass
        assert not answer or re.match(rb"HTTP/1\.[01] [45]", answer) and not answer.startswith(b"HTTP/1.1 500"), answer[:200]
        connection.close()
    assert_well(server)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405), ("DELETE", "/health", 405), ("GET", "/v1/nothing", 404),
        ("GET", "/../../etc/passwd", 404), ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404), ("GET", "/v1/models/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/models/%00", 404), ("GET", "/v1/models/%ff%fe", 404), ("GET", "/tokenizer_info?model=gpt-17", 404),
    ],
)
def test_paths(server, method, path, status):
    reply = server.request(method, path)
    assert reply.status == status
    assert reply.error


# Fields


HUGE = ["-1", "-9223372036854775809", "9223372036854775807", "18446744073709551616", "1e308", "-1e308", "1e-320", "1e400", "-0.0", "0.5", "1" + "0" * 400]
WRONG = ['"5"', '""', "[]", "{}", "true", "[[[]]]", '{"a": {"b": null}}', "[null]"]
COMPLETION_FIELDS = """max_tokens max_completion_tokens n_predict n stop seed temperature top_p top_k min_p typical_p presence_penalty
frequency_penalty repeat_penalty repetition_penalty repeat_last_n logit_bias ignore_eos cache_prompt timeout t_max_predict_ms grammar
json_schema response_format lora stream stream_options model echo logprobs suffix best_of user prompt""".split()
CHAT_FIELDS = """messages tools tool_choice parallel_tool_calls logprobs top_logprobs n max_tokens stop seed temperature
continue_final_message chat_template_kwargs functions function_call modalities reasoning_effort metadata store""".split()


@pytest.mark.parametrize("field", COMPLETION_FIELDS)
def test_values_of_completion_fields(server, field):
    send_values(server, "/v1/completions", {"prompt": "a", "max_tokens": 1}, field)


@pytest.mark.parametrize("field", CHAT_FIELDS)
def test_values_of_chat_fields(server, field):
    send_values(server, CHAT, {"messages": [{"role": "user", "content": "a"}], "max_tokens": 1}, field)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/embeddings", {"input": "a"}, "input"), ("/v1/embeddings", {"input": "a"}, "encoding_format"),
        ("/v1/embeddings", {"input": "a"}, "dimensions"), ("/tokenize", {"prompt": "a"}, "prompt"),
        ("/tokenize", {"prompt": "a"}, "add_special_tokens"), ("/tokenize", {"prompt": "a"}, "with_pieces"),
        ("/detokenize", {"tokens": [1]}, "tokens"), ("/apply-template", {"messages": []}, "messages"),
        ("/apply-template", QUESTION, "tools"), ("/apply-template", QUESTION, "add_generation_prompt"),
    ],
)
def test_values_of_other_fields(server, path, body, field):
    send_values(server, path, body, field)


def send_values(server, path, body, field):
    rest = json.dumps({key: value for key, value in body.items() if key != field})[1:-1]
    for value in HUGE + WRONG:
        reply = server.post(path, f'{{"{field}": {value}{", " if rest else ""}{rest}}}'.encode(), timeout=60)
        assert reply.status in (200, 400, 404, 408), f"{field}: {value}: {reply.status} {reply.body[:300]}"
        if reply.status != 200:
            error = reply.error
            assert field in error["message"] or (error["param"] or "").startswith(field), f"{field}: {value}: {error}"


def test_arrays_of_wrong_things(server):
    for prompt in ([-1], [2**31], [2**63], [99999], [1.5], ["a", 1], [[1], "a"], [[1], []], [[[1]]], [None], [True], [[]], []):
        reply = server.post("/v1/completions", {"prompt": prompt, "max_tokens": 1})
        assert (reply.status, reply.error["param"]) == (400, "prompt"), prompt
    for tokens in ([-1], [2**31], [99999], ["a"], [1.5], [None]):
        assert server.post("/detokenize", {"tokens": tokens}).status == 400, tokens
    assert server.post("/v1/completions", {"prompt": ["a"] * 100_000, "max_tokens": 1}).status == 400
    assert server.post("/v1/completions", {"prompt": "a", "max_tokens": 1, "stop": ["x"] * 100_000}).status == 400
    bias = {str(i): 1 for i in range(100_000)}
    assert server.post("/v1/completions", {"prompt": "a", "max_tokens": 1, "logit_bias": bias}).status == 400


def test_unknown_fields_are_ignored(server):
    body = QUESTION | {"no_such_field": {"deep": [1, 2]}, "user": "ada", "metadata": {"a": "b"}, "store": False, "service_tier": "auto"}
    assert "Lima" in server.ok(CHAT, body)["choices"][0]["message"]["content"]


# The world changes


def test_model_file_deleted_while_running(serve, tmp_path):
    """A loaded model goes on; one that is gone before it was loaded is an error by name."""
    first, second = tmp_path / "first.gguf", tmp_path / "second.gguf"
    for path in (first, second):
        shutil.copy(NANO, path)
    server = serve(first, second)
    names = [entry["id"] for entry in server.get("/v1/models").json["data"]]
    assert len(names) == 2
    expected = server.ok(CHAT, QUESTION | {"model": names[0]})["choices"][0]["message"]["content"]
    first.unlink()
    second.unlink()
    for _ in range(3):
        assert server.ok(CHAT, QUESTION | {"model": names[0]})["choices"][0]["message"]["content"] == expected
    reply = server.post(CHAT, QUESTION | {"model": names[1]})
    # It was loaded at the start, or it cannot be any more.
    assert reply.status in (200, 404, 503)
    if reply.status != 200:
        assert names[1] in reply.error["message"] or "second" in reply.error["message"]
    assert_well(server)


def test_model_file_cut_while_running(serve, tmp_path):
    """The worst case: the bytes under a mapped file go away."""
    path = tmp_path / "cut.gguf"
    shutil.copy(GOLDEN / "quantized" / "F32.gguf", path)
    server = serve(path)
    assert server.ok("/v1/completions", {"prompt": "a", "max_tokens": 2})
    replacement = tmp_path / "other.gguf"
    replacement.write_bytes(b"GGUF")
    replacement.replace(path)
    assert server.ok("/v1/completions", {"prompt": "a", "max_tokens": 2})


def test_out_of_memory_for_keys_and_values(serve):
    """Pages for two long sequences: a request that can never fit is refused, all others are answered, one after another."""
    server = serve("--kv-memory", "4M")
    alone = server.ok("/v1/completions", {"prompt": "1, 2,", "max_tokens": 200, "ignore_eos": True, "temperature": 0})
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(
            lambda i: server.post("/v1/completions", {
                "prompt": "1, 2,", "max_tokens": 200, "ignore_eos": True, "temperature": 0, "cache_prompt": i % 2 == 0}),
            range(32)))
    assert {reply.status for reply in replies} == {200}
    assert {reply.json["choices"][0]["text"] for reply in replies} == {alone["choices"][0]["text"]}
    reply = server.post("/v1/completions", {"prompt": [5] * 900, "max_tokens": 100})
    assert reply.status == 400 and reply.error["message"]
    reply = server.post("/v1/completions", {"prompt": "1, 2,", "max_tokens": 100, "n": 32, "ignore_eos": True})
    assert reply.status in (200, 400)
    assert_well(server)


def test_drain(serve):
    """SIGTERM: what runs ends well, what comes is told to go elsewhere, and the exit code is 0."""
    server = serve("--drain", "120")
    connection = server.send("/v1/completions", ENDLESS | {"max_tokens": 900}, headers={"Connection": "close"})
    data = read_some(connection)
    stopper = threading.Thread(target=server.stop, args=(150,))
    stopper.start()
    data += read_all(connection)
    assert b"data: [DONE]" in data and b'"finish_reason":"length"' in data.replace(b": ", b":")
    stopper.join(160)
    assert server.process.returncode == 0
    with pytest.raises(OSError):
        server.connect()
