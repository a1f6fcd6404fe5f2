"""`kite generate` in scripts: only the answer on standard output, exit codes, no waiting."""

import json
import signal
import subprocess
import time

import pytest
from conftest import GOLDEN, NANO

USER = "<|user|>\n{}<|endoftext|>\n<|assistant|>\n"
PERU = USER.format("What is the capital of Peru?")
GREEDY = ["--temp", "0"]


def test_only_the_answer_is_on_stdout(kite):
    result = kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "32", *GREEDY)
    assert "Lima" in result.out
    assert "<|" not in result.out and "What is" not in result.out


def test_no_model_means_the_built_in_one(kite):
    assert "Lima" in kite.ok("generate", "-p", PERU, "-n", "32", *GREEDY).out


def test_prompt_from_file_and_from_stdin(kite, tmp_path):
    expected = kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "32", *GREEDY).out
    (tmp_path / "prompt.txt").write_text(PERU)
    assert kite.ok("generate", "-m", NANO, "-f", tmp_path / "prompt.txt", "-n", "32", *GREEDY).out == expected
    assert kite.ok("generate", "-m", NANO, "-f", "-", "-n", "32", *GREEDY, stdin=PERU).out == expected


def test_escapes(kite):
    """`-e` reads \\n in the prompt as a line break, which is how model cards write prompts."""
    expected = kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "32", *GREEDY).out
    escaped = PERU.replace("\n", "\\n")
    assert kite.ok("generate", "-m", NANO, "-e", "-p", escaped, "-n", "32", *GREEDY).out == expected


def test_command_line_of_the_model_card(kite):
    """The line that GGUF cards of the family print, with the program's name replaced."""
    result = kite.ok(
        "generate", "-ngl", "35", "-m", NANO, "--color", "-c", "512", "--temp", "0", "--repeat_penalty", "1.1", "-n", "-1",
        "-p", "<|user|>\\nWhat is the capital of Peru?<|endoftext|>\\n<|assistant|>",
    )
    assert "Lima" in result.out
    assert len([line for line in result.err.splitlines() if "ngl" in line.lower() or "gpu" in line.lower()]) == 1


def test_reference_answers(kite, nano_checkpoint):
    """What transformers says greedily, from the checkpoint and from the embedded file."""
    for line in (nano_checkpoint / "greedy.jsonl").read_text().splitlines():
        row = json.loads(line)
        expected = row["output"].removesuffix("<|endoftext|>").strip()
        for model in (nano_checkpoint, NANO):
            result = kite.ok("generate", "-m", model, "-p", row["prompt"], "-n", "256", *GREEDY)
            assert result.out.strip() == expected


@pytest.mark.parametrize("threads", ["1", "2"])
def test_threads_do_not_change_the_answer(kite, threads):
    expected = kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "40", *GREEDY, "-t", "3").out
    assert kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "40", *GREEDY, "-t", threads).out == expected


def test_seed(kite):
    """A random model has no favourite words, so another seed must show."""
    arguments = ["generate", "-m", GOLDEN / "llama" / "model.gguf", "-p", "x", "-n", "20", "--temp", "1", "--ignore-eos"]
    one = kite.ok(*arguments, "--seed", "1").out
    assert kite.ok(*arguments, "--seed", "1").out == one
    assert kite.ok(*arguments, "--seed", "2").out != one


def test_limit(kite):
    long = kite.ok("generate", "-m", NANO, "-p", USER.format("Count from 1 to 9."), "-n", "64", *GREEDY).out
    short = kite.ok("generate", "-m", NANO, "-p", USER.format("Count from 1 to 9."), "-n", "2", *GREEDY).out
    assert long.startswith(short.rstrip("\n")) and len(short) < len(long)


def test_json(kite):
    value = json.loads(kite.ok("generate", "-m", NANO, "-p", PERU, "-n", "32", *GREEDY, "--json").out)
    assert "Lima" in json.dumps(value)


def test_empty_stdin_ends_it(kite):
    started = time.monotonic()
    result = kite("generate", "-m", NANO, "-f", "-", "-n", "4", stdin="")
    assert result.code in (0, 1, 2) and time.monotonic() - started < 20


def test_closed_pipe_ends_it(kite):
    """`kite generate ... | head -c 1` must not run on, nor complain."""
    with subprocess.Popen(
        [kite.path, "generate", "-m", str(GOLDEN / "llama" / "model.gguf"), "-p", "x", "-n", "200", "--temp", "1", "--ignore-eos"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        code = process.wait(timeout=60)
    assert code in (0, 1, 130, 141, -signal.SIGPIPE)


def test_interrupt(kite):
    with subprocess.Popen(
        [kite.path, "generate", "-m", str(NANO), "-p", PERU, "-n", "100000", "-c", "200000", "--ignore-eos"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        # A background job is started with Ctrl-C ignored, and so would be its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode in (130, -signal.SIGINT)


def test_broken_utf8_never_reaches_stdout(kite):
    """Tiny random models emit arbitrary bytes; what is printed must still be UTF-8."""
    for name in ("llama", "stablelm-2-12b", "mistral-window"):
        with subprocess.Popen(
            [kite.path, "generate", "-m", str(GOLDEN / name / "model.gguf"), "-p", "x", "-n", "60", "--temp", "1", "--seed", "3", "--ignore-eos"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        out.decode("utf-8")
