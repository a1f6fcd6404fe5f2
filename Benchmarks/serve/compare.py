"""Generation through the server beside `kite bench` and llama-server, in turn, and what a long prompt does to others.

    compare.py bench   --kite K [--model FILE] [--clients 16]           what serving costs: the server beside kite bench -b
    compare.py peer    --kite K --llama BIN --model FILE [--clients 8]  beside llama-server, its fastest setting found first
    compare.py prompt  --kite K --model FILE                            gaps of a stream while 2,000 tokens are read for another
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

PROMPT = 16


def bodies(arguments, seed):
    """Short prompts that have nothing in common, and answers of one length."""
    r = random.Random(seed)
    return [
        {"prompt": [r.randrange(300, 1800) for _ in range(PROMPT)], "max_tokens": arguments.tokens, "ignore_eos": True,
         "temperature": 0, "cache_prompt": False}
        for _ in range(arguments.clients)]


def measure(server, arguments, seed):
    streams = asyncio.run(client.together(server.port, bodies(arguments, seed)))
    assert all(s.tokens == arguments.tokens for s in streams), [s.tokens for s in streams]
    return client.generation_speed(streams), client.whole_speed(streams)


def beside_bench(arguments):
    """The server stays up; it is idle while kite bench runs."""
    served, benched = [], []
    with servers.kite(arguments.kite, arguments.model, arguments.clients, arguments.threads) as server:
        measure(server, arguments, 0)
        for round_ in range(arguments.rounds):
            served.append(measure(server, arguments, round_ + 1)[0])
            benched.append(servers.bench(
                arguments.kite, arguments.model, arguments.clients, arguments.tokens, PROMPT, arguments.threads))
    ratios = [a / b for a, b in zip(served, benched, strict=True)]
    ours, theirs = statistics.median(served), statistics.median(benched)
    print(json.dumps({
        "test": f"{arguments.clients} clients, {arguments.tokens} tokens", "serve": round(ours, 2), "bench": round(theirs, 2),
        "ratio": round(statistics.median(ratios), 4), "ratios": [round(ratio, 3) for ratio in ratios],
        # Of one step, in which every client gets a token, and of one token.
        "overhead_ms_per_step": round(1000 * arguments.clients * (1 / ours - 1 / theirs), 4),
        "overhead_ms_per_token": round(1000 * (1 / ours - 1 / theirs), 4),
    }, indent=1))


def beside_peer(arguments):
    context = 256

    def theirs(setting, seed):
        with servers.llama(arguments.llama, arguments.model, arguments.clients, arguments.threads, context, setting) as server:
            measure(server, arguments, 0)
            return measure(server, arguments, seed)

    def ours(seed):
        with servers.kite(arguments.kite, arguments.model, arguments.clients, arguments.threads) as server:
            measure(server, arguments, 0)
            return measure(server, arguments, seed)

    settings = [arguments.setting] if arguments.setting else list(servers.LLAMA_SETTINGS)
    scout = {setting: theirs(setting, 1)[0] for setting in settings}
    for setting, speed in scout.items():
        print(f"{speed:8.2f} t/s  {setting}", file=sys.stderr)
    best = max(scout, key=scout.get)
    rounds = [(ours(seed), theirs(best, seed)) for seed in range(2, 2 + arguments.rounds)]
    median = [[statistics.median(r[who][what] for r in rounds) for what in (0, 1)] for who in (0, 1)]
    print(json.dumps({
        "test": f"{arguments.clients} clients, {arguments.tokens} tokens after {PROMPT}", "setting": best,
        "scout": {k: round(v, 2) for k, v in scout.items()},
        "generation": {"kite": round(median[0][0], 2), "llama-server": round(median[1][0], 2), "ratio": round(median[0][0] / median[1][0], 3)},
        "whole": {"kite": round(median[0][1], 2), "llama-server": round(median[1][1], 2), "ratio": round(median[0][1] / median[1][1], 3)},
    }, indent=1))


def long_prompt(arguments):
    """A stream runs; 2,000 tokens of another come. Its largest gap, and how long one chunk takes."""
    r = random.Random(3)
    stream_body = {"prompt": [5] * PROMPT, "max_tokens": arguments.tokens, "ignore_eos": True, "temperature": 0}
    long = [{"prompt": [r.randrange(300, 1800) for _ in range(arguments.length)], "max_tokens": 1, "cache_prompt": False} for _ in range(2)]

    async def run(port):
        alone = await client.stream(port, long[0])
        talk = asyncio.create_task(client.stream(port, stream_body))
        await asyncio.sleep(arguments.after)
        sent = time.monotonic()
        late = await client.stream(port, long[1])
        return alone, await talk, late, sent

    with servers.kite(arguments.kite, arguments.model, 2, arguments.threads) as server:
        asyncio.run(client.stream(server.port, stream_body | {"max_tokens": 4}))
        alone, talk, late, sent = asyncio.run(run(server.port))
    pairs = list(zip(talk.moments, talk.moments[1:]))
    quiet = [b - a for a, b in pairs if b < sent]
    busy = [b - a for a, b in pairs if b >= sent and a <= late.ended]
    chunk = alone.first * arguments.chunk / arguments.length
    print(json.dumps({
        "prompt_tokens": arguments.length, "prompt_alone_s": round(alone.first, 2), "prompt_beside_s": round(late.first, 2),
        "tokens_meanwhile": len(busy), "gap_quiet_ms": round(1000 * statistics.median(quiet), 1),
        "gap_median_ms": round(1000 * statistics.median(busy), 1), "gap_most_ms": round(1000 * max(busy), 1),
        "chunk_ms": round(1000 * chunk, 1), "in_chunks": round((max(busy) - statistics.median(quiet)) / chunk, 2),
    }, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["bench", "peer", "prompt"])
    parser.add_argument("--kite", required=True)
    parser.add_argument("--llama", help="llama-server")
    parser.add_argument("--model")
    parser.add_argument("--setting", help="of llama-server, instead of trying all", choices=list(servers.LLAMA_SETTINGS))
    parser.add_argument("--clients", type=int)
    parser.add_argument("--tokens", type=int, help="of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--length", type=int, default=2000, help="of the long prompt")
    parser.add_argument("--chunk", type=int, default=256, help="tokens of a prompt that the server reads at a time")
    parser.add_argument("--after", type=float, default=3, help="seconds until the long prompt comes")
    arguments = parser.parse_args()
    # A stream must go on for longer than the long prompt takes.
    arguments.tokens = arguments.tokens or {"bench": 64, "peer": 64, "prompt": 400}[arguments.what]
    arguments.clients = arguments.clients or {"bench": 16, "peer": 8, "prompt": 1}[arguments.what]
    {"bench": beside_bench, "peer": beside_peer, "prompt": long_prompt}[arguments.what](arguments)


if __name__ == "__main__":
    main()
