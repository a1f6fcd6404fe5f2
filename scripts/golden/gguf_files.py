"""Tests/Golden/gguf: files that the gguf package writes, with every value type and every tensor type.

Usage: python scripts/golden/gguf_files.py
"""

from pathlib import Path

import gguf
import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "gguf"
TYPES = "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS".split()


def values(writer: gguf.GGUFWriter) -> None:
    writer.add_uint8("test.uint8", 200)
    writer.add_int8("test.int8", -5)
    writer.add_uint16("test.uint16", 60_000)
    writer.add_int16("test.int16", -300)
    writer.add_uint32("test.uint32", 4_000_000_000)
    writer.add_int32("test.int32", -70_000)
    writer.add_uint64("test.uint64", 2**63)
    writer.add_int64("test.int64", -(2**40))
    writer.add_float32("test.float32", 0.1)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "naïve €")
    writer.add_array("test.strings", ["one", "", "drei €"])
    writer.add_array("test.ints", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -1.0])
    writer.add_array("test.bools", [True, False])


def tensors(writer: gguf.GGUFWriter) -> None:
    """Tensor i of TYPES: three rows of two blocks, all bytes i."""
    for index, name in enumerate(TYPES):
        kind = gguf.GGMLQuantizationType[name]
        _, size = gguf.GGML_QUANT_SIZES[kind]
        writer.add_tensor(name, np.full((3, 2 * size), index, np.uint8), raw_dtype=kind)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, options in [("all", {}), ("split", {"split_max_tensors": 6})]:
        writer = gguf.GGUFWriter(FOLDER / f"{name}.gguf", "stablelm", **options)
        values(writer)
        tensors(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


main()
