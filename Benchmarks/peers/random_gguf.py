#!/usr/bin/env python3
"""Writes a GGUF of a real model's shape with random weights, to measure speed without a download.

    python Benchmarks/peers/random_gguf.py stablelm-3b Q4_K_M out.gguf      (packages: requirements.txt)

Types per tensor follow the llama.cpp mixes of December 2023. One tensor is in memory at a time. The vocabulary is
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
# base type, type of the better half of attn_v and ffn_down, type of the output matrix, general.file_type
MIXES = {
    "Q4_0": (Type.Q4_0, Type.Q4_0, Type.Q6_K, 2),
    "Q8_0": (Type.Q8_0, Type.Q8_0, Type.Q8_0, 7),
    "Q4_K_M": (Type.Q4_K, Type.Q6_K, Type.Q6_K, 15),
    "Q5_K_M": (Type.Q5_K, Type.Q6_K, Type.Q6_K, 17),
    "Q6_K": (Type.Q6_K, Type.Q6_K, Type.Q6_K, 18),
}
PATTERN_ROWS = 64  # this many rows are drawn, then repeated


def more_bits(layer, layers):
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def tensors(shape, mix):
    """(name, rows, columns, type); columns None for vectors."""
    base, better, output, _ = MIXES[mix]
    hidden, kv = shape["hidden"], shape["hidden"] // shape["heads"] * shape["kv_heads"]
    parts = ("weight", "bias") if shape["arch"] == "stablelm" else ("weight",)
    yield "token_embd.weight", shape["vocab"], hidden, base
    for i in range(shape["layers"]):
        high = better if more_bits(i, shape["layers"]) else base
        for part in parts:
            yield f"blk.{i}.attn_norm.{part}", hidden, None, Type.F32
            yield f"blk.{i}.ffn_norm.{part}", hidden, None, Type.F32
        for name, rows, kind in (("q", hidden, base), ("k", kv, base), ("v", kv, high)):
            yield f"blk.{i}.attn_{name}.weight", rows, hidden, kind
            if shape.get("bias"):
                yield f"blk.{i}.attn_{name}.bias", rows, None, Type.F32
        yield f"blk.{i}.attn_output.weight", hidden, hidden, base
        yield f"blk.{i}.ffn_gate.weight", shape["ff"], hidden, base
        yield f"blk.{i}.ffn_up.weight", shape["ff"], hidden, base
        yield f"blk.{i}.ffn_down.weight", hidden, shape["ff"], high
    for part in parts:
        yield f"output_norm.{part}", hidden, None, Type.F32
    yield "output.weight", shape["vocab"], hidden, output


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
    writer.add_file_type(MIXES[mix][3])
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
    pattern, _ = random_blocks(kind, PATTERN_ROWS, columns, 1.0 / np.sqrt(columns), rng)
    return np.resize(pattern, (rows, pattern.shape[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("mix", choices=MIXES)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    shape = SHAPES[options.shape]
    rng = np.random.default_rng(1)
    writer = gguf.GGUFWriter(str(options.output), shape["arch"])
    metadata(writer, options.shape, shape, options.mix)
    for name, rows, columns, kind in tensors(shape, options.mix):
        if columns is None:
            writer.add_tensor_info(name, (rows,), np.dtype(np.float32), rows * 4)
        else:
            size, width = gguf.GGML_QUANT_SIZES[kind]
            row = columns // size * width
            writer.add_tensor_info(name, (rows, row), np.dtype(np.uint8), rows * row, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, rows, columns, kind in tensors(shape, options.mix):
        writer.write_tensor_data(values(rows, columns, kind, name, rng))
    writer.close()
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
