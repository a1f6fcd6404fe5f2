"""LoRA adapters at run time (`--lora`): the same answers as a model they were merged into.

KITE_LLAMA_COMPLETION=path of llama.cpp's llama-completion compares with its `--lora` as well.
"""

import json

import peer
import pytest
from conftest import GOLDEN

ADAPTERS = GOLDEN.parent / "adapters"
EXACT = ["--activations", "f32", "--kv", "f32", "--temp", "0", "-n", 24, "--json"]
PROMPT = "In the beginning there was a kite, and it flew."


def tokens(kite, *arguments):
    return json.loads(kite.ok("generate", "-p", PROMPT, *EXACT, *arguments).out)["tokens"]


@pytest.mark.parametrize("name", ["stablelm-3b", "stablelm-2-12b", "llama"])
@pytest.mark.parametrize("adapter", ["first", "first.gguf", "second"])
def test_same_as_merged(kite, tmp_path, name, adapter):
    """For both forms of model and of adapter."""
    base, path = GOLDEN / name / "hf", ADAPTERS / name / adapter
    kite.ok("convert", base, "-o", tmp_path / "merged.gguf", "--type", "f32", "--lora", f"{path}=0.5")
    merged = tokens(kite, "-m", tmp_path / "merged.gguf")
    for model in [base, GOLDEN / name / "model.gguf"]:
        assert tokens(kite, "-m", model, "--lora", f"{path}=0.5") == merged
    plain = tokens(kite, "-m", base)
    assert plain != merged
    assert tokens(kite, "-m", base, "--lora", f"{path}=0") == plain


def test_several_and_other_spellings(kite):
    base, folder = GOLDEN / "llama" / "model.gguf", ADAPTERS / "llama"
    expected = tokens(kite, "-m", base, "--lora", folder / "first", "--lora", f"{folder / 'second'}=0.5")
    both = ["--lora", folder / "first.gguf", "--lora-scaled", f"{folder / 'second'}:0.5"]
    assert tokens(kite, "-m", base, *both) == expected
    assert tokens(kite, "-m", base, "--lora", folder / "first") != expected


def test_perplexity_and_chat(kite, tmp_path):
    base, path = GOLDEN / "llama" / "hf", ADAPTERS / "llama" / "first"
    text = tmp_path / "text.txt"
    text.write_text(PROMPT * 40)
    kite.ok("convert", base, "-o", tmp_path / "merged.gguf", "--type", "f32", "--lora", path)
    options = ["-f", text, "-c", 64, "--chunks", 4, "--json", "--activations", "f32", "--kv", "f32"]
    merged = json.loads(kite.ok("perplexity", tmp_path / "merged.gguf", *options).out)
    beside = json.loads(kite.ok("perplexity", base, *options, "--lora", path).out)
    assert beside["mean_nll"] == pytest.approx(merged["mean_nll"], abs=1e-4)
    assert beside["adapters"] == [{"path": str(path), "scale": 1}]
    answers = [
        kite.ok("chat", model, *more, "--temp", 0, "-n", 16, "--activations", "f32", "--kv", "f32", stdin="Hello").out
        for model, more in [(tmp_path / "merged.gguf", []), (base, ["--lora", path])]
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "argument, message",
    [
        (ADAPTERS / "llama" / "first", "the base model"),
        (ADAPTERS / "llama" / "first.gguf", "architecture llama"),
        ("nowhere", "nowhere"),
        (f"{ADAPTERS / 'stablelm-3b' / 'first'}=much", "scale"),
        (GOLDEN / "stablelm-3b" / "model.gguf", "is no LoRA adapter"),
        (GOLDEN / "stablelm-3b" / "hf", "adapter_config.json"),
    ],
)
def test_refusals_are_one_line(kite, argument, message):
    result = kite("generate", "-m", GOLDEN / "stablelm-3b" / "model.gguf", "-p", "a", "--lora", argument)
    assert result.code in (1, 2)
    assert len(result.error_lines) == 1 and message in result.error_lines[0], result.err


@peer.needed
@pytest.mark.parametrize("name", ["stablelm-2-12b", "llama"])
def test_same_as_llama_cpp(kite, name):
    model, adapter = GOLDEN / name / "model.gguf", ADAPTERS / name / "first.gguf"
    ours = kite.ok("generate", "-m", model, "--lora", adapter, "-p", "the tin", "-n", "3", "--temp", "0", "--ignore-eos").out
    assert ours.strip() == peer.complete(model, "the tin", 3, "--ignore-eos", "--lora", adapter)
