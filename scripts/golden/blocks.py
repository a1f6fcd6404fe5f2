"""Makes Tests/Golden/blocks: blocks of every tensor type and the numbers the `gguf` package decodes from them.

    python scripts/golden/blocks.py        (packages: requirements.txt)

    TYPE.bin, TYPE.f32.bin       blocks, and their numbers as f32 little endian
    rows.f32.bin                 8 rows of 64 numbers to encode
    rows.TYPE.bin                the rows as F16 (numpy), BF16 (torch) and Q8_0 (gguf)
"""

from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type

from random_blocks import SCALE, random_blocks

ROOT = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "blocks"
FLOATS = {Type.F32: "<u4", Type.F16: "<u2", Type.BF16: "<u2"}
# f16 bits of the scales of the later blocks: largest, smallest subnormal, a negative one, zero, infinity, NaN.
SPECIAL = (0x7BFF, 0x0001, 0x83FF, 0x0000, 0x7C00, 0x7E01)


def quantized(kind, rng):
    """Two blocks with ordinary scales, then one per special scale, their codes at the top, the bottom, and random."""
    size, _ = gguf.GGML_QUANT_SIZES[kind]
    blocks, _ = random_blocks(kind, 2 + len(SPECIAL), size, 0.05, rng)
    at, minimum = SCALE[kind]
    blocks[2, :], blocks[3, :] = 0xFF, 0x00
    for row, bits in enumerate(SPECIAL, 2):
        for place in [at] + ([] if minimum is None else [minimum[0]]):
            blocks[row, place : place + 2] = np.array([bits], "<u2").view(np.uint8)
    return blocks


def rows(rng):
    x = rng.normal(0, 1, (8, 64)).astype(np.float32)
    x[1] = np.arange(-32, 32) * 0.5  # ties in Q8_0: the scale is 1
    x[1, 0] = x[1, 32] = 127
    x[2] = 0
    x[3] *= 1e-6
    x[4] *= 1e5
    x[5] *= rng.choice([1.0, 1e-3], 64)
    x[6] = np.exp2(rng.uniform(-24, 16, 64)) * rng.choice([-1, 1], 64)
    x[7] = 1 + np.arange(64) * 2.0**-8  # halfway between two BF16 numbers
    return x.astype("<f4")


def main():
    rng = np.random.default_rng(20231208)
    ROOT.mkdir(parents=True, exist_ok=True)
    with np.errstate(all="ignore"):
        for kind, width in FLOATS.items():
            bits = rng.integers(0, 1 << 16, 64, dtype=np.uint32).astype(width)
            blocks = bits.view(np.uint8)
            blocks.tofile(ROOT / f"{kind.name}.bin")
            stored = blocks if kind == Type.BF16 else blocks.view("<f4" if kind == Type.F32 else "<f2")
            gguf.quants.dequantize(stored, kind).astype("<f4").tofile(ROOT / f"{kind.name}.f32.bin")
        for kind in SCALE:
            blocks = quantized(kind, rng)
            blocks.tofile(ROOT / f"{kind.name}.bin")
            gguf.quants.dequantize(blocks, kind).astype("<f4").tofile(ROOT / f"{kind.name}.f32.bin")
        x = rows(rng)
        x.tofile(ROOT / "rows.f32.bin")
        x.astype("<f2").tofile(ROOT / "rows.F16.bin")
        torch.from_numpy(x).bfloat16().view(torch.int16).numpy().tofile(ROOT / "rows.BF16.bin")
        gguf.quants.quantize(x, Type.Q8_0).tofile(ROOT / "rows.Q8_0.bin")


if __name__ == "__main__":
    main()
