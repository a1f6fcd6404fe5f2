"""Quantized blocks, byte by byte, beside `ggml_quantize_chunk`: llama-cpp-python's, or that of KITE_GGML_BASE."""

import ctypes
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "scripts" / "golden"))
from hostile_rows import hostile_rows, importances  # noqa: E402
from reference_quantizer import FLOATS, TYPES, load  # noqa: E402

try:
    reference, obstacle = load(), None
except (OSError, RuntimeError) as error:
    reference, obstacle = None, str(error)
CLANG = shutil.which("clang")
pytestmark = [
    pytest.mark.skipif(reference is None, reason=f"no libggml-base: {obstacle}"),
    pytest.mark.skipif(CLANG is None, reason="no clang to build the kernels alone with"),
]
KERNELS = ROOT / "Sources" / "CKernels"


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """The kernels as a library of their own, built with the package's flags."""
    path = tmp_path_factory.mktemp("kernels") / "libkernels.so"
    sources = [str(source) for source in sorted(KERNELS.rglob("*.c"))]
    flags = ["-O3", "-ffp-contract=off", "-shared", "-fPIC", f"-I{KERNELS / 'include'}"]
    subprocess.run([CLANG, *flags, "-o", str(path), *sources, "-lm"], check=True)
    library = ctypes.CDLL(str(path))
    size = ctypes.c_size_t
    library.kite_quantize.argtypes = [ctypes.c_int, FLOATS, size, size, FLOATS, ctypes.c_void_p]
    library.kite_cpu_name.restype = ctypes.c_char_p
    return library


def levels(kernels):
    return [level for level in range(16) if kernels.kite_cpu_name(level) and kernels.kite_cpu_force(level) == 0]


@pytest.mark.parametrize("name", TYPES)
def test_same_bytes(kernels, name):
    number, _, _ = TYPES[name]
    rng = np.random.default_rng(number)
    for columns in (256, 1280, 4352):
        weights = importances(columns, rng)
        for kind, rows in hostile_rows(5, columns, rng).items():
            for importance in weights:
                expected = reference(name, rows, weights[importance])
                pointer = None if weights[importance] is None else weights[importance].ctypes.data_as(FLOATS)
                for level in levels(kernels):
                    kernels.kite_cpu_force(level)
                    actual = np.full_like(expected, 0x55)
                    kernels.kite_quantize(
                        number, rows.ctypes.data_as(FLOATS), *rows.shape, pointer, actual.ctypes.data
                    )
                    assert (actual == expected).all(), f"{kind}, importance {importance}, level {level}"
