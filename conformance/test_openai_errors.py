"""Errors as OpenAI's client knows them: its exception classes, and its retries."""

import socket
import threading
import time

import httpx
import openai
import pytest

HELLO = [{"role": "user", "content": "Hello"}]


def make(server, **options):
    options = {"api_key": "none", "max_retries": 0, "timeout": 60} | options
    return openai.OpenAI(base_url=server.url + "/v1", **options)


@pytest.fixture(scope="module")
def client(server):
    return make(server)


@pytest.fixture(scope="module")
def model(client):
    return client.models.list().data[0].id


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"n": 100000}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, None),
        ({"messages": [{"role": "user", "content": 5}]}, None),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://localhost/"}}]}]}, None),
        ({"stop": [5]}, "stop"),
        ({"logit_bias": {"99999999": 1}}, "logit_bias"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"response_format": {"type": "xml"}}, None),
        ({"tool_choice": "required"}, None),
        ({"extra_body": {"grammar": "root ::= ("}}, "grammar"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_requests(client, model, options, param):
    with pytest.raises(openai.BadRequestError) as found:
        client.chat.completions.create(**{"model": model, "messages": HELLO} | options)
    error = found.value
    assert error.status_code == 400 and error.type == "invalid_request_error" and error.body["message"]
    if param:
        assert error.param == param


def test_suffix_is_refused_by_name(client, model):
    with pytest.raises(openai.BadRequestError, match="suffix"):
        client.completions.create(model=model, prompt="a", suffix="b")


def test_too_long(client, model):
    with pytest.raises(openai.BadRequestError) as found:
        client.completions.create(model=model, prompt=[5] * 5000)
    assert found.value.code == "context_length_exceeded"


def test_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as found:
        client.chat.completions.create(model="gpt-17", messages=HELLO)
    assert (found.value.code, found.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-17")


def test_unknown_route(client):
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="x", prompt="a kite")


def test_stream_refuses_before_it_begins(client, model):
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=model, messages=HELLO, temperature=-1, stream=True)


def test_keys(serve):
    server = serve("--api-key", "kite-secret")
    for key in ("wrong", "kite-secre", "kite-secrets"):
        with pytest.raises(openai.AuthenticationError) as found:
            make(server, api_key=key).models.list()
        assert found.value.code == "invalid_api_key"
    assert make(server, api_key="kite-secret").models.list().data
    assert server.get("/health").status == 200
    assert server.get("/v1/models").status == 401
    assert "kite-secret" not in server.log


def test_connection_refused():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(openai.APIConnectionError):
        openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0).models.list()


def test_deadline(client, model):
    """A request's own limit on time ends it with an error that the client knows."""
    began = time.monotonic()
    with pytest.raises((openai.APITimeoutError, openai.APIStatusError)) as found:
        client.completions.create(
            model=model, prompt="1, 2,", max_tokens=1000, n=32, extra_body={"ignore_eos": True, "timeout": 0.01})
    assert time.monotonic() - began < 20
    assert found.value.status_code in (408, 504)


def test_busy_and_retry(serve):
    """A full queue says 429 with Retry-After; the client waits that long, asks again and gets its answer."""
    server = serve("--parallel", "1", "--queue", "1")
    model = make(server).models.list().data[0].id
    statuses, moments, waits = [], [], []

    def note(response):
        statuses.append(response.status_code)
        moments.append(time.monotonic())
        waits.append(response.headers.get("retry-after"))

    long = {"model": model, "prompt": "1, 2,", "max_tokens": 800, "stream": True, "ignore_eos": True, "temperature": 1}
    # Streams that nobody reads would end early otherwise: one answers for each place until the queue is full.
    held = [server.send("/v1/completions", long | {"n": 8, "seed": i, "logprobs": 5}) for i in range(6)]
    try:
        with pytest.raises(openai.RateLimitError) as found:
            for _ in range(50):
                make(server).completions.create(model=model, prompt="Hello", max_tokens=1)
        assert int(found.value.response.headers["retry-after"]) >= 1
        assert found.value.type == "rate_limit_error"

        drain = [threading.Thread(target=read_all, args=(connection,)) for connection in held]
        with httpx.Client(event_hooks={"response": [note]}) as http:
            client = make(server, max_retries=30, http_client=http)
            for thread in drain:
                thread.start()
            answer = client.completions.create(model=model, prompt="Hello", max_tokens=1)
        assert answer.choices[0].text is not None and statuses[-1] == 200 and set(statuses[:-1]) <= {429}
        for earlier, later, wait in zip(moments, moments[1:], waits, strict=False):
            assert later - earlier >= int(wait) - 0.1
        for thread in drain:
            thread.join(60)
    finally:
        for connection in held:
            connection.close()


def read_all(connection):
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass
