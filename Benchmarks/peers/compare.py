#!/usr/bin/env python3
"""Kite against llama.cpp on one file: interleaved rounds, medians, a table.

    python3 Benchmarks/peers/compare.py --model FILE.gguf --llama-bench BIN [--kite BIN]

Every round runs every contender once, in turn, so that a machine that slows down slows all of them. The anchor is the
best median of any llama.cpp configuration (weights repacked or not, flash attention on or off), separately for prompt
and generation. Without --kite only llama.cpp is measured. Needs no packages.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", "-m", required=True)
    parser.add_argument("--llama-bench", default=os.environ.get("LLAMA_BENCH"), required="LLAMA_BENCH" not in os.environ)
    parser.add_argument("--kite", default=os.environ.get("KITE"))
    parser.add_argument("--prompt", "-p", type=int, default=512)
    parser.add_argument("--generate", "-n", type=int, default=64)
    parser.add_argument("--threads", "-t", type=int, default=2)
    parser.add_argument("--rounds", "-r", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    return parser.parse_args()


def contenders(options):
    shape = ["-p", str(options.prompt), "-n", str(options.generate), "-t", str(options.threads)]
    if options.kite:
        yield "kite", [options.kite, "bench", "-m", options.model, *shape, "-r", "1", "--json"]
    for repack, flash in itertools.product((0, 1), (0, 1)):
        yield f"llama.cpp repack {repack} fa {flash}", [
            options.llama_bench, "-m", options.model, *shape, "-r", "1", "-o", "json",
            "--repack", str(repack), "-fa", str(flash),
        ]


def rates(command):
    """(prompt, generation) tokens per second of one run; both programs use llama-bench's field names."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    prompt = generation = None
    for row in json.loads(done.stdout):
        if row["n_gen"] == 0:
            prompt = row["avg_ts"]
        elif row["n_prompt"] == 0:
            generation = row["avg_ts"]
    return prompt, generation


def main():
    options = parse()
    samples = {}
    for number in range(options.rounds):
        for name, command in contenders(options):
            samples.setdefault(name, []).append(rates(command))
            prompt, generation = samples[name][-1]
            print(f"round {number + 1}  {name:26} {prompt:8.1f} {generation:8.2f}", file=sys.stderr)
    medians = {n: [statistics.median(column) for column in zip(*rows)] for n, rows in samples.items()}
    best = [max(m[i] for n, m in medians.items() if n != "kite") for i in (0, 1)]
    print(f"| {os.path.basename(options.model)}, {options.threads} threads | pp{options.prompt} t/s | ratio "
          f"| tg{options.generate} t/s | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (prompt, generation) in medians.items():
        print(f"| {name} | {prompt:.1f} | {prompt / best[0]:.2f} | {generation:.2f} | {generation / best[1]:.2f} |")
    print(f"\nMedians of {options.rounds} interleaved rounds; ratio to the best llama.cpp configuration.")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"model": os.path.basename(options.model), "samples": samples, "medians": medians}, file, indent=1)


if __name__ == "__main__":
    main()
