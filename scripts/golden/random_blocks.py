"""Random but valid blocks of the quantized types: every code, sub-scale and sign occurs."""

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

# Where a block keeps its f16 scale, and where its f16 minimum with the multiple of the scale that centres the weights.
SCALE = {
    Type.Q4_0: (0, None), Type.Q4_1: (0, (2, -7.5)), Type.Q5_0: (0, None), Type.Q5_1: (0, (2, -15.5)),
    Type.Q8_0: (0, None), Type.IQ4_NL: (0, None), Type.Q2_K: (80, (82, 1.5)), Type.Q3_K: (108, None),
    Type.Q4_K: (0, (2, 7.5)), Type.Q5_K: (0, (2, 15.5)), Type.Q6_K: (208, None), Type.IQ4_XS: (0, None),
}


def random_blocks(kind, rows, columns, rms, rng):
    """[rows, bytes] of valid blocks whose numbers have about the given root mean square."""
    size, width = gguf.GGML_QUANT_SIZES[kind]
    count = rows * columns // size
    blocks = rng.integers(0, 256, (count, width), dtype=np.uint8)
    at, minimum = SCALE[kind]
    scale = rng.uniform(0.7, 1.3, count)
    if minimum is None:
        scale *= rng.choice([-1.0, 1.0], count)
    low = None if minimum is None else scale * minimum[1] * rng.uniform(0.9, 1.1, count)

    def put(unit):
        blocks[:, at : at + 2] = (scale * unit).astype("<f2").view(np.uint8).reshape(count, 2)
        if minimum is not None:
            blocks[:, minimum[0] : minimum[0] + 2] = (low * unit).astype("<f2").view(np.uint8).reshape(count, 2)
        return gguf.quants.dequantize(blocks, kind)

    blocks = blocks.copy()
    unit = rms / np.sqrt(np.mean(np.square(put(0.01), dtype=np.float64))) * 0.01
    values = put(unit).reshape(rows, columns)
    return blocks.reshape(rows, -1), values
