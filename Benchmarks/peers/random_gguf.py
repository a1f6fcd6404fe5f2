#!/usr/bin/env python3
"""Writes a GGUF of a real model's shape with random weights, to measure speed without a download.

    python Benchmarks/peers/random_gguf.py stablelm-3b Q4_K_M out.gguf      (packages: requirements.txt)
    python Benchmarks/peers/random_gguf.py stablelm-3b all FOLDER           the 12 types of the model card, F16, BF16

The second form leaves files alone that are there already. Types per tensor follow the llama.cpp mixes of December 2023. One tensor is in memory at a time. The vocabulary is
synthetic (pairs of bytes); what such a model says means nothing.
"""

import argparse
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "golden"))
from random_blocks import random_blocks  # noqa: E402

SHAPES = {
    "stablelm-3b": dict(arch="stablelm", vocab=50304, hidden=2560, layers=32, ff=6912, heads=32, kv_heads=32, rotary=20),
    "stablelm-2-1_6b": dict(
        arch="stablelm", vocab=100352, hidden=2048, layers=24, ff=5632, heads=32, kv_heads=32, rotary=16, bias=True
    ),
    "mistral-7b": dict(
        arch="llama", vocab=32000, hidden=4096, layers=32, ff=14336, heads=32, kv_heads=8, rotary=128
    ),
}
# Base type and general.file_type. Which tensors get another type: `kind_of`.
MIXES = {
    "Q2_K": (Type.Q2_K, 10), "Q3_K_S": (Type.Q3_K, 11), "Q3_K_M": (Type.Q3_K, 12), "Q3_K_L": (Type.Q3_K, 13),
    "Q4_0": (Type.Q4_0, 2), "Q4_K_S": (Type.Q4_K, 14), "Q4_K_M": (Type.Q4_K, 15), "Q5_0": (Type.Q5_0, 8),
    "Q5_K_S": (Type.Q5_K, 16), "Q5_K_M": (Type.Q5_K, 17), "Q6_K": (Type.Q6_K, 18), "Q8_0": (Type.Q8_0, 7),
    "F16": (Type.F16, 1), "BF16": (Type.BF16, 32), "F32": (Type.F32, 0),
}
FLOATS = (Type.F16, Type.BF16, Type.F32)
PATTERN_ROWS = 64  # this many rows are drawn, then repeated


def more_bits(layer, layers):
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def kind_of(mix, tensor, layer, layers):
    """Type of a matrix by the recipes of December 2023, which made the model cards' files."""
    base = MIXES[mix][0]
    if tensor == "output":
        return base if base in (Type.Q8_0, Type.F16, Type.BF16, Type.F32) else Type.Q6_K
    value_or_down = tensor in ("attn_v", "ffn_down")
    if mix == "Q2_K" and (value_or_down or tensor in ("attn_output", "ffn_gate", "ffn_up")):
        return Type.Q3_K
    if mix == "Q3_K_M" and value_or_down:
        return Type.Q5_K if layer < 2 else Type.Q4_K
    if mix == "Q3_K_M" and tensor == "attn_output":
        return Type.Q4_K
    if mix == "Q3_K_L" and (value_or_down or tensor == "attn_output"):
        return Type.Q5_K
    if mix == "Q4_K_S" and value_or_down and layer < 4:
        return Type.Q5_K
    if mix in ("Q4_K_M", "Q5_K_M") and value_or_down and more_bits(layer, layers):
        return Type.Q6_K
    return base


def tensors(shape, mix):
    """(name, rows, columns, type); columns None for vectors."""
    hidden, kv = shape["hidden"], shape["hidden"] // shape["heads"] * shape["kv_heads"]
    parts = ("weight", "bias") if shape["arch"] == "stablelm" else ("weight",)
    matrices = (
        ("attn_q", hidden, hidden), ("attn_k", kv, hidden), ("attn_v", kv, hidden), ("attn_output", hidden, hidden),
        ("ffn_gate", shape["ff"], hidden), ("ffn_up", shape["ff"], hidden), ("ffn_down", hidden, shape["ff"]),
    )
    yield "token_embd.weight", shape["vocab"], hidden, kind_of(mix, "token_embd", 0, shape["layers"])
    for i in range(shape["layers"]):
        for part in parts:
            yield f"blk.{i}.attn_norm.{part}", hidden, None, Type.F32
            yield f"blk.{i}.ffn_norm.{part}", hidden, None, Type.F32
        for name, rows, columns in matrices:
            yield f"blk.{i}.{name}.weight", rows, columns, kind_of(mix, name, i, shape["layers"])
            if shape.get("bias") and name in ("attn_q", "attn_k", "attn_v"):
                yield f"blk.{i}.{name}.bias", rows, None, Type.F32
    for part in parts:
        yield f"output_norm.{part}", hidden, None, Type.F32
    yield "output.weight", shape["vocab"], hidden, kind_of(mix, "output", 0, shape["layers"])


def metadata(writer, name, shape, mix):
    writer.add_name(f"random {name}")
    writer.add_context_length(4096)
    writer.add_embedding_length(shape["hidden"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["ff"])
    writer.add_rope_dimension_count(shape["rotary"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    if shape["arch"] == "stablelm":
        writer.add_parallel_residual(False)
        writer.add_layer_norm_eps(1e-5)
    else:
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
    writer.add_file_type(MIXES[mix][1])
    writer.add_quantization_version(2)
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spare = iter(range(0x100, 0x200))
    alphabet = [chr(b) if b in shown else chr(next(spare)) for b in range(256)]
    pairs = [(a, b) for a in alphabet for b in alphabet][: shape["vocab"] - 257]
    words = [*alphabet, *(a + b for a, b in pairs)]
    padding = [f"[PAD{i}]" for i in range(len(words) + 1, shape["vocab"])]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("olmo")
    writer.add_token_list(["<|endoftext|>", *words, *padding])
    writer.add_token_types([3] + [1] * len(words) + [5] * len(padding))
    writer.add_token_merges([f"{a} {b}" for a, b in pairs])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)


def values(rows, columns, kind, name, rng):
    if columns is None:
        middle = 1.0 if name.endswith("norm.weight") else 0.0
        return (middle + 0.1 * rng.standard_normal(rows)).astype(np.float32)
    rms = 1.0 / np.sqrt(columns)
    if kind in FLOATS:
        numbers = (rms * rng.standard_normal((PATTERN_ROWS, columns))).astype(np.float32)
        if kind == Type.BF16:
            pattern = (numbers.view(np.uint32) >> 16).astype("<u2").view(np.uint8)
        else:
            pattern = numbers.astype("<f2" if kind == Type.F16 else "<f4").view(np.uint8)
    else:
        pattern, _ = random_blocks(kind, PATTERN_ROWS, columns, rms, rng)
    return np.resize(pattern, (rows, pattern.shape[1]))


def write(name, mix, path):
    shape = SHAPES[name]
    rng = np.random.default_rng(1)
    writer = gguf.GGUFWriter(str(path), shape["arch"])
    metadata(writer, name, shape, mix)
    for tensor, rows, columns, kind in tensors(shape, mix):
        if columns is None:
            writer.add_tensor_info(tensor, (rows,), np.dtype(np.float32), rows * 4)
        else:
            size, width = gguf.GGML_QUANT_SIZES[kind]
            row = columns // size * width
            writer.add_tensor_info(tensor, (rows, row), np.dtype(np.uint8), rows * row, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, rows, columns, kind in tensors(shape, mix):
        writer.write_tensor_data(values(rows, columns, kind, tensor, rng))
    writer.close()
    print(f"{path}: {path.stat().st_size:,} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("mix", choices=[*MIXES, "all"])
    parser.add_argument("output", type=Path, help="a file; for all types a folder")
    options = parser.parse_args()
    if options.mix != "all":
        return write(options.shape, options.mix, options.output)
    options.output.mkdir(parents=True, exist_ok=True)
    for mix in MIXES:
        path = options.output / f"{options.shape}.{mix}.gguf"
        if mix == "F32" or path.exists():
            continue
        partial = path.with_suffix(".partial")
        write(options.shape, mix, partial)
        partial.rename(path)


if __name__ == "__main__":
    main()
