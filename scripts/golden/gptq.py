"""Writes Tests/Golden/gptq: small matrices in AutoGPTQ's layout, each with the numbers they stand for.

The layout (AutoGPTQ and GPTQModel, `quant_method: gptq`), n = 32 / bits codes in a word, the first at the low end:
qweight I32 [columns / n, rows], qzeros I32 [groups, rows / n], scales F16 [groups, rows], g_idx I32 [columns];
weight[row, column] = scales[g, row] * (code - zero[g, row]) with g = g_idx[column]. The format `gptq` stores each zero
point less one; `gptq_v2` stores it as it is.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

ROWS, COLUMNS = 16, 256


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """Packs along the first axis."""
    per_word = 32 // bits
    words = np.zeros((codes.shape[0] // per_word, codes.shape[1]), dtype=np.uint32)
    for place in range(per_word):
        words |= codes[place::per_word].astype(np.uint32) << np.uint32(bits * place)
    return words.view(np.int32)


def gptq(weight: np.ndarray, bits: int, group_size: int, act_order: bool, symmetric: bool, v2: bool, rng) -> dict:
    """Rounds `weight` to codes; the result has the four tensors and, as `weight`, the numbers they stand for."""
    rows, columns = weight.shape
    size = columns if group_size == -1 else group_size
    groups = (columns + size - 1) // size
    order = rng.permutation(columns) if act_order else np.arange(columns)
    g_idx = np.empty(columns, dtype=np.int32)
    g_idx[order] = np.arange(columns) // size
    top = 2**bits - 1
    scales = np.zeros((groups, rows), dtype=np.float16)
    zeros = np.zeros((groups, rows), dtype=np.int64)
    for g in range(groups):
        part = weight[:, g_idx == g]
        if symmetric:
            scale = np.abs(part).max(axis=1) / (2 ** (bits - 1) - 1)
            zero = np.full(rows, 2 ** (bits - 1))
        else:
            low, high = np.minimum(part.min(axis=1), 0), np.maximum(part.max(axis=1), 0)
            scale = (high - low) / top
            # One at least: the original format cannot hold a zero point of nothing.
            zero = np.clip(np.rint(-low / np.maximum(scale, 1e-8)), 1, top)
        scales[g] = np.maximum(scale, 1e-4).astype(np.float16)
        zeros[g] = zero
    scale, zero = scales[g_idx].astype(np.float32), zeros[g_idx]
    codes = np.clip(np.rint(weight.T / scale) + zero, 0, top).astype(np.int64)
    stored = zeros if v2 else zeros - 1
    return {
        "qweight": pack(codes, bits),
        "qzeros": np.ascontiguousarray(pack(np.ascontiguousarray(stored.T), bits).T),
        "scales": scales,
        "g_idx": g_idx,
        "weight": np.ascontiguousarray((scale * (codes - zero).astype(np.float32)).T),
    }


VARIANTS = [
    # name, bits, group size, act-order, symmetric, gptq_v2
    ("4bit-32", 4, 32, False, False, False),
    ("4bit-32-v2", 4, 32, False, False, True),
    ("4bit-32-order", 4, 32, True, False, False),
    ("4bit-128", 4, 128, False, True, False),
    ("4bit-128-order", 4, 128, True, True, False),
    ("4bit-row", 4, -1, False, False, False),
    ("4bit-row-order", 4, -1, True, False, False),
    ("8bit-32", 8, 32, False, True, False),
    ("8bit-32-v2", 8, 32, False, True, True),
    ("8bit-32-order", 8, 32, True, True, False),
    ("8bit-128", 8, 128, False, False, False),
    ("8bit-128-order", 8, 128, True, True, False),
    ("8bit-row", 8, -1, False, True, False),
    ("8bit-row-order", 8, -1, True, False, True),
]


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    for name, bits, group_size, act_order, symmetric, v2 in VARIANTS:
        weight = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32) * 0.05
        tensors = gptq(weight, bits, group_size, act_order, symmetric, v2, rng)
        save_file({f"layer.{key}": value for key, value in tensors.items()}, target / f"{name}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "Tests" / "Golden" / "gptq")
