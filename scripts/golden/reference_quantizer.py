"""llama.cpp's reference quantizers through ctypes: `ggml_quantize_chunk` of libggml-base.

The library is the one of the package llama-cpp-python (requirements.txt), unless the environment variable
KITE_GGML_BASE names another. Build it for x86-64: docs/decisions/0011-quantizer-bytes.md says why.
"""

import ctypes
import importlib.util
import os
from pathlib import Path

import numpy as np

# ggml's number of the type, numbers per block, bytes per block.
TYPES = {
    "Q4_0": (2, 32, 18), "Q4_1": (3, 32, 20), "Q5_0": (6, 32, 22), "Q5_1": (7, 32, 24), "Q8_0": (8, 32, 34),
    "Q2_K": (10, 256, 84), "Q3_K": (11, 256, 110), "Q4_K": (12, 256, 144), "Q5_K": (13, 256, 176),
    "Q6_K": (14, 256, 210), "IQ4_NL": (20, 32, 18), "IQ4_XS": (23, 256, 136),
}  # fmt: skip
FLOATS = ctypes.POINTER(ctypes.c_float)


def library_path():
    if "KITE_GGML_BASE" in os.environ:
        return os.environ["KITE_GGML_BASE"]
    package = importlib.util.find_spec("llama_cpp")
    if package is None or package.origin is None:
        raise RuntimeError("install llama-cpp-python, or set KITE_GGML_BASE to a libggml-base")
    return str(Path(package.origin).parent / "lib" / "libggml-base.so")


def load():
    function = ctypes.CDLL(library_path()).ggml_quantize_chunk
    function.restype = ctypes.c_size_t
    integer = ctypes.c_int64
    function.argtypes = [ctypes.c_int, FLOATS, ctypes.c_void_p, integer, integer, integer, FLOATS]

    def quantize(name, x, importance=None):
        number, size, width = TYPES[name]
        rows, columns = x.shape
        out = np.zeros((rows, columns // size * width), np.uint8)
        weights = None if importance is None else importance.ctypes.data_as(FLOATS)
        function(number, x.ctypes.data_as(FLOATS), out.ctypes.data, 0, rows, columns, weights)
        return out

    return quantize
