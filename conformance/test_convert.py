"""`kite convert` read back with the `gguf` package, and compared with files that the reference scripts wrote."""

import json

import numpy as np
import pytest
from conftest import GOLDEN
from gguf import GGMLQuantizationType, GGUFReader

MODELS = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "hf").exists())
# What converters may say or leave out without changing the model.
FREE = {"general.name", "general.file_type", "general.quantization_version", "general.size_label", "general.type"}


def read(path):
    reader = GGUFReader(str(path))
    fields = {n: f.contents() for n, f in reader.fields.items() if not n.startswith("GGUF.")}
    tensors = {}
    for t in reader.tensors:
        data = np.asarray(t.data)
        if t.tensor_type == GGMLQuantizationType.BF16:
            data = (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        tensors[t.name] = ([int(n) for n in t.shape], t.tensor_type, data.astype(np.float32).ravel())
    return fields, tensors


@pytest.fixture(scope="session")
def converted(kite, tmp_path_factory):
    done = {}

    def convert(name, folder=None):
        if name not in done:
            path = tmp_path_factory.mktemp("converted") / f"{name}.gguf"
            kite.ok("convert", folder or GOLDEN / name / "hf", "-o", path)
            done[name] = read(path) + (path,)
        return done[name]

    return convert


@pytest.mark.parametrize("name", MODELS)
def test_tensors(converted, name):
    """Same names, shapes and numbers as the reference file: q/k rows reordered, head norms stacked, rope factors."""
    _, tensors, _ = converted(name)
    _, expected = read(GOLDEN / name / "model.gguf")
    assert tensors.keys() == expected.keys()
    for key, (shape, _, numbers) in expected.items():
        assert tensors[key][0] == shape, key
        tolerance = 1e-6 if key == "rope_freqs.weight" else 0
        assert np.abs(tensors[key][2] - numbers).max() <= tolerance, key


@pytest.mark.parametrize("name", MODELS)
def test_metadata(converted, name):
    fields, _, _ = converted(name)
    expected, _ = read(GOLDEN / name / "model.gguf")
    config = json.loads((GOLDEN / name / "hf" / "config.json").read_text())
    if config["model_type"] == "stablelm_epoch":
        # The reference file carries two known faults of 2023; a conversion must not.
        expected["stablelm.use_parallel_residual"] = False
        expected["stablelm.attention.head_count_kv"] = config["num_key_value_heads"]
    wrong = {}
    for key in expected.keys() - FREE:
        a, b = fields.get(key), expected[key]
        if key.startswith("tokenizer.") and key.endswith(("_token", "token_id")) and a is None:
            continue
        same = abs(a - b) <= 1e-6 * abs(b) if isinstance(b, float) and isinstance(a, (int, float)) else a == b
        if key == "tokenizer.ggml.tokens" and not same:
            same = a[: len(b) - 4] == b[: len(b) - 4] and len(a) == len(b)  # padding rows may be named otherwise
        if key == "tokenizer.ggml.token_type" and not same:
            same = a[: len(b) - 4] == b[: len(b) - 4] and len(a) == len(b)
        if not same:
            wrong[key] = (str(a)[:80], str(b)[:80])
    assert not wrong


def test_nano(converted, nano_checkpoint):
    fields, tensors, path = converted("nano", nano_checkpoint)
    assert fields["general.architecture"] == "stablelm"
    assert fields["stablelm.rope.dimension_count"] == 16
    assert fields["stablelm.block_count"] == 6
    assert fields["tokenizer.chat_template"] == (nano_checkpoint / "chat_template.jinja").read_text()
    raw = load_bf16(nano_checkpoint / "model.safetensors")
    names = {"model.embed_tokens.weight": "token_embd.weight", "lm_head.weight": "output.weight", "model.norm.weight": "output_norm.weight"}
    for hf, name in names.items():
        assert np.array_equal(tensors[name][2], raw[hf].ravel()), name


def load_bf16(path):
    """safetensors with bf16, which numpy lacks, as f32."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    out = {}
    for name, info in header.items():
        if name == "__metadata__":
            continue
        begin, end = info["data_offsets"]
        raw = np.frombuffer(data[8 + size + begin : 8 + size + end], dtype="<u2")
        assert info["dtype"] == "BF16"
        out[name] = (raw.astype(np.uint32) << 16).view(np.float32).reshape(info["shape"])
    return out


def test_converted_file_answers_alike(kite, converted, nano_checkpoint):
    _, _, path = converted("nano", nano_checkpoint)
    prompt = "<|user|>\nWhat is the capital of Peru?<|endoftext|>\n<|assistant|>\n"
    outputs = [kite.ok("generate", "-m", m, "-p", prompt, "-n", "32", "--temp", "0").out for m in (path, nano_checkpoint)]
    assert outputs[0] == outputs[1] and "Lima" in outputs[0]


def test_existing_output_is_not_destroyed_by_a_failure(kite, tmp_path):
    out = tmp_path / "out.gguf"
    out.write_bytes(b"precious")
    assert kite("convert", tmp_path / "missing", "-o", out).code == 1
    assert out.read_bytes() == b"precious"


@pytest.mark.parametrize("name", MODELS)
def test_show(kite, name):
    """`show` names the architecture and every type, as text and as JSON, for both kinds of source."""
    for source in (GOLDEN / name / "model.gguf", GOLDEN / name / "hf"):
        text = kite.ok("show", source).out
        assert "stablelm" in text.lower() or "llama" in text.lower()
        json.loads(kite.ok("show", source, "--json").out)
