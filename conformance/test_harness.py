"""lm-evaluation-harness through `local-completions`: what its hf backend said of the same requests (Tests/Golden/harness)."""

import json

import pytest
from conftest import GOLDEN, SHARED
from server import Server

MODELS = {"stablelm-2-12b": GOLDEN / "stablelm-2-12b" / "hf", "nano-chat": SHARED / "models" / "nano-chat"}


@pytest.fixture(scope="module", params=list(MODELS))
def expected(request):
    if not (MODELS[request.param] / "config.json").exists():
        pytest.skip(f"no {request.param} in {SHARED} (set KITE_SHARED)")
    return json.loads((GOLDEN.parent / "harness" / f"{request.param}.json").read_text())


@pytest.fixture(scope="module")
def served(kite, expected):
    # Keys, values and activations in f32, as the other side has them.
    with Server(kite.path, MODELS[expected["model"]], "--kv", "f32", "--activations", "f32") as server:
        yield server


@pytest.fixture(scope="module", params=[1, 4], ids=["one at a time", "four at a time"])
def harness(request, served, expected):
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    # max_length: the backend keeps one id less than this of a prompt, and two less of a rolling window.
    return LocalCompletionsAPI(
        model=served.get("/v1/models").json["data"][0]["id"], base_url=served.url + "/v1/completions",
        max_length=expected["max_length"] + 2, num_concurrent=request.param, batch_size=1 if request.param > 1 else 3,
        max_retries=1, tokenizer_backend="remote", timeout=60)


def ask(kind, arguments, method):
    from lm_eval.api.instance import Instance

    instances = [Instance(request_type=kind, doc={}, arguments=entry, idx=i) for i, entry in enumerate(arguments)]
    return method(instances, disable_tqdm=True)


def test_log_likelihoods(harness, expected):
    entries = expected["loglikelihood"]
    found = ask("loglikelihood", [(e["context"], e["continuation"]) for e in entries], harness.loglikelihood)
    assert [v for v, _ in found] == pytest.approx([e["logprob"] for e in entries], abs=1e-3)
    assert [g for _, g in found] == [e["is_greedy"] for e in entries]


def test_rolling_log_likelihoods(harness, expected):
    entries = expected["rolling"]
    found = ask("loglikelihood_rolling", [(e["text"],) for e in entries], harness.loglikelihood_rolling)
    # A sum over hundreds of tokens and several windows.
    assert found == pytest.approx([e["logprob"] for e in entries], abs=1e-3, rel=1e-6)


def test_generations(harness, expected):
    entries = expected["generate"]
    found = ask("generate_until", [(e["prompt"], dict(e["options"])) for e in entries], harness.generate_until)
    assert found == [e["text"] for e in entries]


def test_remote_tokenizer(served, harness):
    """What the harness finds by itself, and ids as the checkpoint's tokenizer has them."""
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    found = LocalCompletionsAPI(
        model="x", base_url=served.url + "/v1/completions", tokenizer_backend="remote", max_retries=1)
    assert found.eot_token_id is not None
    assert found.tokenizer_backend == "remote"


def test_gguf_backend(served, expected):
    """The older backend: no tokens, text offsets in characters."""
    from lm_eval.models.gguf import GGUFLM

    model = GGUFLM(base_url=served.url)
    entries = [e for e in expected["loglikelihood"] if e["context"] and len(e["context"]) < 60 and e["continuation"][0] == " "]
    assert len(entries) >= 4
    found = ask("loglikelihood", [(e["context"], e["continuation"]) for e in entries], model.loglikelihood)
    assert [v for v, _ in found] == pytest.approx([e["logprob"] for e in entries], abs=1e-3)
