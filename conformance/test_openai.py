"""OpenAI's own client against the server: chat, streams, log-probabilities, plain completions, embeddings."""

import asyncio
import base64
import math

import numpy as np
import openai
import pytest

QUESTION = [{"role": "user", "content": "What is the capital of Peru?"}]
LONG = [{"role": "user", "content": "List 10 synonyms for the word \"tiny\""}]


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def model(client):
    return client.models.list().data[0].id


@pytest.fixture(scope="module")
def chat(client, model):
    def ask(messages=QUESTION, **options):
        return client.chat.completions.create(model=model, messages=messages, **{"temperature": 0} | options)

    return ask


@pytest.fixture(scope="module")
def complete(client, model):
    def ask(prompt, **options):
        return client.completions.create(model=model, prompt=prompt, **{"temperature": 0, "max_tokens": 24} | options)

    return ask


def text_of(chunks, choice=0):
    return "".join(
        c.delta.content or "" for chunk in chunks for c in chunk.choices if c.index == choice)


# Chat


def test_models(client, model):
    found = client.models.retrieve(model)
    assert (found.id, found.object) == (model, "model")
    assert found.created > 1_600_000_000


def test_chat(chat, model):
    answer = chat()
    assert answer.object == "chat.completion" and answer.model == model and answer.id
    [choice] = answer.choices
    assert (choice.index, choice.message.role, choice.finish_reason) == (0, "assistant", "stop")
    assert "Lima" in choice.message.content and choice.message.tool_calls is None and choice.logprobs is None
    usage = answer.usage
    assert usage.prompt_tokens > 5 and usage.completion_tokens > 1
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert chat().id != answer.id


def test_stream(chat):
    whole = chat().choices[0].message.content
    chunks = list(chat(stream=True))
    assert text_of(chunks) == whole
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.finish_reason for chunk in chunks for c in chunk.choices][-1] == "stop"
    assert all(c.finish_reason is None for chunk in chunks[:-1] for c in chunk.choices)
    assert all(chunk.usage is None for chunk in chunks)
    assert len(chunks) > 3, "the answer came in one piece"


def test_stream_with_usage(chat):
    *chunks, last = chat(stream=True, stream_options={"include_usage": True})
    whole = chat()
    assert last.choices == [] and all(chunk.usage is None for chunk in chunks)
    assert last.usage.prompt_tokens == whole.usage.prompt_tokens
    assert last.usage.completion_tokens == whole.usage.completion_tokens
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


def test_stream_helper(client, model):
    """The client's own assembly of events."""
    with client.chat.completions.stream(model=model, messages=QUESTION, temperature=0) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert "Lima" in final.choices[0].message.content


def test_leaving_a_stream(server, chat):
    with chat(LONG, stream=True, max_tokens=900, extra_body={"ignore_eos": True}) as stream:
        next(iter(stream))
    assert "Lima" in chat().choices[0].message.content


def test_cached_tokens(chat):
    messages = [{"role": "user", "content": "Remember my name, it is Ada. " * 20 + "What is 2 plus 3?"}]
    first, second = chat(messages), chat(messages)
    cached = second.usage.prompt_tokens_details.cached_tokens
    assert 0 < cached < second.usage.prompt_tokens
    assert first.choices[0].message.content == second.choices[0].message.content
    without = chat(messages, extra_body={"cache_prompt": False})
    assert without.usage.prompt_tokens_details.cached_tokens == 0
    assert without.choices[0].message.content == second.choices[0].message.content
    timings = second.model_extra["timings"]
    assert timings["cache_n"] + timings["prompt_n"] == second.usage.prompt_tokens
    assert timings["predicted_n"] == second.usage.completion_tokens and timings["predicted_per_second"] > 0


def test_conversation(chat):
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": "Hello Ada!"},
        {"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "my name?"}]},
    ]
    assert chat(messages).choices[0].message.content


def test_log_probabilities(chat):
    answer = chat(logprobs=True, top_logprobs=5)
    entries = answer.choices[0].logprobs.content
    # The token that ends the answer may be told, without text.
    assert answer.usage.completion_tokens - 1 <= len(entries) <= answer.usage.completion_tokens
    assert b"".join(bytes(entry.bytes) for entry in entries).decode() == answer.choices[0].message.content
    for entry in entries:
        assert len(entry.top_logprobs) == 5
        ordered = [top.logprob for top in entry.top_logprobs]
        assert ordered == sorted(ordered, reverse=True) and sum(map(math.exp, ordered)) <= 1 + 1e-5
        # Greedy: the token is the likeliest.
        assert entry.logprob == ordered[0] <= 0 and entry.token == entry.top_logprobs[0].token
    streamed = [
        entry for chunk in chat(logprobs=True, top_logprobs=5, stream=True) for c in chunk.choices if c.logprobs
        for entry in c.logprobs.content or []
    ]
    assert streamed == entries
    # They are the model's, whatever was done to draw a token.
    drawn = chat(logprobs=True, temperature=1.3, seed=5, presence_penalty=1, logit_bias={"5": 3}).choices[0].logprobs.content
    assert all(entry.logprob <= 0 and entry.top_logprobs == [] for entry in drawn)
    if drawn[0].token == entries[0].token:
        assert drawn[0].logprob == entries[0].logprob


def test_choices(chat):
    options = {"temperature": 3, "seed": 11, "max_tokens": 20, "top_p": 1, "extra_body": {"min_p": 0, "top_k": 0}}
    answer = chat(LONG, n=3, **options)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    assert answer.usage.completion_tokens > 20
    for choice in answer.choices:
        alone = chat(LONG, **options | {"seed": 11 + choice.index})
        assert alone.choices[0].message.content == choice.message.content
    assert len({c.message.content for c in answer.choices}) > 1
    chunks = list(chat(LONG, n=3, stream=True, **options))
    for choice in answer.choices:
        assert text_of(chunks, choice.index) == choice.message.content
        reasons = [c.finish_reason for chunk in chunks for c in chunk.choices if c.index == choice.index]
        assert reasons[-1] == choice.finish_reason and set(reasons[:-1]) <= {None}


def test_stop(chat):
    whole = chat(LONG).choices[0].message.content
    end = whole[len(whole) // 2 : len(whole) // 2 + 4]
    cut = whole[: whole.index(end)]
    for stop in (end, ["never said", end]):
        answer = chat(LONG, stop=stop).choices[0]
        assert (answer.message.content, answer.finish_reason) == (cut, "stop")
        assert text_of(chat(LONG, stop=stop, stream=True)) == cut


def test_seed(chat):
    options = {"temperature": 3, "max_tokens": 30, "top_p": 1, "extra_body": {"min_p": 0, "top_k": 0}}
    drawn = [chat(LONG, seed=seed, **options).choices[0].message.content for seed in range(5)]
    assert [chat(LONG, seed=seed, **options).choices[0].message.content for seed in range(5)] == drawn
    assert len(set(drawn)) > 1


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_length(chat, name):
    answer = chat(LONG, **{name: 3})
    assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (3, "length")


def test_logit_bias(server, chat):
    first = chat(logprobs=True).choices[0].logprobs.content[0].token
    tokens = server.ok("/tokenize", {"prompt": first, "add_special_tokens": False})["tokens"]
    biased = chat(logit_bias={str(tokens[0]): -100}, logprobs=True).choices[0].logprobs.content[0].token
    assert biased != first


def test_penalties(chat):
    plain = chat(LONG, max_tokens=60).choices[0].message.content
    assert chat(LONG, max_tokens=60, presence_penalty=2.0, frequency_penalty=2.0).choices[0].message.content != plain


def test_several_at_once(server, model):
    async def ask():
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0) as client:
            one = lambda: client.chat.completions.create(model=model, messages=QUESTION, temperature=0)  # noqa: E731
            return await asyncio.gather(*[one() for _ in range(16)])

    assert len({answer.choices[0].message.content for answer in asyncio.run(ask())}) == 1


# Plain completions


def test_completion(complete, model):
    answer = complete("The capital of Peru is")
    assert (answer.object, answer.model, answer.choices[0].index) == ("text_completion", model, 0)
    assert answer.choices[0].text and answer.choices[0].logprobs is None
    pieces = list(complete("The capital of Peru is", stream=True))
    assert "".join(c.text for piece in pieces for c in piece.choices) == answer.choices[0].text
    assert pieces[-1].choices[0].finish_reason == answer.choices[0].finish_reason


def test_completion_default_length(client, model):
    """16 tokens when nothing is said, as OpenAI has it."""
    answer = client.completions.create(
        model=model, prompt="1, 2, 3,", temperature=0, extra_body={"ignore_eos": True})
    assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (16, "length")


def test_echo(complete):
    prompt = "The capital of Peru is"
    plain, echoed = complete(prompt).choices[0].text, complete(prompt, echo=True).choices[0].text
    assert echoed == prompt + plain
    assert complete(prompt, echo=True, max_tokens=0).choices[0].text == prompt
    assert "".join(c.text for piece in complete(prompt, echo=True, stream=True) for c in piece.choices) == echoed


def test_echo_with_log_probabilities(server, complete):
    prompt = "The capital of Péru is"
    tokens = server.ok("/tokenize", {"prompt": prompt})["tokens"]
    answer = complete(prompt, echo=True, logprobs=3, max_tokens=1, extra_body={"ignore_eos": True})
    entry = answer.choices[0].logprobs
    assert len(entry.tokens) == len(entry.token_logprobs) == len(entry.top_logprobs) == len(entry.text_offset) == len(tokens) + 1
    assert entry.token_logprobs[0] is None and entry.top_logprobs[0] is None
    assert all(value <= 0 for value in entry.token_logprobs[1:])
    for value, top in zip(entry.token_logprobs[1:], entry.top_logprobs[1:], strict=True):
        # The token itself is listed even when it is not among the likeliest.
        assert 3 <= len(top) <= 4 and value in top.values() and value <= max(top.values())
    assert entry.token_logprobs[-1] == max(entry.top_logprobs[-1].values())
    assert entry.text_offset[0] == 0 and entry.text_offset == sorted(entry.text_offset)
    assert entry.text_offset[-1] == len(prompt)
    # The same numbers as the model's when it makes these tokens itself.
    forced = complete(tokens, echo=True, logprobs=3, max_tokens=0).choices[0].logprobs
    assert forced.token_logprobs == entry.token_logprobs[:-1]


def test_zero_tokens(complete):
    answer = complete("Hello", max_tokens=0)
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("", "length")
    assert answer.usage.completion_tokens == 0


def test_token_arrays_and_batches(server, complete):
    texts = ["The capital of Peru is", "1 2 3", "Hello"]
    tokens = [server.ok("/tokenize", {"prompt": text})["tokens"] for text in texts]
    alone = [complete(text).choices[0].text for text in texts]
    assert [complete(ids).choices[0].text for ids in tokens] == alone
    for batch in (texts, tokens):
        answer = complete(batch)
        assert [(c.index, c.text) for c in answer.choices] == list(enumerate(alone))
        assert answer.usage.prompt_tokens == sum(map(len, tokens))
    answer = complete(texts, n=2, temperature=1.0, seed=3)
    assert [c.index for c in answer.choices] == list(range(6))
    streamed = [""] * 3
    for piece in complete(texts, stream=True):
        for choice in piece.choices:
            streamed[choice.index] += choice.text
    assert streamed == alone


def test_completion_log_probabilities(complete):
    answer = complete("The capital of Peru is", logprobs=2).choices[0]
    assert "".join(answer.logprobs.tokens) == answer.text
    assert all(len(top) == 2 for top in answer.logprobs.top_logprobs)
    streamed = complete("The capital of Peru is", logprobs=2, stream=True)
    values = [v for piece in streamed for c in piece.choices if c.logprobs for v in c.logprobs.token_logprobs]
    assert values == answer.logprobs.token_logprobs


# Embeddings


def test_embeddings(server, client, model):
    texts = ["a cat sat on the mat", "Lima is the capital of Peru"]
    floats = client.embeddings.create(model=model, input=texts, encoding_format="float")
    vectors = np.array([entry.embedding for entry in floats.data])
    assert [entry.index for entry in floats.data] == [0, 1] and vectors.shape == (2, 256)
    assert np.isfinite(vectors).all() and not np.allclose(vectors[0], vectors[1])
    # What the client asks for when nothing is said: base64, decoded by it.
    np.testing.assert_array_equal([e.embedding for e in client.embeddings.create(model=model, input=texts).data], vectors.astype("f4"))
    raw = server.ok("/v1/embeddings", {"input": texts[0], "encoding_format": "base64"})["data"][0]["embedding"]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(raw), "<f4"), vectors[0].astype("f4"))
    tokens = [server.ok("/tokenize", {"prompt": text})["tokens"] for text in texts]
    by_tokens = client.embeddings.create(model=model, input=tokens, encoding_format="float")
    np.testing.assert_array_equal([entry.embedding for entry in by_tokens.data], vectors)
    assert by_tokens.usage.prompt_tokens == sum(map(len, tokens)) == by_tokens.usage.total_tokens
