"""The same request gets the same tokens, and the same log-probabilities to the last bit, in whatever company."""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import GOLDEN, NANO
from server import Server

MODELS = {
    "nano": NANO, "stablelm-2-12b": GOLDEN / "stablelm-2-12b" / "model.gguf", "mistral-window": GOLDEN / "mistral-window" / "model.gguf",
    "Q4_K": GOLDEN / "quantized" / "Q4_K.gguf",
}


@pytest.fixture(scope="module", params=list(MODELS))
def world(request, kite):
    """A server, and prompts of all lengths for its model with the answers each gets when it is alone."""
    r = random.Random(5)
    with Server(kite.path, MODELS[request.param]) as server:
        manifest = MODELS[request.param].parent / "manifest.json"
        vocabulary = json.loads(manifest.read_text())["vocabulary"] if manifest.exists() else 256
        lengths = (1, 2, 15, 16, 17, 31, 33, 64, 97, 130, 160, 40, 7, 90, 128, 150)
        room = server.get("/v1/models").json["data"][0]["max_model_len"] - 40
        prompts = [[r.randrange(3, vocabulary) for _ in range(min(n, room))] for n in lengths]
        yield server, prompts, [ask(server, prompt, cache_prompt=False) for prompt in prompts]


def ask(server, prompt, **options):
    """(text, token by token log-probabilities) of a greedy answer."""
    body = {"prompt": prompt, "max_tokens": 24, "temperature": 0, "logprobs": 2, "ignore_eos": True} | options
    choice = server.ok("/v1/completions", body)["choices"][0]
    return choice["text"], choice["logprobs"]["token_logprobs"], choice["logprobs"]["top_logprobs"]


def test_again_and_with_the_cache(world):
    server, prompts, alone = world
    for prompt, expected in zip(prompts, alone, strict=True):
        assert ask(server, prompt) == expected
        assert ask(server, prompt) == expected
    # A prefix that another prompt left.
    longest = max(range(len(prompts)), key=lambda i: len(prompts[i]))
    for cut in (16, 50, 100, 127):
        shorter = prompts[longest][:cut]
        assert ask(server, shorter) == ask(server, shorter, cache_prompt=False)
    assert ask(server, prompts[longest]) == alone[longest]
    usage = server.ok("/v1/completions", {"prompt": prompts[longest], "max_tokens": 1})["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] > 0, "nothing was read from the cache"


@pytest.mark.parametrize("cached", [True, False])
def test_beside_fifteen_others(world, cached):
    server, prompts, alone = world
    for _ in range(2):
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda prompt: ask(server, prompt, cache_prompt=cached), prompts))
        assert found == alone


def test_beside_others_that_come_go_and_draw(world):
    server, prompts, alone = world
    stop = threading.Event()

    def disturb(seed):
        r = random.Random(seed)
        while not stop.is_set():
            body = {
                "prompt": r.choice(prompts)[: r.randint(1, 160)], "max_tokens": r.randint(1, 40), "temperature": 1, "seed": r.randrange(99),
                "n": r.randint(1, 3), "logprobs": r.randint(0, 5), "echo": r.random() < 0.3, "presence_penalty": r.random(),
            }
            if r.random() < 0.2:
                # Leaves in the middle.
                server.send("/v1/completions", body | {"stream": True}).close()
            else:
                assert server.post("/v1/completions", body).status in (200, 429)

    with ThreadPoolExecutor(6) as pool:
        others = [pool.submit(disturb, seed) for seed in range(6)]
        try:
            for i in (3, 9, 10, 15, 0):
                assert ask(server, prompts[i]) == alone[i]
                assert ask(server, prompts[i], cache_prompt=False) == alone[i]
        finally:
            stop.set()
        for other in others:
            other.result()


def test_one_of_many_choices(world):
    server, prompts, alone = world
    body = {"prompt": prompts[9], "max_tokens": 24, "temperature": 0, "logprobs": 2, "ignore_eos": True, "n": 8}
    for choice in server.ok("/v1/completions", body)["choices"]:
        assert (choice["text"], choice["logprobs"]["token_logprobs"]) == alone[9][:2]
    batch = server.ok("/v1/completions", body | {"n": 1, "prompt": prompts})
    assert [c["text"] for c in batch["choices"]] == [text for text, _, _ in alone]


def test_echo_is_what_was_made(world):
    """Log-probabilities of tokens read are those of the tokens when they were made: one pass or many."""
    server, prompts, _ = world
    body = {"prompt": prompts[7], "max_tokens": 24, "temperature": 0, "logprobs": 1, "ignore_eos": True, "echo": True}
    made = server.ok("/v1/completions", body)["choices"][0]["logprobs"]["token_logprobs"]
    again = server.ok("/v1/completions", body | {"cache_prompt": False})["choices"][0]["logprobs"]["token_logprobs"]
    assert made == again
    shorter = server.ok("/v1/completions", body | {"prompt": prompts[7][:20], "max_tokens": 0})
    assert shorter["choices"][0]["logprobs"]["token_logprobs"][1:] == made[1:20]
