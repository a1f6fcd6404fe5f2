"""`kite convert` between checkpoints, GGUF files and adapters, checked with transformers, `gguf` and llama.cpp.

KITE_LLAMA_CPP=folder of llama.cpp's sources compares adapters with convert_lora_to_gguf.py as well;
KITE_LLAMA_COMPLETION=path/to/llama-completion lets llama.cpp read split files and adapters.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import peer
import pytest
from conftest import GOLDEN, ROOT
from gguf import GGUFReader, GGUFWriter
from gguf.quants import dequantize
from safetensors.numpy import load_file, save_file

sys.path.insert(0, str(ROOT / "scripts" / "golden"))
from gptq import gptq  # noqa: E402

MODELS = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "hf").exists())
TEXTS = [
    "", "Hello world, it's 2024!", "  two  spaces\n\n\nand tabs\t\tx", "é ü ß 漢字 🙂 \u00a0 \ufeff", "<|endoftext|>a<s>b</s>",
    "def f(x):\n    return x**2 + 12345678  # don't", "ﬁne N̈ Å", "the tin the tin",
]


def weights(path):
    """The tensors of a GGUF file as f32."""
    return {t.name: dequantize(np.asarray(t.data), t.tensor_type).reshape([int(n) for n in t.shape][::-1]) for t in GGUFReader(str(path)).tensors}


def logits(folder, ids, **options):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy()


@pytest.fixture(scope="session")
def exported(kite, tmp_path_factory):
    done = {}

    def export(name, *options):
        if (name, options) not in done:
            path = tmp_path_factory.mktemp("exported") / name
            kite.ok("convert", GOLDEN / name / "model.gguf", "-o", path, *options)
            done[name, options] = path
        return done[name, options]

    return export


@pytest.mark.parametrize("name", MODELS)
def test_logits(exported, name):
    """transformers computes from the folder what it computes from the original, sharded or not."""
    if name == "stablelm-3b":
        pytest.skip("its original has a config.json of 2023, which transformers does not read")
    ids = [3, 17, 101, 5, 260, 44, 9]
    expected = logits(GOLDEN / name / "hf", ids)
    for options in (("--type", "f32"), ("--type", "f32", "--max-shard-size", "40K")):
        assert np.abs(logits(exported(name, *options), ids) - expected).max() <= 1e-5


def test_logits_of_2023(exported):
    """The 3B's logits are in the golden files: transformers' own for the ids of the manifest."""
    manifest = json.loads((GOLDEN / "stablelm-3b" / "manifest.json").read_text())
    ids = manifest.get("ids") or manifest.get("prompt") or manifest.get("tokens")
    if not ids:
        pytest.skip("no ids in the manifest")
    found = logits(exported("stablelm-3b", "--type", "f32"), ids)
    expected = np.fromfile(GOLDEN / "stablelm-3b" / "logits.bin", dtype="<f4").reshape(-1, found.shape[1])
    rows = min(len(expected), len(found))
    assert np.abs(found[:rows] - expected[:rows]).max() <= 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_tokenization(exported, name):
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer

    original = Tokenizer.from_file(str(GOLDEN / name / "hf" / "tokenizer.json"))
    ours = transformers.AutoTokenizer.from_pretrained(exported(name))
    for text in TEXTS:
        assert ours(text, add_special_tokens=False)["input_ids"] == original.encode(text, add_special_tokens=False).ids, text


def tiny_model(path, source, tokens):
    """A model of a few numbers with the vocabulary of `source`."""
    writer = GGUFWriter(str(path), "llama")
    reader = GGUFReader(str(source))
    for key, field in reader.fields.items():
        if key.startswith("tokenizer."):
            kind = field.types[0]
            writer.add_key_value(key, field.contents(), kind, field.types[-1] if len(field.types) > 1 else None)
    if "tokenizer.ggml.pre" not in reader.fields and "neox" in source.name:
        writer.add_string("tokenizer.ggml.pre", "olmo")  # a file of 2023 does not say it
    for key, value in {"context_length": 64, "embedding_length": 32, "block_count": 1, "feed_forward_length": 32, "attention.head_count": 2, "attention.head_count_kv": 2, "rope.dimension_count": 16}.items():
        writer.add_uint32(f"llama.{key}", value)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    shapes = {"token_embd": (tokens, 32), "output_norm": (32,), "output": (tokens, 32)}
    shapes |= {f"blk.0.{n}": (32, 32) for n in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")}
    shapes |= {f"blk.0.{n}": (32,) for n in ("attn_norm", "ffn_norm")}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("name", ["llama-spm.vocab.gguf", "gpt-neox-nov2023.vocab.gguf"])
def test_real_vocabulary(kite, vocab, tmp_path, name):
    """tokenizer.json and tokenizer.model give the numbers that Kite gives from the GGUF file."""
    from tokenizers import Tokenizer

    source = vocab(name)
    fields = GGUFReader(str(source)).fields
    tiny_model(tmp_path / "tiny.gguf", source, len(fields["tokenizer.ggml.tokens"].contents()))
    kite.ok("convert", tmp_path / "tiny.gguf", "-o", tmp_path / "out")
    ours = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    pieces = None
    if "spm" in name:
        import sentencepiece

        pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "out" / "tokenizer.model"))
    for text in TEXTS[:4] + TEXTS[5:] + [(ROOT / "README.md").read_text()[:4000]]:
        (tmp_path / "text").write_text(text)
        ids = json.loads(kite.ok("tokenize", "-m", tmp_path / "tiny.gguf", "--ids", "--json", "-f", tmp_path / "text").out or "[]")
        assert ours.encode(text, add_special_tokens=False).ids == ids, text
        if pieces:
            assert pieces.encode(text) == ids, text


@pytest.mark.parametrize("kind", ["f16", "bf16", "f32"])
def test_quantized_weights(kite, tmp_path, kind):
    """A quantized file gives the numbers its blocks stand for, rounded once."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load

    source = next(GOLDEN.joinpath("quantized").rglob("*Q4_K*.gguf"))
    kite.ok("convert", source, "-o", tmp_path / "out", "--type", kind)
    table = torch.from_numpy(weights(source)["token_embd.weight"].copy())
    dtype = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}[kind]
    assert torch.equal(load(tmp_path / "out" / "model.safetensors")["model.embed_tokens.weight"], table.to(dtype))


# Adapters


def adapter(path, name, rank=4):
    """A PEFT folder with factors for q, k and down of the first layer of a golden model."""
    path.mkdir(exist_ok=True)
    shapes = {key: value.shape for key, value in load_file(GOLDEN / name / "hf" / "model.safetensors").items()}
    rng = np.random.default_rng(7)
    tensors = {}
    for layer in ("self_attn.q_proj", "self_attn.k_proj", "mlp.down_proj"):
        rows, columns = shapes[f"model.layers.0.{layer}.weight"]
        prefix = f"base_model.model.model.layers.0.{layer}"
        tensors[f"{prefix}.lora_A.weight"] = rng.standard_normal((rank, columns)).astype(np.float32) * 0.1
        tensors[f"{prefix}.lora_B.weight"] = rng.standard_normal((rows, rank)).astype(np.float32) * 0.1
    save_file(tensors, path / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 6, "bias": "none", "base_model_name_or_path": "base"}
    (path / "adapter_config.json").write_text(json.dumps(config))
    return tensors, 6 / rank


ADAPTED = ["llama", "stablelm-3b"]


@pytest.mark.parametrize("name", ADAPTED)
def test_adapter_is_what_the_reference_writes(kite, tmp_path, name):
    source = os.environ.get("KITE_LLAMA_CPP")
    if not source:
        pytest.skip("no KITE_LLAMA_CPP")
    pytest.importorskip("torch")
    adapter(tmp_path / "adapter", name)
    base = GOLDEN / name / "hf"
    script = Path(source) / "convert_lora_to_gguf.py"
    subprocess.run([sys.executable, script, "--base", base, "--outfile", tmp_path / "reference.gguf", tmp_path / "adapter"], check=True, capture_output=True)
    kite.ok("convert", tmp_path / "adapter", "-o", tmp_path / "ours.gguf", "--base", base)
    ours, reference = (GGUFReader(str(tmp_path / f"{n}.gguf")) for n in ("ours", "reference"))
    def fields(reader):
        return {k: f.contents() for k, f in reader.fields.items() if not k.startswith("GGUF.")}

    assert fields(ours) == fields(reference)
    expected = {t.name: t for t in reference.tensors}
    assert {t.name for t in ours.tensors} == expected.keys()
    for t in ours.tensors:
        assert t.tensor_type == expected[t.name].tensor_type
        assert np.array_equal(t.data, expected[t.name].data), t.name


@pytest.mark.parametrize("name", ADAPTED)
def test_adapter_comes_back(kite, tmp_path, name):
    tensors, _ = adapter(tmp_path / "adapter", name)
    base = GOLDEN / name / "hf"
    kite.ok("convert", tmp_path / "adapter", "-o", tmp_path / "a.gguf", "--base", base)
    kite.ok("convert", tmp_path / "a.gguf", "-o", tmp_path / "back", "--base", GOLDEN / name / "model.gguf")
    back = load_file(tmp_path / "back" / "adapter_model.safetensors")
    assert back.keys() == tensors.keys()
    assert all(np.array_equal(back[key], tensors[key]) for key in tensors)
    config = json.loads((tmp_path / "back" / "adapter_config.json").read_text())
    assert config["r"] == 4 and config["lora_alpha"] == 6 and config["peft_type"] == "LORA"


@pytest.mark.parametrize("name", ADAPTED)
def test_merge(kite, tmp_path, name):
    """The merged model's weights are W + scale · B · A, and transformers agrees about the logits."""
    tensors, scale = adapter(tmp_path / "adapter", name)
    base = tmp_path / "base"
    shutil.copytree(GOLDEN / name / "hf", base)
    kite.ok("convert", base, "-o", tmp_path / "plain.gguf", "--type", "f32")
    kite.ok("convert", base, "-o", tmp_path / "merged.gguf", "--type", "f32", "--lora", f"{tmp_path / 'adapter'}=0.5")
    kite.ok("convert", tmp_path / "merged.gguf", "-o", tmp_path / "merged")
    merged = load_file(tmp_path / "merged" / "model.safetensors")
    kite.ok("convert", tmp_path / "plain.gguf", "-o", tmp_path / "plain")
    plain = load_file(tmp_path / "plain" / "model.safetensors")
    for key, value in plain.items():
        prefix = "base_model.model." + key.removesuffix(".weight")
        expected = value
        if f"{prefix}.lora_A.weight" in tensors:
            expected = value + 0.5 * scale * tensors[f"{prefix}.lora_B.weight"] @ tensors[f"{prefix}.lora_A.weight"]
        assert np.allclose(merged[key], expected, atol=1e-6), key


@peer.needed
def test_llama_reads_our_adapter(kite, tmp_path):
    """llama.cpp with base and adapter says what Kite says with the merged model."""
    name = "llama"
    adapter(tmp_path / "adapter", name)
    base = GOLDEN / name / "hf"
    kite.ok("convert", base, "-o", tmp_path / "plain.gguf", "--type", "f32")
    kite.ok("convert", tmp_path / "adapter", "-o", tmp_path / "a.gguf", "--base", base)
    kite.ok("convert", base, "-o", tmp_path / "merged.gguf", "--type", "f32", "--lora", tmp_path / "adapter")
    ours = kite.ok("generate", "-m", tmp_path / "merged.gguf", "-p", "the tin", "-n", "3", "--temp", "0", "--ignore-eos").out
    theirs = peer.complete(tmp_path / "plain.gguf", "the tin", 3, "--ignore-eos", "--lora", tmp_path / "a.gguf")
    assert theirs == ours.strip()


# Parts


def test_split_and_join(kite, tmp_path):
    source = GOLDEN / "stablelm-2-12b" / "model.gguf"
    kite.ok("convert", source, "-o", tmp_path / "p.gguf", "--split-max-tensors", "10")
    parts = sorted(tmp_path.glob("p-*.gguf"))
    assert parts[0].name == f"p-00001-of-{len(parts):05}.gguf" and len(parts) > 1
    for index, part in enumerate(parts):
        fields = GGUFReader(str(part)).fields
        assert fields["split.no"].contents() == index and fields["split.count"].contents() == len(parts)
    kite.ok("convert", parts[-1], "-o", tmp_path / "whole.gguf", "--merge")
    ours, original = weights(tmp_path / "whole.gguf"), weights(source)
    assert ours.keys() == original.keys() and all(np.array_equal(ours[k], original[k]) for k in ours)
    parts[1].unlink()
    assert kite("convert", parts[0], "-o", tmp_path / "x.gguf", "--merge").code == 1
    assert not (tmp_path / "x.gguf").exists()


@peer.needed
def test_llama_reads_our_parts(kite, tmp_path):
    source = GOLDEN / "llama" / "model.gguf"
    kite.ok("convert", source, "-o", tmp_path / "p.gguf", "--split-max-size", "100K")
    first = sorted(tmp_path.glob("p-*.gguf"))[0]
    assert peer.complete(source, "the tin", 3, "--ignore-eos") == peer.complete(first, "the tin", 3, "--ignore-eos")


# GPTQ


def gptq_model(path, name, bits, group_size, act_order, v2):
    """A golden model with the matrices of its blocks in AutoGPTQ's layout; returns the numbers they stand for."""
    shutil.copytree(GOLDEN / name / "hf", path)
    tensors, truth = load_file(path / "model.safetensors"), {}
    rng = np.random.default_rng(11)
    for key in list(tensors):
        if ".layers." not in key or not key.endswith("_proj.weight") or tensors[key].shape[1] % 32 or tensors[key].shape[0] % 8:
            continue
        parts = gptq(tensors.pop(key).astype(np.float32), bits, group_size, act_order, bits == 8, v2, rng)
        truth[key] = parts.pop("weight")
        tensors |= {key.removesuffix("weight") + part: value for part, value in parts.items()}
    save_file(tensors, path / "model.safetensors")
    config = json.loads((path / "config.json").read_text())
    settings = {"bits": bits, "group_size": group_size, "desc_act": act_order, "quant_method": "gptq"}
    config["quantization_config"] = settings | ({"checkpoint_format": "gptq_v2"} if v2 else {})
    (path / "config.json").write_text(json.dumps(config))
    return truth


@pytest.mark.parametrize("name", ["llama", "stablelm-3b"])
@pytest.mark.parametrize("act_order", [False, True])
@pytest.mark.parametrize("group_size", [32, -1])
@pytest.mark.parametrize("bits,v2", [(4, False), (8, False), (4, True)])
def test_gptq(kite, tmp_path, name, bits, group_size, act_order, v2):
    truth = gptq_model(tmp_path / "gptq", name, bits, group_size, act_order, v2)
    assert truth
    kite.ok("convert", tmp_path / "gptq", "-o", tmp_path / "m.gguf", "--type", "f32")
    kite.ok("convert", tmp_path / "m.gguf", "-o", tmp_path / "back")
    back = load_file(tmp_path / "back" / "model.safetensors")
    for key, value in truth.items():
        assert np.array_equal(back[key], value), key
    kite.ok("convert", tmp_path / "gptq", "-o", tmp_path / "auto.gguf")
    types = {t.name: t.tensor_type.name for t in GGUFReader(str(tmp_path / "auto.gguf")).tensors}
    # Groups that act-order scatters are computed, and become what the checkpoint's other weights are.
    computed = {"llama": "F16", "stablelm-3b": "F32"}[name]
    wanted = computed if act_order and group_size > 0 else {4: "Q4_1", 8: "Q8_0"}[bits]
    assert wanted in types.values()
    plain = weights(tmp_path / "m.gguf")
    for key, value in weights(tmp_path / "auto.gguf").items():
        # A code's offset is at most 16 scales, so its rounding to F16 at most 2^-7 of one.
        assert np.abs(value - plain[key]).max() <= np.abs(plain[key]).max() * 2**-9, key
    # The folder itself runs, from blocks that lose no more than the rounding of scale and offset.
    prompt = ("-p", "the tin", "-n", "2", "--temp", "0", "--ignore-eos")
    answers = [kite.ok("generate", "-m", tmp_path / m, *prompt).out for m in ("gptq", "auto.gguf")]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "damage", ["qweight", "qzeros", "scales", "g_idx", "bits", "index"],
)
def test_damaged_checkpoints(kite, tmp_path, damage):
    """A named error of one line, nothing written."""
    folder = tmp_path / "gptq"
    gptq_model(folder, "llama", 4, 32, False, False)
    tensors = load_file(folder / "model.safetensors")
    if damage == "bits":
        config = json.loads((folder / "config.json").read_text())
        config["quantization_config"]["bits"] = 3
        (folder / "config.json").write_text(json.dumps(config))
    elif damage == "index":
        (folder / "model.safetensors").unlink()
        index = {"weight_map": {"lm_head.weight": "../elsewhere.safetensors"}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    else:
        key = next(k for k in tensors if k.endswith(damage))
        tensors[key] = np.ascontiguousarray(tensors[key][: len(tensors[key]) // 2])
        save_file(tensors, folder / "model.safetensors")
    result = kite("convert", folder, "-o", tmp_path / "x.gguf")
    assert result.code == 1 and len(result.error_lines) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"gptq"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("form", ["folder", "file", "parts"])
def test_a_kill_leaves_nothing_under_its_name(kite, large, tmp_path, form):
    target = tmp_path / ("out" if form == "folder" else "out.gguf")
    options = ["--split-max-size", "200M"] if form == "parts" else []
    for _ in range(5):
        process = subprocess.Popen([kite.path, "convert", large, "-o", target, *options], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not any(tmp_path.iterdir()) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            break
        # It was done before it was killed.
        for path in tmp_path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert process.returncode == -signal.SIGKILL
    assert all(".partial-" in path.name for path in tmp_path.iterdir())
    shutil.rmtree(tmp_path)


def test_memory(kite, large, tmp_path):
    """Copying 1 GB takes a small part of that."""
    result = kite.peak("convert", large, "-o", tmp_path / "p.gguf", "--split-max-size", "300M")
    shutil.rmtree(tmp_path)
    assert result.code == 0 and result.peak_bytes < 300e6
