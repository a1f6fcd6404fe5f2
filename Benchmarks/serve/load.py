"""Clients that never rest, for as long as told: no failure, and no memory that grows.

    load.py --kite .build/release/kite [--model FILE] [--clients 16] [--seconds 600]

Exit status 1 when a request failed or memory grew by more than --growth after the first fifth of the time.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time

import client
import servers


def request(r, prompts):
    """A request as people and programs send them: conversations that grow, short questions, choices, log-probabilities."""
    kind = r.random()
    tokens = r.choice(prompts)
    body = {"temperature": r.choice([0, 0.7, 1]), "seed": r.randrange(1000), "max_tokens": r.randint(4, 64)}
    if kind < 0.5:
        # The same beginning, cut anywhere: what a conversation looks like to the cache.
        return "/v1/completions", body | {"prompt": tokens[: r.randint(1, len(tokens))]}
    if kind < 0.9:
        question = r.choice(["What is the capital of Peru?", "Hello!", "Count to five.", "What is 2 plus 3?", "Name a colour. " * 20])
        return "/v1/chat/completions", body | {"messages": [{"role": "user", "content": question}]}
    if kind < 0.95:
        return "/v1/completions", body | {"prompt": tokens[:50], "n": 3, "logprobs": 2}
    return "/v1/completions", body | {"prompt": tokens, "cache_prompt": False, "stop": ["a", "the "]}


async def work(server, arguments):
    r = random.Random(1)
    prompts = [[r.randrange(3, 250) for _ in range(arguments.prompt)] for _ in range(24)]
    streams, failures, memory = [], [], []
    began = time.monotonic()
    end = began + arguments.seconds

    async def one(number):
        r = random.Random(number)
        while time.monotonic() < end and not failures:
            path, body = request(r, prompts)
            try:
                streams.append(await client.stream(server.port, body, path))
            except (client.Failed, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                failures.append(f"{path} {json.dumps(body)[:300]}: {error!r}")

    async def watch():
        while time.monotonic() < end:
            memory.append((time.monotonic() - began, server.resident()))
            await asyncio.sleep(min(1, arguments.seconds / 60))

    await asyncio.gather(watch(), *[one(number) for number in range(arguments.clients)])
    return streams, failures, memory, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kite", required=True)
    parser.add_argument("--model")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=400, help="longest prompt in tokens")
    parser.add_argument("--growth", type=float, default=0.02)
    parser.add_argument("flags", nargs="*", help="for kite serve, after --")
    arguments = parser.parse_args()
    with servers.kite(arguments.kite, arguments.model, arguments.clients, arguments.threads, *arguments.flags) as server:
        streams, failures, memory, seconds = asyncio.run(work(server, arguments))
    fifth = arguments.seconds / 5
    warm = statistics.median(m for t, m in memory if fifth <= t < 2 * fifth)
    late = statistics.median(m for t, m in memory if t >= 4 * fifth)
    firsts = sorted(s.first for s in streams)
    print(json.dumps({
        "clients": arguments.clients, "seconds": round(seconds, 1), "requests": len(streams), "failures": failures[:5],
        "tokens": sum(s.tokens for s in streams), "tokens_per_second": round(sum(s.tokens for s in streams) / seconds, 1),
        "prompt_tokens": sum(s.prompt_tokens for s in streams),
        "first_token_ms": {name: round(1000 * firsts[int(share * (len(firsts) - 1))], 1) for name, share in (("median", 0.5), ("99%", 0.99), ("most", 1))},
        "memory_mb": {"warm": round(warm / 1e6, 2), "end": round(late / 1e6, 2), "growth": round(late / warm - 1, 4)},
    }, indent=1))
    return 1 if failures or late > warm * (1 + arguments.growth) else 0


if __name__ == "__main__":
    sys.exit(main())
