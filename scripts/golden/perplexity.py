"""Makes Tests/Golden/perplexity: what llama.cpp's llama-perplexity says of small models, to hold `kite perplexity` to.

    python scripts/golden/perplexity.py BIN        (BIN: folder with llama-perplexity and llama-quantize; needs no packages)

    text.txt                 sentences from the generator below
    nano.txt                 not made here: questions, and what the built-in model answers
    coarse.gguf              Tests/Golden/models/quantized/F32.gguf after Q4_0, in F32 again: both programs compute it exactly
    base.kld                 log-probabilities of the model before
    results.json             perplexities of some models, and the statistics of the divergence

Made with llama.cpp of llama-cpp-python 0.3.36 (0c1e570), on a CPU, one chunk at a time (-b as -c) and one thread, so that the
context of strided runs is the one asked for.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "Tests" / "Golden" / "perplexity"
MODELS = ROOT / "Tests" / "Golden" / "models"
RUNS = [
    ("models/llama/model.gguf", ["-c", "64", "--chunks", "8"]), ("models/llama/model.gguf", ["-c", "512"]),
    ("models/llama/model.gguf", ["-c", "128", "--ppl-stride", "64", "--chunks", "6"]),
    ("models/llama-3/model.gguf", ["-c", "100", "--chunks", "8"]),
    ("models/mistral-window/model.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/stablelm-3b/model.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/stablelm-3b/model.gguf", ["-c", "200", "--ppl-stride", "50", "--chunks", "6"]),
    ("models/stablelm-2-1_6b/model.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/stablelm-2-12b/model.gguf", ["-c", "64", "--chunks", "8"]),
    ("perplexity/coarse.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/quantized/F32.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/quantized/Q4_K.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/quantized/BF16.gguf", ["-c", "64", "--chunks", "8"]),
    ("models/quantized/Q6_K.gguf", ["-c", "64", "--chunks", "8"]),
    ("nano", ["-c", "128"]), ("nano", ["-c", "256"]),
]


def sentences():
    r = random.Random(20231207)
    capitals = {
        "Peru": "Lima", "France": "Paris", "Japan": "Tokyo", "Italy": "Rome", "Spain": "Madrid", "Egypt": "Cairo",
        "Kenya": "Nairobi", "Norway": "Oslo", "Cuba": "Havana", "Chile": "Santiago", "India": "New Delhi",
    }
    opposites = {"hot": "cold", "big": "small", "fast": "slow", "old": "new", "light": "dark", "happy": "sad"}
    lines = []
    for _ in range(260):
        kind = r.randrange(5)
        if kind == 0:
            country, city = r.choice(sorted(capitals.items()))
            lines.append(f"The capital of {country} is {city}.")
        elif kind == 1:
            a, b = r.randrange(2, 60), r.randrange(2, 40)
            lines.append(f"{a} plus {b} is {a + b}.")
        elif kind == 2:
            word, other = r.choice(sorted(opposites.items()))
            lines.append(f"The opposite of {word} is {other}.")
        elif kind == 3:
            first = r.randrange(1, 5)
            lines.append(", ".join(map(str, range(first, first + r.randrange(4, 8)))) + ".")
        else:
            word = r.choice(["cat", "kite", "stone", "river", "lamp", "green", "table"])
            lines.append(f"The word {word} is spelled " + "-".join(word) + ".")
    return "\n".join(lines) + "\n"


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, check=True)
    # Progress goes to either of both.
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


def main():
    tools = Path(sys.argv[1])
    perplexity = tools / "llama-perplexity"
    OUT.mkdir(exist_ok=True)
    source, corpus, base = MODELS / "quantized" / "F32.gguf", OUT / "text.txt", OUT / "base.kld"
    corpus.write_text(sentences())
    quantized = OUT / "coarse.gguf"
    with tempfile.TemporaryDirectory() as folder:
        run(tools / "llama-quantize", source, f"{folder}/Q4_0.gguf", "Q4_0", 1)
        run(tools / "llama-quantize", "--allow-requantize", f"{folder}/Q4_0.gguf", quantized, "F32", 1)
    results = {"runs": [], "divergence": {}}
    for name, options in RUNS:
        model = ROOT / "Sources/CNano/nano-chat.gguf" if name == "nano" else ROOT / "Tests" / "Golden" / name
        text = OUT / "nano.txt" if name == "nano" else corpus
        output = run(perplexity, "-m", model, "-f", text, *options, "-b", options[1], "-t", 1)
        while "--ppl-stride" not in options and "PPL = " not in output:
            output = run(perplexity, "-m", model, "-f", text, *options, "-b", options[1], "-t", 1)
        running = [float(value) for value in re.findall(r"\[\d+\]([0-9.]+),", output)]
        final = re.search(r"PPL = ([0-9.]+) \+/- ([0-9.]+)", output)
        results["runs"].append({
            "model": name, "text": text.name, "context": int(options[1]),
            "stride": int(options[3]) if "--ppl-stride" in options else None,
            "chunks": len(running), "running": running, "uncertainty": float(final[2]) if final else None,
        })
    # Keys and values in full precision, as Kite keeps them for models of f32 weights.
    exact = ["-ctk", "f32", "-ctv", "f32", "-fa", "off"]
    common = ["-c", 64, "-b", 64, "-t", 1, *exact, "--kl-divergence-base", base]
    base.unlink(missing_ok=True)
    run(perplexity, "-m", source, "-f", corpus, *common, "--chunks", 5)
    output = ""
    while "Same top p" not in output:  # it can lose its last words when it ends
        output = run(perplexity, "-m", quantized, *common, "--kl-divergence")
    for line in output.splitlines():
        found = re.search(r"((?:Mean|Cor|Maximum|Minimum|Median|RMS|Same|[0-9.]+%).*?)\s*:\s+(-?[0-9.]+)%?(?: ±\s+([0-9.]+))?", line)
        if found:
            results["divergence"][" ".join(found[1].split())] = [float(found[2]), float(found[3] or 0)]
    (OUT / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
