"""Writes a test model as GGUF with the PyPI `gguf` package, names and layout as converters of llama.cpp write them."""

import re
from pathlib import Path

import gguf
import numpy as np

NAMES = [
    (r"model\.embed_tokens\.weight", "token_embd.weight"),
    (r"model\.norm\.(weight|bias)", r"output_norm.\1"),
    (r"lm_head\.weight", "output.weight"),
    (r"model\.layers\.(\d+)\.input_layernorm\.(weight|bias)", r"blk.\1.attn_norm.\2"),
    (r"model\.layers\.(\d+)\.post_attention_layernorm\.(weight|bias)", r"blk.\1.ffn_norm.\2"),
    (r"model\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)", r"blk.\1.attn_\2.\3"),
    (r"model\.layers\.(\d+)\.self_attn\.o_proj\.weight", r"blk.\1.attn_output.weight"),
    (r"model\.layers\.(\d+)\.self_attn\.([qk])_layernorm\.weight", r"blk.\1.attn_\2_norm.weight"),
    (r"model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj\.weight", r"blk.\1.ffn_\2.weight"),
    (r"rope_freqs\.weight", "rope_freqs.weight"),
]


def gguf_name(name: str) -> str:
    for pattern, replacement in NAMES:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    raise KeyError(name)


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from (half, pair) to (pair, half) order: rotation of neighbours instead of halves."""
    per_head = rows.shape[0] // heads
    return rows.reshape(heads, 2, per_head // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def stacked_head_norms(weights: dict, layers: int) -> dict:
    """Per-head norm vectors as one [heads, head_dim] matrix per layer."""
    out = {n: w for n, w in weights.items() if "_layernorm.norms." not in n}
    for layer in range(layers):
        for which in "qk":
            prefix = f"model.layers.{layer}.self_attn.{which}_layernorm."
            rows = sorted(
                (int(n.rsplit(".", 2)[1]), w) for n, w in weights.items() if n.startswith(prefix + "norms.")
            )
            if rows:
                out[prefix + "weight"] = np.stack([w for _, w in rows])
    return out


def write_model(path: Path, arch: str, config: dict, weights: dict, kind: str, tokenizer, name: str, quirks=()):
    """`config` uses the plain names of the specs in models.py; `kind` is F32 or F16 for matrices."""
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_name(name)
    writer.add_context_length(config["context"])
    writer.add_embedding_length(config["hidden"])
    writer.add_block_count(config["layers"])
    writer.add_feed_forward_length(config["ff"])
    writer.add_rope_dimension_count(config["rotary"])
    writer.add_head_count(config["heads"])
    if "no head_count_kv" not in quirks:
        writer.add_head_count_kv(config["kv_heads"])
    if config["head_dim"] * config["heads"] != config["hidden"]:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    if arch == "stablelm":
        writer.add_parallel_residual("parallel residual" in quirks or config["parallel"])
        writer.add_layer_norm_eps(config["eps"])
    else:
        writer.add_layer_norm_rms_eps(config["eps"])
        writer.add_rope_freq_base(config["theta"])
        writer.add_vocab_size(config["vocab"])
    scaling = config.get("rope", {})
    if scaling.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])
    elif scaling.get("rope_type") == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(scaling["factor"])
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
    writer.add_file_type({"F32": 0, "F16": 1}[kind])
    tokenizer.write(writer, config["vocab"])
    if arch == "llama":
        weights = dict(weights)
        for layer in range(config["layers"]):
            for which, heads in (("q", config["heads"]), ("k", config["kv_heads"])):
                key = f"model.layers.{layer}.self_attn.{which}_proj.weight"
                weights[key] = permuted(weights[key], heads)
    for key, value in stacked_head_norms(weights, config["layers"]).items():
        name = gguf_name(key)
        value = np.ascontiguousarray(value, dtype=np.float32)
        if kind == "F16" and value.ndim == 2 and "_norm" not in name:
            half = value.astype(np.float16)
            assert np.array_equal(half.astype(np.float32), value), f"{name} does not fit in f16"
            value = half
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
