"""A StableLM / Llama forward pass in numpy float64, the independent second opinion beside transformers.

Weights are a dict with Hugging Face names. Matrices are [out, in]; activations [positions, width].
"""

import math
from dataclasses import dataclass, field
from typing import Callable

import numpy as np


@dataclass
class Shape:
    """What the forward pass needs to know of a model."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    rotary: int  # leading dimensions of a head that rotate
    frequencies: np.ndarray = field(default=None)  # [rotary / 2], radians per position
    rope_gain: float = 1.0  # multiplies cos and sin (YaRN)
    layer_norm: bool = True  # LayerNorm, else RMSNorm
    eps: float = 1e-5
    parallel: bool = False  # x + attention(n) + mlp(n), n = norm(x)
    head_norm: bool = False  # LayerNorm of every query and key head
    window: int | None = None  # a position sees itself and window - 1 before it
    adjacent_pairs: bool = False  # rotate (0,1)(2,3).. instead of (0,r/2)(1,r/2+1)..

    def __post_init__(self):
        if self.frequencies is None:
            self.frequencies = plain_frequencies(10000.0, self.rotary)


def plain_frequencies(base: float, rotary: int) -> np.ndarray:
    return base ** (-np.arange(0, rotary, 2, dtype=np.float64) / rotary)


def yarn_frequencies(base, rotary, factor, original, beta_fast=32.0, beta_slow=1.0):
    """Frequencies and gain of "YaRN: Efficient Context Window Extension", eq. 17 to 22, as released."""

    def dimension(rotations):
        return rotary * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = max(math.floor(dimension(beta_fast)), 0)
    high = min(math.ceil(dimension(beta_slow)), rotary - 1)
    ramp = np.clip((np.arange(rotary // 2) - low) / max(high - low, 0.001), 0, 1)
    plain = plain_frequencies(base, rotary)
    return plain / factor * ramp + plain * (1 - ramp), 0.1 * math.log(factor) + 1.0


def llama3_divisors(base, rotary, factor, low, high, original):
    """What Llama 3.1 divides each frequency by; GGUF stores them as `rope_freqs.weight`."""
    wavelength = 2 * math.pi / plain_frequencies(base, rotary)
    smooth = (original / wavelength - low) / (high - low)
    middle = 1 / ((1 - smooth) / factor + smooth)
    return np.where(wavelength < original / high, 1.0, np.where(wavelength > original / low, factor, middle))


def _layer_norm(x, weight, bias, eps):
    centred = x - x.mean(-1, keepdims=True)
    y = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight
    return y if bias is None else y + bias


def _rotate(x, shape: Shape, positions):
    """x: [positions, heads, head_dim]"""
    angle = positions[:, None] * shape.frequencies[None, :]
    cos = np.cos(angle)[:, None, :] * shape.rope_gain
    sin = np.sin(angle)[:, None, :] * shape.rope_gain
    out = x.copy()
    half = shape.rotary // 2
    if shape.adjacent_pairs:
        first, second = slice(0, shape.rotary, 2), slice(1, shape.rotary, 2)
    else:
        first, second = slice(0, half), slice(half, shape.rotary)
    a, b = x[..., first], x[..., second]
    out[..., first] = a * cos - b * sin
    out[..., second] = b * cos + a * sin
    return out


def forward(weights: dict, shape: Shape, tokens, prepare: Callable = lambda name, x: x) -> np.ndarray:
    """Logits [positions, vocabulary] in float64.

    `prepare(name, x)` sees the input of every matrix product and may replace it (quantized activations).
    """
    w = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}

    def linear(name, x):
        y = prepare(name, x) @ w[name + ".weight"].T
        bias = w.get(name + ".bias")
        return y if bias is None else y + bias

    def norm(name, x):
        if shape.layer_norm:
            return _layer_norm(x, w[name + ".weight"], w.get(name + ".bias"), shape.eps)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + shape.eps) * w[name + ".weight"]

    count = len(tokens)
    positions = np.arange(count)
    visible = positions[:, None] >= positions[None, :]
    if shape.window is not None:
        visible &= positions[:, None] - positions[None, :] < shape.window
    x = w["model.embed_tokens.weight"][np.asarray(tokens)]
    for layer in range(shape.layers):
        p = f"model.layers.{layer}."
        n = norm(p + "input_layernorm", x)
        q = linear(p + "self_attn.q_proj", n).reshape(count, shape.heads, shape.head_dim)
        k = linear(p + "self_attn.k_proj", n).reshape(count, shape.kv_heads, shape.head_dim)
        v = linear(p + "self_attn.v_proj", n).reshape(count, shape.kv_heads, shape.head_dim)
        if shape.head_norm:
            for name, t in (("q", q), ("k", k)):
                for head in range(t.shape[1]):
                    gain = w[f"{p}self_attn.{name}_layernorm.norms.{head}.weight"]
                    t[:, head] = _layer_norm(t[:, head], gain, None, shape.eps)
        q, k = _rotate(q, shape, positions), _rotate(k, shape, positions)
        k = np.repeat(k, shape.heads // shape.kv_heads, axis=1)
        v = np.repeat(v, shape.heads // shape.kv_heads, axis=1)
        scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(shape.head_dim)
        scores = np.where(visible[None], scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = np.einsum("hqk,khd->qhd", scores, v).reshape(count, -1)
        attention = linear(p + "self_attn.o_proj", mixed)
        if not shape.parallel:
            x = x + attention
            n = norm(p + "post_attention_layernorm", x)
        gate = linear(p + "mlp.gate_proj", n)
        up = linear(p + "mlp.up_proj", n)
        mlp = linear(p + "mlp.down_proj", gate / (1 + np.exp(-gate)) * up)
        x = x + attention + mlp if shape.parallel else x + mlp
    x = norm("model.norm", x)
    head = "lm_head" if "lm_head.weight" in w else "model.embed_tokens"
    return linear(head, x)
