"""What compare.py measured, as Markdown."""

import statistics

from contenders import DEPTH, TESTS, title

# Bytes of keys and values per token in half precision: layers * 2 * width * 2.
CONTEXT_BYTES = {"stablelm-3b": 32 * 2 * 2560 * 2, "stablelm-2-1_6b": 24 * 2 * 2048 * 2, "mistral-7b": 32 * 2 * 1024 * 2}


def medians(results, kind, test):
    """{(contender, configuration): (median rate, median share of the ceiling or None, largest peak)}"""
    rows = {}
    for r in results:
        if r["type"] == kind and r["test"] == test:
            rows.setdefault((r["contender"], tuple(r["configuration"] or ())), []).append(r)
    found = {}
    for key, samples in rows.items():
        shares = [r["rate"] / r["ceiling"] for r in samples if r["ceiling"]]
        found[key] = (
            statistics.median(r["rate"] for r in samples), statistics.median(shares) if shares else None,
            max(r["peak_bytes"] for r in samples),
        )
    return found


def best_peer(rates):
    """The fastest configuration of llama.cpp, or None."""
    peers = {key: value for key, value in rates.items() if key[0] == "llama.cpp"}
    return max(peers, key=lambda key: peers[key][0]) if peers else None


def speed_table(results, kinds, test):
    lines = []
    for kind in kinds:
        rates = medians(results, kind, test)
        peer = best_peer(rates)
        if peer is None:
            continue
        rate = rates[peer][0]
        own = rates.get(("kite", ()))
        cells = [kind, "–", f"{rate:.1f}", title(peer[1]), "–", "–"]
        if own:
            cells[1], cells[4] = f"{own[0]:.1f}", f"**{own[0] / rate:.2f}**"
            cells[5] = f"{own[1]:.0%}" if own[1] else "–"
        lines.append("| " + " | ".join(cells) + " |")
    if lines:
        print(f"\n{test}, tokens per second\n")
        print("| type | Kite | llama.cpp | its fastest configuration | ratio | Kite, of the ceiling |")
        print("| --- | ---: | ---: | --- | ---: | ---: |")
        print("\n".join(lines))


def memory_table(results, kinds, context_bytes):
    test, lines = f"pp{DEPTH}", []
    for kind in kinds:
        rates = medians(results, kind, test)
        own, peer = rates.get(("kite", ())), best_peer(rates)
        if own is None or peer is None:
            continue
        size = next(r["file_bytes"] for r in results if r["type"] == kind)
        bound = size + DEPTH * context_bytes + 200_000_000
        cells = [kind, *(f"{number / 1e9:.2f}" for number in (size, own[2], rates[peer][2], bound))]
        lines.append("| " + " | ".join(cells) + " |")
    if lines:
        print(f"\nPeak memory with {DEPTH} tokens in the context, GB\n")
        print("| type | file | Kite | llama.cpp, fastest | file + f16 keys and values + 0.2 |")
        print("| --- | ---: | ---: | ---: | ---: |")
        print("\n".join(lines))


def print_tables(options, results, scouts):
    results = results or scouts
    rounds = 1 + max((r["round"] for r in results), default=0)
    print(f"{options.shape}, {options.threads} threads, medians of {rounds} interleaved rounds.")
    for test in options.tests:
        speed_table(results, options.types, TESTS[test].name)
    memory_table(results, options.types, CONTEXT_BYTES[options.shape])
