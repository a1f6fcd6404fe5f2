#!/usr/bin/env python3
"""Kite against llama.cpp on the same files: interleaved rounds, medians, tables.

    compare.py scout  --models FOLDER --llama BIN --kite KITE   every configuration of llama.cpp once: finds its best
    compare.py rounds --models FOLDER --llama BIN --kite KITE   Kite and llama.cpp's best in turn, --rounds times
    compare.py table                                            prints what the rounds (or else the scouts) measured

Each result is appended to a file as soon as it is there, and what that file holds already is not measured again: stop it
whenever you like, or give it --budget SECONDS, and start it again. Needs no packages.
"""

import argparse
import json
import os
import sys
import time

from contenders import CONFIGURATIONS, TESTS, figures, kite_command, llama_command, run, title
from tables import print_tables

TYPES = "Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_0 Q4_K_S Q4_K_M Q5_0 Q5_K_S Q5_K_M Q6_K Q8_0 F16 BF16".split()
# Whose scout stands in for a test that was not scouted for this type.
STAND_IN = {"pp4096": "pp512", "tg32@4096": "tg64", "tg32x8": "pp512"}
CLOSE = 0.04  # of the fastest rate
WORK_LEFT = 3  # exit status


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["scout", "rounds", "table"])
    parser.add_argument("--models", help="folder with stablelm-3b.TYPE.gguf")
    parser.add_argument("--shape", default="stablelm-3b")
    parser.add_argument("--llama", help="folder with llama-bench and llama-batched-bench")
    parser.add_argument("--kite", help="the program `kite`; without it only llama.cpp is measured")
    parser.add_argument("--types", nargs="+", default=TYPES, metavar="TYPE")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), metavar="TEST", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=float("inf"), metavar="SECONDS",
                        help=f"stop before this is used up; exit status {WORK_LEFT} says that work is left")
    parser.add_argument("--results", default="results.jsonl", metavar="FILE")
    parser.add_argument("--scouts", default="scouts.jsonl", metavar="FILE")
    options = parser.parse_args()
    unknown = [test for test in options.tests if test not in TESTS]
    if unknown:
        parser.error(f"there is no test {unknown[0]}; choose from {', '.join(TESTS)}")
    if options.action != "table" and not (options.models and options.llama):
        parser.error("--models and --llama are needed")
    return options


def load(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def best_configurations(scouts, kind, test):
    """llama.cpp's fastest configuration and those so close behind that one scout does not tell them apart."""
    for name in (test, STAND_IN.get(test)):
        rates = {tuple(s["configuration"]): s["rate"] for s in scouts
                 if s["type"] == kind and s["test"] == name and s["contender"] == "llama.cpp"}
        if rates:
            return [c for c in rates if rates[c] >= (1 - CLOSE) * max(rates.values())]
    return [(1, 1)]


def plan(options, scouts):
    """(type, tests of one process, round, contender, configuration), in the order they are run."""
    wanted = [TESTS[name] for name in options.tests]
    groups = {}
    for test in wanted:
        groups.setdefault(test.group, []).append(test)
    for tests in groups.values():
        for kind in options.types:
            for number in range(1 if options.action == "scout" else options.rounds):
                if options.kite:
                    yield kind, tests, number, "kite", None
                if options.action == "scout":
                    for configuration in CONFIGURATIONS:
                        yield kind, tests, number, "llama.cpp", configuration
                    continue
                best = {test: best_configurations(scouts, kind, test.name) for test in tests}
                for configuration in sorted({c for configurations in best.values() for c in configurations}):
                    chosen = [test for test in tests if configuration in best[test]]
                    yield kind, chosen, number, "llama.cpp", configuration


def identity(kind, test, number, contender, configuration):
    return kind, test, number, contender, tuple(configuration or ())


def measure(options, path, scouts):
    """Runs what `path` does not hold yet. False when the budget ended before the work did."""
    results = load(path)
    done = {identity(r["type"], r["test"], r["round"], r["contender"], r["configuration"]) for r in results}
    seconds = {(r["contender"], r["test"]): r["seconds"] for r in results}
    began = time.monotonic()
    for kind, tests, number, contender, configuration in plan(options, scouts):
        tests = [t for t in tests if identity(kind, t.name, number, contender, configuration) not in done]
        if not tests:
            continue
        expected = max(seconds.get((contender, test.name), 20) for test in tests)
        if time.monotonic() - began + expected > options.budget:
            return False
        model = os.path.join(options.models, f"{options.shape}.{kind}.gguf")
        if contender == "kite":
            command = kite_command(options.kite, model, tests, options.threads)
        else:
            command = llama_command(options.llama, model, tests, options.threads, configuration)
        start = time.monotonic()
        output, peak = run(command)
        elapsed = time.monotonic() - start
        with open(path, "a") as file:
            for name, (rate, ceiling) in figures(output, tests).items():
                seconds[contender, name] = elapsed
                record = {
                    "type": kind, "test": name, "round": number, "contender": contender,
                    "configuration": configuration, "rate": rate, "ceiling": ceiling, "peak_bytes": peak,
                    "file_bytes": os.path.getsize(model), "seconds": elapsed, "threads": options.threads,
                }
                file.write(json.dumps(record) + "\n")
                label = contender if configuration is None else f"{contender} {title(configuration)}"
                print(f"{kind:7} {name:10} {label:45} {rate:8.2f}", file=sys.stderr, flush=True)
    return True


def main():
    options = parse()
    if options.action == "table":
        return print_tables(options, load(options.results), load(options.scouts))
    scouts = load(options.scouts)
    path = options.scouts if options.action == "scout" else options.results
    if not measure(options, path, scouts):
        sys.exit(WORK_LEFT)


if __name__ == "__main__":
    main()
