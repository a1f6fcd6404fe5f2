"""A core that another program takes away costs its share of the speed, and no more."""

import json
import os
import subprocess
import sys
import time

import pytest

# The other program gets half of one of two cores, so at best three quarters of the speed are left. A thread that loses its core
# keeps the piece of work it is in for as long as the system lets the other run, and that is waited for. A pool whose
# threads spin while they wait, or whose work is cut in equal halves without a way to take over, falls far below.
LEAST = 0.50
ATTEMPTS = 8


def two_cores():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not pin programs to cores")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("this takes two cores")
    return set(cores[:2])


def speed(kite, model, cores, *test):
    command = [kite.path, "bench", "-m", str(model), *test, "-t", "2", "-r", "3", "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True, timeout=120,
        preexec_fn=lambda: os.sched_setaffinity(0, cores))
    return json.loads(done.stdout)[0]["median_ts"]


@pytest.mark.parametrize("test", [("-p", "0", "-n", "12"), ("-p", "96", "-n", "0")], ids=["generation", "prompt"])
def test_a_busy_core_costs_its_share(kite, large, test):
    cores = two_cores()
    ratios = []
    for _ in range(ATTEMPTS):
        alone = speed(kite, large, cores, *test)
        hog = subprocess.Popen(
            [sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.sched_setaffinity(0, {min(cores)}))
        try:
            time.sleep(0.3)
            ratios.append(speed(kite, large, cores, *test) / alone)
        finally:
            hog.kill()
            hog.wait()
        if ratios[-1] >= LEAST:
            return
    pytest.fail(f"shares of the undisturbed speed: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
