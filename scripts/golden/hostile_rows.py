"""Rows that bring quantizers to their limits: constant, tiny, huge, subnormal, sparse, lopsided and random ones."""

import numpy as np

LARGEST = np.float32(3.4e38)


def hostile_rows(rows, columns, rng):
    """`rows` rows of each kind, by name. `columns` is a multiple of 64."""
    shape = (rows, columns)

    def normal(scale=1.0):
        with np.errstate(over="ignore"):
            return np.clip(rng.normal(0, 1, shape) * scale, -LARGEST, LARGEST).astype("<f4")

    def some(x, share, other=0.0):
        return np.where(rng.random(shape) < share, x, np.float32(other)).astype("<f4")

    bits = rng.integers(0, 1 << 32, shape, dtype=np.uint64).astype("<u4")
    bits = np.where((bits & 0x7F800000) == 0x7F800000, bits & 0xBFFFFFFF, bits).astype("<u4")
    groups = (rows, columns // 16)
    return {
        "normal": normal(0.02),
        "laplace": rng.laplace(0, 1, shape).astype("<f4"),
        "heavy tails": rng.standard_t(2, shape).astype("<f4"),
        "outliers": normal() * np.where(rng.random(shape) < 0.01, 100, 1).astype("<f4"),
        "constant": np.repeat(rng.normal(0, 1, (rows, 1)), columns, 1).astype("<f4"),
        "nearly constant": (1 + 1e-6 * normal()).astype("<f4"),
        "nearly constant, negative": (-1 + 1e-6 * normal()).astype("<f4"),
        "positive": np.abs(normal()) + np.float32(1),
        "negative": -np.abs(normal()) - np.float32(1),
        "plus or minus one": some(1, 0.5, -1),
        "ramp": np.tile(np.arange(columns) % 64 - 32, (rows, 1)).astype("<f4"),
        "small integers": rng.integers(-8, 8, shape).astype("<f4"),
        "zero": np.zeros(shape, "<f4"),
        "negative zeros": some(normal(), 0.5, -0.0),
        "sparse": some(normal(), 0.05),
        "one in 200": some(normal(), 0.005),
        "tiny, near the limit for zero": normal(1e-15),
        "tiny": normal(1e-20),
        "scales overflow": normal(1e-34),
        "subnormal": normal(1e-39),
        "a few smallest steps": (rng.integers(-20, 20, shape) * 1.4e-45).astype("<f4"),
        "large": normal(1e18),
        "huge": normal(1e30),
        "at the top": normal(1e38),
        "any bits": bits.view("<f4").copy(),
        "groups of any size": (normal() * np.exp2(rng.integers(-30, 10, groups).repeat(16, 1))).astype("<f4"),
        "groups of several sizes": (normal() * np.exp2(rng.integers(-8, 1, groups).repeat(16, 1))).astype("<f4"),
    }


def importances(columns, rng):
    """Weights per column, by name."""
    weights = rng.gamma(0.5, 1, columns)
    return {
        "none": None,
        "random": weights.astype("<f4"),
        "half zero": np.where(rng.random(columns) < 0.5, 0, weights).astype("<f4"),
        "zero": np.zeros(columns, "<f4"),
        "huge": (weights * 1e30).astype("<f4"),
        "tiny": (weights * 1e-30).astype("<f4"),
    }
