"""Makes Tests/Golden/quantize: hostile rows and the blocks llama.cpp's reference quantizers make of them.

    python scripts/golden/quantize.py        (packages: requirements.txt)

    rows.f32.bin, importance.f32.bin     rows of 256 numbers, a weight per column
    TYPE.bin, TYPE.importance.bin        their blocks, without and with the weights
"""

from pathlib import Path

import numpy as np
from hostile_rows import hostile_rows, importances
from reference_quantizer import TYPES, load

ROOT = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "quantize"
COLUMNS = 256


def main():
    rng = np.random.default_rng(20240111)
    quantize = load()
    ROOT.mkdir(parents=True, exist_ok=True)
    rows = np.concatenate(list(hostile_rows(1, COLUMNS, rng).values()))
    weights = importances(COLUMNS, rng)["half zero"]
    rows.tofile(ROOT / "rows.f32.bin")
    weights.tofile(ROOT / "importance.f32.bin")
    for name in TYPES:
        quantize(name, rows).tofile(ROOT / f"{name}.bin")
        if name != "Q8_0":
            quantize(name, rows, weights).tofile(ROOT / f"{name}.importance.bin")


if __name__ == "__main__":
    main()
