"""llama.cpp's completion program, when one is given: KITE_LLAMA_COMPLETION=path/to/llama-completion."""

import os
import subprocess

import pytest

PROGRAM = os.environ.get("KITE_LLAMA_COMPLETION")
needed = pytest.mark.skipif(not PROGRAM, reason="no KITE_LLAMA_COMPLETION")


def complete(model, prompt, count, *flags):
    """What it writes. It can lose its last words when it ends, so the longest of some runs counts."""
    command = [
        PROGRAM, "-m", model, "-no-cnv", "--no-display-prompt", "-p", prompt, "-n", str(count), "-c", "128", "--temp", "0",
        "-t", "2", *flags,
    ]
    answers = []
    while len(answers) < 4 or (not any(answers) and len(answers) < 40):
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        answers.append(done.stdout.decode("utf-8", "replace").replace(" [end of text]", "").strip())
    return max(answers, key=len)
