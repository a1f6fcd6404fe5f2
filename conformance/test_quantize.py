"""`kite quantize` and `kite imatrix`: beside llama.cpp's tools where they are given, and whatever happens meanwhile.

KITE_LLAMA_QUANTIZE, KITE_LLAMA_IMATRIX and KITE_LLAMA_COMPLETION: paths of llama.cpp's programs.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import peer
import pytest
from conftest import GOLDEN
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

CARD = ["Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0"]
TYPES = CARD + ["Q4_1", "Q5_1", "IQ4_NL", "IQ4_XS", "F16", "BF16", "F32"]
# The model cards' table for the 3B.
CARD_BYTES = dict(
    zip(
        CARD,
        [
            1_196_981_760, 1_252_659_200, 1_389_629_440, 1_506_775_040, 1_606_781_440, 1_618_905_600, 1_706_805_760,
            1_940_072_960, 1_940_072_960, 1_991_600_640, 2_294_195_200, 2_971_136_000,
        ],
    )
)
QUANTIZE = os.environ.get("KITE_LLAMA_QUANTIZE")
IMATRIX = os.environ.get("KITE_LLAMA_IMATRIX")
beside_quantize = pytest.mark.skipif(not QUANTIZE, reason="no KITE_LLAMA_QUANTIZE")


def build(path, layers=8, width=256, ff=768, kv_heads=4, tied=False, arch="stablelm", dtype=np.float16, odd=0):
    """A model with the vocabulary of a golden one and weights as models have them: some columns much larger."""
    source = GGUFReader(GOLDEN / "stablelm-3b" / "model.gguf")
    vocabulary = next(int(t.shape[1]) for t in source.tensors if t.name == "token_embd.weight")
    random = np.random.default_rng(7)
    writer = GGUFWriter(str(path), arch)
    writer.add_name("random")
    writer.add_context_length(256)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ff + odd)
    writer.add_rope_dimension_count(16 if arch == "stablelm" else width // 4)
    writer.add_head_count(4)
    writer.add_head_count_kv(kv_heads)
    if arch == "stablelm":
        writer.add_layer_norm_eps(1e-5)
        writer.add_parallel_residual(False)
    else:
        writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(1)
    for key, field in source.fields.items():
        if not key.startswith("tokenizer."):
            continue
        value = field.contents()
        if key.endswith("tokens"):
            writer.add_token_list(value)
        elif key.endswith("token_type"):
            writer.add_token_types(value)
        elif key.endswith("merges"):
            writer.add_token_merges(value)
        elif isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        else:
            writer.add_string(key, value)

    def matrix(name, rows, columns):
        scale = np.exp(random.normal(0, 0.5, columns)) / columns**0.5
        writer.add_tensor(f"{name}.weight", (random.standard_normal((rows, columns)) * scale).astype(dtype))

    def norm(name):
        writer.add_tensor(f"{name}.weight", (1 + 0.1 * random.standard_normal(width)).astype(np.float32))
        if arch == "stablelm":
            writer.add_tensor(f"{name}.bias", (0.1 * random.standard_normal(width)).astype(np.float32))

    matrix("token_embd", vocabulary, width)
    for layer in sorted(range(layers), key=str):  # as Hugging Face's files are ordered
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm")
        matrix(f"{block}.attn_q", width, width)
        matrix(f"{block}.attn_k", width // 4 * kv_heads, width)
        matrix(f"{block}.attn_v", width // 4 * kv_heads, width)
        matrix(f"{block}.attn_output", width, width)
        norm(f"{block}.ffn_norm")
        matrix(f"{block}.ffn_gate", ff + odd, width)
        matrix(f"{block}.ffn_up", ff + odd, width)
        matrix(f"{block}.ffn_down", width, ff + odd)
    norm("output_norm")
    if not tied:
        matrix("output", vocabulary, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return build(tmp_path_factory.mktemp("quantize") / "model.F16.gguf")


@pytest.fixture(scope="session")
def variants(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("variants")
    return {
        "plain": model,
        "grouped": build(folder / "grouped.gguf", kv_heads=1),
        "tied": build(folder / "tied.gguf", layers=3, tied=True, arch="llama"),
        "f32": build(folder / "f32.gguf", layers=3, dtype=np.float32),
        "odd": build(folder / "odd.gguf", layers=3, odd=32),
        "many": build(folder / "many.gguf", layers=20, width=256, ff=256),
    }


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "words.txt"
    path.write_text("the theatre in the rain is the tin that the hat in the inn rattles\n" * 60)
    return path


def llama_quantize(*arguments):
    done = subprocess.run([QUANTIZE, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


# Sizes


@pytest.mark.parametrize("name", CARD)
def test_sizes_of_the_card(kite, name):
    """`tensor_bytes` of a dry run without a file equal the published files' to the byte."""
    arguments = ["quantize", "--preset", "stablelm-3b", name, "--dry-run", "--rules", "dec2023", "--json"]
    plan = json.loads(kite.ok(*arguments).out)
    assert plan["type"] == name
    assert plan["tensor_bytes"] == CARD_BYTES[name]
    assert len(plan["tensors"]) == 356
    assert sum(tensor["bytes"] for tensor in plan["tensors"]) == plan["tensor_bytes"]


def test_dry_run_tells_the_truth(kite, model, tmp_path):
    plan = json.loads(kite.ok("quantize", model, "Q4_K_M", "--dry-run", "--json").out)
    out = tmp_path / "out.gguf"
    kite.ok("quantize", model, out, "Q4_K_M")
    assert out.stat().st_size == plan["file_bytes"]
    assert {t["name"]: t["type"] for t in plan["tensors"]} == {
        t.name: t.tensor_type.name for t in GGUFReader(out).tensors
    }
    assert list(tmp_path.iterdir()) == [out]


def test_comparison(kite):
    lines = kite.ok("quantize", "--preset", "stablelm-3b", "all", "--dry-run", "--rules", "dec2023").out.splitlines()
    table = {line.split()[0]: line.split()[2] for line in lines[1:]}
    assert [table[name] for name in CARD] == [
        "1.20", "1.25", "1.39", "1.51", "1.61", "1.62", "1.71", "1.94", "1.94", "1.99", "2.29", "2.97",
    ]


# Beside llama.cpp


@beside_quantize
@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("variant", ["plain", "grouped", "tied", "f32", "odd", "many"])
def test_same_file_as_llama_quantize(kite, variants, tmp_path, variant, name):
    """The whole file, metadata and order included, has the same bytes."""
    llama_quantize(variants[variant], tmp_path / "theirs.gguf", name, 2)
    kite.ok("quantize", variants[variant], tmp_path / "ours.gguf", name, "-t", "2")
    compare(tmp_path / "ours.gguf", tmp_path / "theirs.gguf")


def compare(ours, theirs):
    left, right = GGUFReader(ours), GGUFReader(theirs)
    assert [(t.name, t.tensor_type.name) for t in left.tensors] == [(t.name, t.tensor_type.name) for t in right.tensors]
    for a, b in zip(left.tensors, right.tensors):
        assert a.data.tobytes() == b.data.tobytes(), a.name
    assert ours.read_bytes() == theirs.read_bytes()


@beside_quantize
@pytest.mark.parametrize(
    "flags",
    [
        ["--pure"], ["--leave-output-tensor"], ["--output-tensor-type", "q8_0"], ["--token-embedding-type", "q6_K"],
        ["--tensor-type", "attn_q=q8_0", "--tensor-type", r"blk\.[0-3]\.ffn_up=q5_k"],
    ],
)
def test_same_file_with_flags(kite, model, tmp_path, flags):
    llama_quantize(*flags, model, tmp_path / "theirs.gguf", "Q4_K_M", 2)
    kite.ok("quantize", model, tmp_path / "ours.gguf", "Q4_K_M", *flags)
    compare(tmp_path / "ours.gguf", tmp_path / "theirs.gguf")


@beside_quantize
@pytest.mark.parametrize("name", TYPES)
def test_same_file_with_importance(kite, model, text, tmp_path, name):
    matrix = tmp_path / "im.gguf"
    kite.ok("imatrix", model, "-f", text, "-o", matrix, "-c", "64")
    llama_quantize("--imatrix", matrix, model, tmp_path / "theirs.gguf", name, 2)
    kite.ok("quantize", model, tmp_path / "ours.gguf", name, "--imatrix", matrix)
    compare(tmp_path / "ours.gguf", tmp_path / "theirs.gguf")


@pytest.fixture(scope="session")
def nano(kite, nano_checkpoint, tmp_path_factory):
    """A trained model: its words do not hang on near ties as those of a random one."""
    path = tmp_path_factory.mktemp("nano") / "nano.BF16.gguf"
    kite.ok("convert", nano_checkpoint, "-o", path)
    return path


@peer.needed
@pytest.mark.parametrize("name", ["Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "IQ4_XS", "F16"])
def test_same_words_as_llama(kite, nano, tmp_path, name):
    """What Kite quantizes both programs read alike."""
    from test_parity import QUESTIONS

    out = tmp_path / "out.gguf"
    kite.ok("quantize", nano, out, name)
    for question in QUESTIONS[:3]:
        prompt = f"<|user|>\n{question}<|endoftext|>\n<|assistant|>\n"
        ours = kite.ok("generate", "-m", out, "-p", prompt, "-n", "12", "--temp", "0").out.strip()
        assert ours == peer.complete(out, prompt, 12)


@beside_quantize
@pytest.mark.parametrize("name", ["Q4_K_M", "Q6_K", "IQ4_XS"])
def test_reads_what_llama_quantizes(kite, model, tmp_path, name):
    llama_quantize(model, tmp_path / "theirs.gguf", name, 2)
    kite.ok("quantize", model, tmp_path / "ours.gguf", name)
    answers = [
        kite.ok("generate", "-m", tmp_path / f"{who}.gguf", "-p", "the tin", "-n", "8", "--temp", "0").out
        for who in ("ours", "theirs")
    ]
    assert answers[0] == answers[1]


@pytest.mark.skipif(not IMATRIX, reason="no KITE_LLAMA_IMATRIX")
def test_same_importance_as_llama(kite, variants, text, tmp_path):
    """The same sums, up to how activations are rounded: an F32 model has them in full precision in both programs."""
    model = variants["f32"]
    command = [
        IMATRIX, "-m", model, "-f", text, "-o", tmp_path / "theirs.gguf", "-c", "64", "-b", "64", "-ub", "64", "-t", "2",
        "--no-ppl", "-fa", "off", "--process-output",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    kite.ok("imatrix", model, "-f", text, "-o", tmp_path / "ours.gguf", "-c", "64", "--process-output")
    left, right = GGUFReader(tmp_path / "ours.gguf"), GGUFReader(tmp_path / "theirs.gguf")
    assert [(t.name, list(t.shape)) for t in left.tensors] == [(t.name, list(t.shape)) for t in right.tensors]
    for a, b in zip(left.tensors, right.tensors):
        np.testing.assert_allclose(a.data, b.data, rtol=2e-3, atol=1e-4 * float(np.abs(b.data).max()), err_msg=a.name)
    for key in ("general.type", "imatrix.chunk_count", "imatrix.chunk_size", "imatrix.datasets"):
        assert left.fields[key].contents() == right.fields[key].contents(), key


# Mistakes


def refused(result, *words):
    assert result.code in (1, 2)
    assert len(result.error_lines) == 1
    for word in words:
        assert word in result.err, result.err


def test_mistakes_are_named(kite, model, tmp_path):
    out = tmp_path / "out.gguf"
    refused(kite("quantize", model, model, "Q4_K_M"), "is the file to read")
    refused(kite("quantize", model, out), "type")
    refused(kite("quantize", model, out, "Q9_X"), "Q4_K_M")
    refused(kite("quantize", model, "Q4_K_M"), "--dry-run")
    refused(kite("quantize", tmp_path / "missing.gguf", out, "Q4_K_M"), "missing.gguf")
    refused(kite("quantize", tmp_path, out, "Q4_K_M"), "folder")
    refused(kite("quantize", "--preset", "stablelm-3b", "Q4_K_M"), "--dry-run")
    refused(kite("quantize", model, out, "IQ4_XS", "--rules", "dec2023"), "IQ4_XS")
    refused(kite("quantize", model, out, "Q4_0", "--tensor-type", "mlp=q8_0"), "mlp")
    refused(kite("quantize", model, out, "Q4_0", "--imatrix", model), "not an importance matrix")
    assert list(tmp_path.iterdir()) == []
    out.write_bytes(b"precious")
    refused(kite("quantize", model, out, "Q4_0"), "exists")
    assert out.read_bytes() == b"precious"
    kite.ok("quantize", model, out, "Q8_0", "--force")
    refused(kite("quantize", out, tmp_path / "again.gguf", "Q4_0"), "Q8_0 already", "--allow-requantize")
    kite.ok("quantize", out, tmp_path / "again.gguf", "Q4_0", "--allow-requantize")


def test_numbers_that_are_not_finite(kite, model, tmp_path):
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(model.read_bytes())
    tensor = next(t for t in GGUFReader(bad).tensors if t.name == "blk.2.ffn_up.weight")
    with bad.open("r+b") as file:
        file.seek(int(tensor.data_offset) + 2 * (5 * 256 + 17))
        file.write((0x7E00).to_bytes(2, "little"))
    refused(kite("quantize", bad, tmp_path / "out.gguf", "Q4_K_M"), "blk.2.ffn_up.weight", "row 5", "column 17")
    assert list(tmp_path.iterdir()) == [bad]


def test_importance_of_another_model(kite, model, variants, text, tmp_path):
    matrix = tmp_path / "im.gguf"
    kite.ok("imatrix", variants["odd"], "-f", text, "-o", matrix, "-c", "64")
    refused(kite("quantize", model, tmp_path / "out.gguf", "Q4_0", "--imatrix", matrix), "another model")


# Crashes


@pytest.fixture(scope="session")
def larger(tmp_path_factory):
    """Large enough that a kill hits the middle of the work."""
    return build(tmp_path_factory.mktemp("larger") / "larger.gguf", layers=12, width=1024, ff=2816)


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.2, 0.4, 0.8])
def test_a_kill_leaves_nothing_or_all(kite, larger, tmp_path, delay):
    out = tmp_path / "out.gguf"
    process = subprocess.Popen(
        [kite.path, "quantize", larger, out, "Q4_K_M"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if out.exists():
        kite.ok("show", out)
    # What is left is no model by its name, and the next run does not mind it.
    assert [path.name for path in tmp_path.glob("*.gguf")] == (["out.gguf"] if out.exists() else [])
    kite.ok("quantize", larger, out, "Q4_K_M", "--force")
    kite.ok("show", out)


def test_an_interrupt_leaves_nothing(kite, larger, tmp_path):
    out = tmp_path / "out.gguf"
    process = subprocess.Popen(
        [kite.path, "quantize", larger, out, "Q4_K_M", "-t", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(0.15)
    process.send_signal(signal.SIGINT)
    # It may not have come as far as to catch the signal.
    assert process.wait() in (130, 0, -signal.SIGINT)
    assert list(tmp_path.iterdir()) == ([out] if process.returncode == 0 else [])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_memory_is_small(kite, larger, tmp_path):
    """The source's pages that were read are let go of: less than a fifth of the file is ever in memory."""
    process = subprocess.Popen(
        [kite.path, "quantize", larger, tmp_path / "out.gguf", "Q4_K_M"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    # Not `ru_maxrss`: that begins with what the process that starts another has.
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = max(peak, int(line.split()[1]) * 1024)
        time.sleep(0.005)
    assert process.returncode == 0
    assert 0 < peak < 60_000_000 < larger.stat().st_size / 5, f"{peak / 1e6:.0f} MB"
