"""Makes Tests/Golden/models/quantized: one tiny StableLM per tensor type, and what it computes in float64.

    python scripts/golden/models_quantized.py        (packages: requirements.txt)

Quantized matrices are random bytes with random block scales, so every code, sub-scale and sign occurs; the `gguf`
package says which numbers they stand for. TYPE.gguf is the model; all its matrices are of that type. Per type, f32
little endian [positions, vocabulary]:
    TYPE.exact.bin   activations as they are
    TYPE.int8.bin    the input of every matrix product rounded to 8 bits first: groups of 32 (256 for the K types and
                     IQ4_XS), scale = largest magnitude / 127 in f32, codes rounded half to even
    BF16.bf16.bin    the same mode for BF16 weights: inputs rounded to BF16, ties to even
Prompts are drawn until no activation lies within 1e-4 of a code's border, where f32 and float64 could round apart.
"""

import shutil

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

import models_forward as reference
import models_gguf
from models import ROOT
from models_tokenizer import ByteLevel, write_json
from random_blocks import random_blocks

POSITIONS = 12
VOCABULARY = len(ByteLevel.tokens)
FLOATS = (Type.F32, Type.F16, Type.BF16)
BY_32 = (Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.IQ4_NL)
BY_256 = (Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.IQ4_XS)


def dimensions(kind):
    wide = kind in BY_256
    hidden = 256 if wide else 128 if kind in BY_32 else 64
    return dict(
        hidden=hidden, heads=4, kv_heads=2, head_dim=hidden // 4, rotary=hidden // 16, ff=2 * hidden if wide else 192,
        layers=1, vocab=VOCABULARY, context=64, eps=1e-5, parallel=False,
    )


def make_weights(kind, d, rng):
    """(stored, values): what goes into the file and the numbers it stands for, both under Hugging Face names."""
    stored, values = {}, {}
    wide = d["heads"] * d["head_dim"]
    narrow = d["kv_heads"] * d["head_dim"]
    p = "model.layers.0."
    matrices = {
        "model.embed_tokens": (d["vocab"], d["hidden"], 1.0),
        p + "self_attn.q_proj": (wide, d["hidden"], 1.6 / np.sqrt(d["hidden"])),
        p + "self_attn.k_proj": (narrow, d["hidden"], 1.6 / np.sqrt(d["hidden"])),
        p + "self_attn.v_proj": (narrow, d["hidden"], 1.0 / np.sqrt(d["hidden"])),
        p + "self_attn.o_proj": (d["hidden"], wide, 1.0 / np.sqrt(wide)),
        p + "mlp.gate_proj": (d["ff"], d["hidden"], 1.0 / np.sqrt(d["hidden"])),
        p + "mlp.up_proj": (d["ff"], d["hidden"], 1.0 / np.sqrt(d["hidden"])),
        p + "mlp.down_proj": (d["hidden"], d["ff"], 1.0 / np.sqrt(d["ff"])),
        "lm_head": (d["vocab"], d["hidden"], 2.0 / np.sqrt(d["hidden"])),
    }
    for name, (rows, columns, rms) in matrices.items():
        if kind in FLOATS:
            numbers = (rng.standard_normal((rows, columns)) * rms).astype(np.float32)
            blocks = gguf.quants.quantize(numbers, kind)
            numbers = gguf.quants.dequantize(blocks, kind)
        else:
            blocks, numbers = random_blocks(kind, rows, columns, rms, rng)
        stored[name + ".weight"], values[name + ".weight"] = blocks, numbers
    for name in ("model.norm", p + "input_layernorm", p + "post_attention_layernorm"):
        for part, middle in (("weight", 1.0), ("bias", 0.0)):
            vector = (middle + 0.2 * rng.standard_normal(d["hidden"])).astype(np.float32)
            stored[f"{name}.{part}"] = values[f"{name}.{part}"] = vector
    return stored, values


class Rounding:
    """Rounds activations to 8 bits and remembers how near to a border of two codes any came."""

    def __init__(self, group):
        self.group = group
        self.margin = 0.5

    def __call__(self, name, x):
        groups = x.reshape(x.shape[0], -1, self.group)
        largest = np.abs(groups).max(-1, keepdims=True).astype(np.float32)
        scale = (largest / np.float32(127)).astype(np.float64)
        return self.rounded(groups, scale).reshape(x.shape)

    def rounded(self, groups, scale):
        codes = groups / scale
        self.margin = min(self.margin, float(np.abs(np.abs(codes - np.floor(codes)) - 0.5).min()))
        return np.rint(codes) * scale


class RoundingToBF16(Rounding):
    """The same for 8 significant bits."""

    def __init__(self):
        super().__init__(1)

    def __call__(self, name, x):
        return self.rounded(x, np.exp2(np.frexp(x)[1] - 8))


def write(path, kind, d, stored):
    writer = gguf.GGUFWriter(str(path), "stablelm")
    writer.add_name(f"quantized-{kind.name}")
    writer.add_context_length(d["context"])
    writer.add_embedding_length(d["hidden"])
    writer.add_block_count(d["layers"])
    writer.add_feed_forward_length(d["ff"])
    writer.add_rope_dimension_count(d["rotary"])
    writer.add_head_count(d["heads"])
    writer.add_head_count_kv(d["kv_heads"])
    writer.add_parallel_residual(False)
    writer.add_layer_norm_eps(d["eps"])
    writer.add_quantization_version(2)
    ByteLevel().write(writer, d["vocab"])
    for name, value in stored.items():
        name = models_gguf.gguf_name(name)
        if value.ndim == 1 or kind in (Type.F32, Type.F16):
            writer.add_tensor(name, value)
        else:
            writer.add_tensor(name, value.view(np.uint8), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(kind, folder):
    d = dimensions(kind)
    stored, values = make_weights(kind, d, np.random.default_rng([20231207, int(kind)]))
    shape = reference.Shape(
        layers=1, heads=d["heads"], kv_heads=d["kv_heads"], head_dim=d["head_dim"], rotary=d["rotary"], eps=d["eps"]
    )
    for attempt in range(5000):
        rng = np.random.default_rng([int(kind), attempt])
        prompt = [int(i) for i in rng.integers(1, VOCABULARY, POSITIONS)]
        if kind in (Type.F32, Type.F16):
            break
        rounding = RoundingToBF16() if kind == Type.BF16 else Rounding(256 if kind in BY_256 else 32)
        coarse = reference.forward(values, shape, prompt, rounding)
        if rounding.margin > 1e-4:
            break
    else:
        raise SystemExit(f"{kind.name}: every prompt has an activation on a border")
    exact = reference.forward(values, shape, prompt)
    exact.astype("<f4").tofile(folder / f"{kind.name}.exact.bin")
    entry = {"type": kind.name, "prompt": prompt, "gguf": f"{kind.name}.gguf", "exact": f"{kind.name}.exact.bin"}
    apart = 0.0
    if kind not in (Type.F32, Type.F16):
        entry["int8"] = f"{kind.name}.bf16.bin" if kind == Type.BF16 else f"{kind.name}.int8.bin"
        coarse.astype("<f4").tofile(folder / entry["int8"])
        apart = np.abs(coarse - exact).max() / np.abs(exact).max()
        assert apart > 2e-3, "the two modes cannot be told apart"
    write(folder / f"{kind.name}.gguf", kind, d, stored)
    print(f"{kind.name:7} attempt {attempt:4}  logits std {exact.std():.2f}  8-bit activations move them by {apart:.1%}")
    return entry


def main():
    folder = ROOT / "quantized"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(
        folder / "manifest.json",
        {"vocabulary": VOCABULARY, "models": [make(kind, folder) for kind in FLOATS + BY_32 + BY_256]},
    )


if __name__ == "__main__":
    main()
