"""`kite bench`: what scripts read from it."""

import json

TINY = ("-p", "16", "-n", "2", "-r", "2")


def rows(kite, *arguments):
    return json.loads(kite.ok("bench", *arguments, "--json").out)


def test_json_has_llama_bench_names(kite):
    first, second = rows(kite, *TINY)
    assert (first["n_prompt"], first["n_gen"]) == (16, 0)
    assert (second["n_prompt"], second["n_gen"]) == (0, 2)
    for row in (first, second):
        assert len(row["samples_ts"]) == len(row["samples_ns"]) == 2
        assert row["avg_ts"] > 0 and row["stddev_ts"] >= 0 and row["n_depth"] == 0 and row["n_seq"] == 1
        assert row["n_threads"] >= 1 and row["model_size"] > 0 and row["model_n_params"] > 0
        assert abs(sum(row["samples_ts"]) / 2 - row["avg_ts"]) < 1e-6 * row["avg_ts"]
        assert row["ceiling_ts"] > 0
        assert row["machine"]["read_bytes_per_s"] > 1e8 and row["machine"]["int8_ops_per_s"] > 1e7


def test_every_combination_is_measured(kite):
    found = rows(kite, "-p", "0", "-n", "2", "-d", "0,70", "-b", "1,3", "-t", "1,2", "-r", "1")
    shapes = [(row["n_threads"], row["n_depth"], row["n_seq"]) for row in found]
    assert shapes == [(t, d, b) for t in (1, 2) for d in (0, 70) for b in (1, 3)]


def test_markdown_is_a_table(kite):
    result = kite.ok("bench", *TINY, "--markdown")
    table = [line for line in result.out.splitlines() if line.startswith("|")]
    assert len(table) == 4
    assert len({line.count("|") for line in table}) == 1
    assert table[2].split("|")[4].strip() == "pp16"


def test_wrong_lists_are_wrong_usage(kite):
    for arguments in (("-b", "0"), ("-t", "1,x"), ("-d", "-1"), ("-r", "0"), ("--json", "--markdown"), ("--type", "Q8_0")):
        result = kite("bench", *TINY, *arguments)
        assert result.code == 2, arguments
        assert result.out == "" and len(result.error_lines) == 1
