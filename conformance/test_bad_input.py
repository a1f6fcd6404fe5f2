"""Files and flags that are wrong: exit code, one line that says what, nothing on standard output, no crash."""

import json
import random
import shutil
import struct
import time

import pytest
from conftest import GOLDEN, NANO

TINY = GOLDEN / "llama-tied" / "model.gguf"
CHECKPOINT = GOLDEN / "llama-tied" / "hf"
COMMANDS = {
    "generate": lambda path: ("generate", "-m", path, "-p", "x", "-n", "1"),
    "chat": lambda path: ("chat", path),
    "show": lambda path: ("show", path),
    "tokenize": lambda path: ("tokenize", "-m", path, "x"),
}


def refused(kite, *arguments, code=(1,), stdin="x\n"):
    started = time.monotonic()
    result = kite(*arguments, stdin=stdin, timeout=30)
    assert result.code in code, f"exit {result.code}\n{result.err}"
    assert result.out == ""
    assert len(result.error_lines) == 1, result.err
    assert len(result.error_lines[0]) < 400
    assert "Fatal error" not in result.err and "Stack dump" not in result.err
    assert time.monotonic() - started < 10
    return result.error_lines[0]


FILES = {
    "empty": lambda good: b"",
    "zeros": lambda good: bytes(4096),
    "garbage": lambda good: random.Random(1).randbytes(65536),
    "text": lambda good: b"this is not a model\n",
    "lfs pointer": lambda good: (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1708595776\n"
    ),
    "web page": lambda good: b"<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>",
    "magic only": lambda good: b"GGUF",
    "old magic": lambda good: b"ggjt" + struct.pack("<I", 3) + bytes(100),
    "version 0": lambda good: good[:4] + struct.pack("<I", 0) + good[8:],
    "version 1": lambda good: good[:4] + struct.pack("<I", 1) + good[8:],
    "version 4": lambda good: good[:4] + struct.pack("<I", 4) + good[8:],
    "byte-swapped": lambda good: good[:4] + struct.pack(">I", 3) + good[8:],
    "huge tensor count": lambda good: good[:8] + struct.pack("<Q", 1 << 60) + good[16:],
    "huge key count": lambda good: good[:16] + struct.pack("<Q", 1 << 60) + good[24:],
    "negative key count": lambda good: good[:16] + struct.pack("<q", -1) + good[24:],
    "huge key": lambda good: good[:24] + struct.pack("<Q", 1 << 62) + good[32:],
    "cut in the header": lambda good: good[:500],
    "cut in the tensors": lambda good: good[: len(good) // 2],
    "cut by a byte": lambda good: good[:-1],
}


# `tokenize` reads no weights, so it may not mind that they are cut.
WHOLE_VOCABULARY = {"cut in the tensors", "cut by a byte"}


@pytest.mark.parametrize(
    "name, command", [(f, c) for f in FILES for c in COMMANDS if not (c == "tokenize" and f in WHOLE_VOCABULARY)]
)
def test_damaged_file(kite, tmp_path, name, command):
    path = tmp_path / "model.gguf"
    path.write_bytes(FILES[name](TINY.read_bytes()))
    line = refused(kite, *COMMANDS[command](path))
    if name == "lfs pointer":
        assert "lfs" in line.lower()
    if name == "web page":
        assert "html" in line.lower() or "web" in line.lower()
    if name in ("cut in the tensors", "cut by a byte"):
        assert any(c.isdigit() for c in line), "says how much is missing"


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_file(kite, tmp_path, command):
    assert "nowhere.gguf" in refused(kite, *COMMANDS[command](tmp_path / "nowhere.gguf"))


def test_folder_without_a_model(kite, tmp_path):
    refused(kite, "generate", "-m", tmp_path, "-p", "x")


def change_config(**values):
    def change(folder):
        config = json.loads((folder / "config.json").read_text()) | values
        (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v != "drop"}))

    return change


def rewrite(file, change):
    def apply(folder):
        (folder / file).write_bytes(change((folder / file).read_bytes()))

    return apply


def with_header(change):
    """Rewrites the JSON header of the safetensors file."""

    def apply(folder):
        path = folder / "model.safetensors"
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        text = change(json.loads(data[8 : 8 + size]))
        text = text if isinstance(text, bytes) else json.dumps(text).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])

    return apply


def edit(name="model.norm.weight", **values):
    return with_header(lambda header: header | {name: header[name] | values})


CHECKPOINTS = {
    "no config": lambda f: (f / "config.json").unlink(),
    "config is no JSON": rewrite("config.json", lambda b: b"{"),
    "config is a list": rewrite("config.json", lambda b: b"[]"),
    "config nests deeply": rewrite("config.json", lambda b: b"[" * 100000),
    "unknown architecture": change_config(model_type="mamba", architectures=["MambaForCausalLM"]),
    "no layers": change_config(num_hidden_layers=0),
    "too many layers": change_config(num_hidden_layers=1 << 40),
    "no heads": change_config(num_attention_heads=0),
    "heads do not divide": change_config(num_attention_heads=7, head_dim="drop"),
    "kv heads do not divide": change_config(num_key_value_heads=3),
    "negative width": change_config(hidden_size=-64),
    "width missing": change_config(hidden_size="drop"),
    "width is text": change_config(hidden_size="64"),
    "eps is zero": change_config(rms_norm_eps=0),
    "wrong width": change_config(hidden_size=128, head_dim=32),
    "wrong vocabulary": change_config(vocab_size=1000),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "empty weights": rewrite("model.safetensors", lambda b: b""),
    "weights are an LFS pointer": rewrite("model.safetensors", FILES["lfs pointer"]),
    "weights are cut": rewrite("model.safetensors", lambda b: b[:-100]),
    "header longer than the file": rewrite("model.safetensors", lambda b: (1 << 40).to_bytes(8, "little") + b[8:]),
    "header is no JSON": with_header(lambda h: b"{nope"),
    "header nests deeply": with_header(lambda h: b'{"a":' * 50000),
    "unknown dtype": edit(dtype="F8_E9M9"),
    "offsets end before they begin": edit(data_offsets=[100, 0]),
    "offsets outside": edit(data_offsets=[0, 1 << 50]),
    "size is not the shape's": edit(shape=[63]),
    "shape overflows": edit(shape=[1 << 40, 1 << 40]),
    "negative shape": edit(shape=[-64]),
    "tensor missing": with_header(lambda h: {k: v for k, v in h.items() if k != "model.norm.weight"}),
    "tokenizer is no JSON": rewrite("tokenizer.json", lambda b: b"\x00\x01"),
    "tokenizer has no model": rewrite("tokenizer.json", lambda b: b"{}"),
    "merge of unknown parts": rewrite("tokenizer.json", lambda b: b.replace(b'"merges": [', b'"merges": [["qqqq", "zzzz"],')),
    "index names a file outside": lambda f: (
        (f / "model.safetensors").rename(f.parent / "outside.safetensors"),
        (f / "model.safetensors.index.json").write_text(
            json.dumps({"weight_map": {"model.norm.weight": "../outside.safetensors"}})
        ),
    ),
    "index names an absent file": lambda f: (
        (f / "model.safetensors").unlink(),
        (f / "model.safetensors.index.json").write_text(
            json.dumps({"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}})
        ),
    ),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_damaged_checkpoint(kite, tmp_path, name):
    folder = tmp_path / "hf"
    shutil.copytree(CHECKPOINT, folder)
    CHECKPOINTS[name](folder)
    refused(kite, "generate", "-m", folder, "-p", "x", "-n", "1")


def test_random_damage_never_crashes(kite, tmp_path):
    """A byte of the metadata changed at random: the file is refused or it runs; nothing in between."""
    good = TINY.read_bytes()
    r = random.Random(20231207)
    path = tmp_path / "model.gguf"
    for _ in range(150):
        data = bytearray(good)
        for _ in range(r.choice([1, 1, 2, 8])):
            data[r.randrange(24, 9000)] = r.choice([0, 1, 0x7F, 0x80, 0xFF, r.randrange(256)])
        path.write_bytes(data)
        result = kite("generate", "-m", path, "-p", "x", "-n", "1", "--temp", "0", timeout=30)
        assert result.code in (0, 1), f"exit {result.code}\n{result.err[-500:]}"


USAGE = {
    "unknown command": ["frobnicate"],
    "unknown flag": ["generate", "--frobnicate"],
    "count is no number": ["generate", "-m", NANO, "-p", "x", "-n", "many"],
    "temperature is no number": ["generate", "-m", NANO, "-p", "x", "--temp", "warm"],
    "temperature is NaN": ["generate", "-m", NANO, "-p", "x", "--temp", "nan"],
    "negative temperature": ["generate", "-m", NANO, "-p", "x", "--temp", "-1"],
    "top-p above one": ["generate", "-m", NANO, "-p", "x", "--top-p", "1.5"],
    "no threads": ["generate", "-m", NANO, "-p", "x", "-t", "0"],
    "value missing": ["generate", "-m"],
    "convert without a source": ["convert"],
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage(kite, name):
    result = kite(*USAGE[name], timeout=30)
    assert result.code == 2, f"exit {result.code}\n{result.err}"
    assert result.out == "" and result.err.strip()


def test_help_and_version(kite):
    assert "generate" in kite.ok("--help").out
    assert kite.ok("--version").out.strip()
    for command in ("chat", "generate", "tokenize", "show", "convert", "bench"):
        assert kite.ok(command, "--help").out


def test_prompt_longer_than_the_context(kite):
    line = refused(kite, "generate", "-m", NANO, "-c", "64", "-n", "4", "-p", "What is the capital of Peru? " * 60)
    assert any(c.isdigit() for c in line)
