"""How each program is started for each test, and how its figures are read. Needs no packages."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile

DEPTH, GENERATED, LONG_GENERATED, USERS, USER_DEPTH = 4096, 64, 32, 8, 16


@dataclasses.dataclass(frozen=True)
class Test:
    name: str  # as the table shows it
    key: tuple  # (n_prompt, n_gen, n_depth) of a row of JSON
    group: str  # tests of a group share one process


TESTS = {
    test.name: test
    for test in (
        Test("pp512", (512, 0, 0), "short"),
        Test(f"tg{GENERATED}", (0, GENERATED, 0), "short"),
        Test(f"pp{DEPTH}", (DEPTH, 0, 0), "long prompt"),
        Test(f"tg{LONG_GENERATED}@{DEPTH}", (0, LONG_GENERATED, DEPTH), "deep"),
        Test(f"tg{LONG_GENERATED}x{USERS}", (0, LONG_GENERATED, USER_DEPTH), "users"),
    )
}
CONFIGURATIONS = [(repack, flash) for repack in (0, 1) for flash in (0, 1)]


def title(configuration):
    repack, flash = configuration
    return f"{'repacked' if repack else 'as in the file'}, {'flash attention' if flash else 'no flash attention'}"


def shape(tests):
    """-p, -n and -d for tests of one group."""
    prompt, generated = max(t.key[0] for t in tests), max(t.key[1] for t in tests)
    return ["-p", str(prompt), "-n", str(generated), "-d", str(tests[0].key[2])]


def kite_command(program, model, tests, threads):
    command = [program, "bench", "-m", model, *shape(tests), "-t", str(threads), "-r", "1", "--json"]
    if tests[0].group == "users":
        command += ["-b", str(USERS)]
    if tests[0].group == "deep":
        command += ["--kv", "int8"]
    return command


def llama_command(folder, model, tests, threads, configuration):
    repack, flash = configuration
    if tests[0].group == "users":
        return [
            os.path.join(folder, "llama-batched-bench"), "-m", model, "-c", str(USERS * (USER_DEPTH + LONG_GENERATED + 8)),
            "-npp", str(USER_DEPTH), "-ntg", str(LONG_GENERATED), "-npl", str(USERS), "-t", str(threads),
            "-fa", "on" if flash else "off", "--repack" if repack else "--no-repack", "--output-format", "jsonl",
        ]
    # A warm-up is a whole prompt: of no use before thousands of tokens, which take a minute.
    warm_up = [] if tests[0].group == "short" else ["--no-warmup"]
    return [
        os.path.join(folder, "llama-bench"), "-m", model, *shape(tests), "-t", str(threads), "-r", "1", "-o", "json",
        "--repack", str(repack), "-fa", str(flash), *warm_up,
    ]


def run(command):
    """(standard output, peak resident bytes) of a program that must succeed."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed ({process.returncode}):\n{errors.read()[-2000:]}")
        return output.read(), usage.ru_maxrss * 1024


def figures(output, tests):
    """{test name: (tokens per second, ceiling or None)} from what a program printed."""
    found = {}
    if tests[0].group == "users" and "speed_tg" in output:
        line = next(line for line in output.splitlines() if "speed_tg" in line)
        return {tests[0].name: (json.loads(line)["speed_tg"], None)}
    for row in json.loads(output):
        for test in tests:
            if (row["n_prompt"], row["n_gen"], row["n_depth"]) == test.key:
                found[test.name] = (row["avg_ts"], row.get("ceiling_ts"))
    return found
