"""`kite perplexity` beside numpy and, when given, llama.cpp: KITE_LLAMA_PERPLEXITY=path/to/llama-perplexity."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from conftest import GOLDEN, NANO

PEER = os.environ.get("KITE_LLAMA_PERPLEXITY")
FOLDER = GOLDEN.parent / "perplexity"
BASE, COARSE, TEXT = GOLDEN / "quantized" / "F32.gguf", FOLDER / "coarse.gguf", FOLDER / "text.txt"
EXACT = ["-ctk", "f32", "-ctv", "f32", "-fa", "off"]


def peer(*arguments):
    """What llama-perplexity writes. It can lose its last words when it ends."""
    for _ in range(20):
        done = subprocess.run([PEER, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
        text = (done.stdout + done.stderr).decode("utf-8", "replace")
        if re.search(r"PPL = |Same top p", text):
            return text
    pytest.fail(text[-2000:])


def read(path):
    """A file of log-probabilities by its description in docs/formats.md: context, tokens, and log p [chunk][row][token]."""
    data = path.read_bytes()
    assert data[:8] == b"_logits_"
    context, vocabulary, chunks = np.frombuffer(data, "<i4", 3, 8)
    tokens = np.frombuffer(data, "<i4", context * chunks, 20).reshape(chunks, context)
    rows = np.frombuffer(data, "<u2", offset=20 + 4 * context * chunks).reshape(chunks, context - 1 - context // 2, -1)
    header = np.ascontiguousarray(rows[:, :, :4]).view("<f4").astype(np.float64)
    return context, tokens, header[:, :, :1] * rows[:, :, 4 : 4 + vocabulary] + header[:, :, 1:]


@pytest.fixture(scope="module")
def files(kite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logits")
    for name, model in [("base", BASE), ("coarse", COARSE)]:
        kite.ok("perplexity", model, "-f", TEXT, "-c", 64, "--chunks", 6, "--save-all-logits", folder / f"{name}.kld")
    return folder


def test_statistics_by_numpy(kite, files):
    """Perplexities, divergence and the rest, recomputed from the files of both models."""
    context, tokens, base = read(files / "base.kld")
    _, same, coarse = read(files / "coarse.kld")
    assert (tokens == same).all() and context == 64
    targets = tokens[:, context // 2 + 1 :, None]
    log_p, log_q = (np.take_along_axis(x, targets, 2).ravel() for x in (base, coarse))
    divergence = np.where(base > -16, np.exp(base) * (base - coarse), 0).sum(2).ravel()
    found = json.loads(kite.ok("perplexity", COARSE, "--kl", files / "base.kld", "--json").out)
    kl, n = found["kl"], len(log_p)
    assert found["n_scored"] == n == 6 * 31

    def close(value, expected, tolerance=3e-4):
        assert value == pytest.approx(expected, rel=tolerance, abs=2e-6)

    close(found["perplexity"], np.exp(-log_q.mean()))
    close(found["perplexity_uncertainty"], np.exp(-log_q.mean()) * log_q.std() / np.sqrt(n - 1))
    close(kl["base_perplexity"]["value"], np.exp(-log_p.mean()))
    close(kl["kld"]["value"], divergence.mean())
    close(kl["kld"]["uncertainty"], divergence.std() / np.sqrt(n - 1))
    for name, share in [("minimum", 0), ("10%", 10), ("median", 50), ("99%", 99), ("99.9%", 99.9), ("maximum", 100)]:
        close(kl["kld_percentiles"][name], np.percentile(divergence, share), 2e-3)
    change = np.exp(log_q) - np.exp(log_p)
    close(kl["delta_p"]["value"], change.mean(), 2e-3)
    close(kl["delta_p_rms"]["value"], np.sqrt((change**2).mean()), 1e-3)
    close(kl["correlation_ln_ppl"], np.corrcoef(log_p, log_q)[0, 1])
    close(kl["same_top"]["value"], (base.argmax(2) == coarse.argmax(2)).mean())


def test_two_models_side_by_side(kite, files):
    """The same statistics as from a file, to the last digit."""
    beside = json.loads(kite.ok("perplexity", COARSE, "-f", TEXT, "-c", 64, "--chunks", 6, "--kl", BASE, "--json").out)
    through = json.loads(kite.ok("perplexity", COARSE, "--kl", files / "base.kld", "--json").out)
    assert beside["kl"] == through["kl"]
    # The names of llama.cpp.
    flags = ["--kl-divergence", "--kl-divergence-base", files / "base.kld"]
    assert json.loads(kite.ok("perplexity", "-m", COARSE, *flags, "--json").out)["kl"] == through["kl"]


def test_output(kite, tmp_path):
    result = kite.ok("perplexity", NANO, "-f", FOLDER / "nano.txt", "-c", 128)
    assert re.fullmatch(r"PPL = 7\.9[67]\d\d ± 1\.4\d+\n", result.out)
    assert re.search(r"^\[1\][\d.]+,\[2\]", result.err, re.M)
    text = (FOLDER / "nano.txt").read_bytes()
    found = json.loads(kite.ok("perplexity", "-f", "-", "-c", 128, "--json", stdin=text).out)
    assert (found["n_ctx"], found["ppl_stride"], found["bos"]) == (128, None, "none")
    assert found["corpus"]["sha256"] == __import__("hashlib").sha256(text).hexdigest()
    assert len(found["running_perplexity"]) == found["chunks"] == found["n_tokens"] // 128


def test_report(kite, tmp_path):
    models = [COARSE, GOLDEN / "quantized" / "F32.gguf", GOLDEN / "quantized" / "F16.gguf"]
    flags = ["-f", TEXT, "-c", 64, "--chunks", 4, "--kl", BASE, "--report", tmp_path / "loss.md"]
    result = kite.ok("perplexity", *models, *flags)
    table = (tmp_path / "loss.md").read_text()
    assert [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")] == [
        "| type", "| ---", "| F16", "| coarse", "| F32"]
    assert result.out.splitlines()[0] == table.splitlines()[0]
    labels = [e.text for e in xml.parse(tmp_path / "loss.svg").iter() if e.get("class") == "label"]
    assert labels == ["F16", "coarse"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["loss.md", "loss.svg"]
    assert "--force" in kite("perplexity", *models, *flags).err


def test_quantize_report(kite, tmp_path):
    """Every type is made, measured and taken away again; more bits lose less."""
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / "F32.gguf"
    source.write_bytes(BASE.read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    flags = ["--report", out / "loss.md", "-f", TEXT, "-c", 64, "--chunks", 4]
    found = json.loads(kite.ok("quantize", source, "Q8_0,Q4_0,Q5_0", *flags, "--json").out)
    assert [e["name"] for e in found["entries"]] == ["Q4_0", "Q5_0", "Q8_0"]
    losses = [e["kl"]["kld"]["value"] for e in found["entries"]]
    assert losses[0] > losses[1] > losses[2] > 0
    assert sorted(p.name for p in out.iterdir()) == ["loss.md", "loss.svg"]
    kite.ok("quantize", source, out / "kept.gguf", "Q8_0", *flags, "--force")
    assert sorted(p.name for p in out.iterdir()) == ["kept.gguf", "loss.md", "loss.svg"]
    assert found["entries"][2]["bytes"] == (out / "kept.gguf").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-f", "short"], 1, "a context of 512 needs at least 1024"),
        (["-f", "none"], 1, "cannot open"),
        ([], 2, "which text?"),
        (["-f", "short", "-c", "2"], 1, "-c"),
        (["--kl", "cut"], 1, "cut off"),
        (["--kl", "magic"], 1, ""),
        (["--kl", "base"], 1, "vocabulary"),
        (["--kl", BASE, "-f", TEXT, "-c", "64"], 1, "different tokens"),
        (["--kl-divergence"], 2, "--kl-divergence-base"),
        (["--report", "x.md", "-f", TEXT], 2, "--kl"),
        (["-f", TEXT, "--save-all-logits", "base", "-c", "64"], 1, "--force"),
        (["-f", TEXT, "--kl", "base", "-m", COARSE, "-c", "32"], 1, "context of 64"),
        (["-f", "short", "--kl", "base", "-m", COARSE], 1, "another text"),
    ],
)
def test_wrong_input(kite, tmp_path, arguments, code, words):
    base = (FOLDER / "base.kld").read_bytes()
    contents = {"short": b"Kites fly.", "cut": base[:-100], "magic": b"_logots_" + base[8:], "base": base}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    made = [tmp_path / a if a in [*contents, "none"] else a for a in arguments]
    result = kite("perplexity", *([] if "-m" in made else ["-m", NANO]), *made)
    assert (result.code, len(result.error_lines)) == (code, 1), result.err
    assert words in result.err
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(contents)


needs_peer = pytest.mark.skipif(not PEER, reason="no KITE_LLAMA_PERPLEXITY")


@needs_peer
@pytest.mark.parametrize(
    ("model", "text", "flags"),
    [(COARSE, TEXT, ["-c", "64"]), (GOLDEN / "stablelm-3b" / "model.gguf", TEXT, ["-c", "128"]),
     (GOLDEN / "quantized" / "Q4_K.gguf", TEXT, ["-c", "64"]), (NANO, FOLDER / "nano.txt", ["-c", "256"])],
)
def test_perplexity_of_llama(kite, model, text, flags):
    theirs = re.search(r"PPL = ([\d.]+)", peer("-m", model, "-f", text, *flags, "-b", flags[1], "-t", 1))
    ours = json.loads(kite.ok("perplexity", model, "-f", text, *flags, "--json").out)
    assert ours["perplexity"] == pytest.approx(float(theirs[1]), rel=1e-3)


@needs_peer
def test_files_go_both_ways(kite, files, tmp_path):
    """llama.cpp's statistics from Kite's file, and Kite's from llama.cpp's: equal to four digits."""
    common = ["-c", 64, "-b", 64, "-t", 1, *EXACT]
    peer("-m", BASE, "-f", TEXT, *common, "--chunks", 6, "--kl-divergence-base", tmp_path / "theirs.kld")
    theirs = peer("-m", COARSE, *common, "--kl-divergence", "--kl-divergence-base", files / "base.kld")
    ours = json.loads(kite.ok("perplexity", COARSE, "--kl", tmp_path / "theirs.kld", "--json").out)["kl"]
    for pattern, value in [
        (r"Mean PPL\(Q\) +: +([\d.]+)", ours["perplexity"]["value"]),
        (r"Mean PPL\(base\) +: +([\d.]+)", ours["base_perplexity"]["value"]),
        (r"Mean +KLD: +([\d.]+)", ours["kld"]["value"]),
        (r"Mean +KLD: .* ± +([\d.]+)", ours["kld"]["uncertainty"]),
        (r"Maximum KLD: +([\d.]+)", ours["kld_percentiles"]["maximum"]),
        (r"Median +KLD: +([\d.]+)", ours["kld_percentiles"]["median"]),
        (r"RMS Δp +: +([\d.]+)", ours["delta_p_rms"]["value"] * 100),
        (r"Same top p: +([\d.]+)", ours["same_top"]["value"] * 100),
    ]:
        printed = re.search(pattern, theirs)[1]
        assert value == pytest.approx(float(printed), rel=1e-4, abs=1.1 * 10.0 ** -len(printed.split(".")[1])), pattern
