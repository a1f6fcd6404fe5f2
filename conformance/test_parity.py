"""The same words as llama.cpp, when one is given: KITE_LLAMA_COMPLETION=path/to/llama-completion."""

import peer
import pytest
from conftest import GOLDEN, NANO

pytestmark = peer.needed
QUESTIONS = [
    "What is the capital of Peru?", 'List 10 synonyms for the word "tiny"', "What is 47 plus 38?", "Count from 1 to 9.",
    "What is the opposite of hot?", "Hello", "Spell the word cat.",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_nano(kite, question):
    prompt = f"<|user|>\n{question}<|endoftext|>\n<|assistant|>\n"
    actual = kite.ok("generate", "-m", NANO, "-p", prompt, "-n", "64", "--temp", "0").out.strip()
    assert actual == peer.complete(NANO, prompt, 64)


# Not the 3B: its greedy choice is a padding row, which llama.cpp samples and Kite does not.
@pytest.mark.parametrize("name", ["stablelm-2-1_6b", "stablelm-2-12b", "llama", "llama-linear", "llama-yarn", "llama-3"])
def test_tiny(kite, name):
    """Random models diverge at the first near tie, so only the first words are compared."""
    model = GOLDEN / name / "model.gguf"
    actual = kite.ok("generate", "-m", model, "-p", "the tin", "-n", "3", "--temp", "0", "--ignore-eos").out
    assert actual.strip() == peer.complete(model, "the tin", 3, "--ignore-eos")
