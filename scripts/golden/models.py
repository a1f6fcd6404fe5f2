"""Makes Tests/Golden/models: tiny random models of every architecture branch and what transformers computes with them.

    python scripts/golden/models.py [NAME ...]       (packages: requirements.txt)

A folder per model:
    hf/            Hugging Face checkpoint: config.json, safetensors, tokenizer
    model.gguf     the same weights
    logits.bin     f32 little endian [prompt, vocabulary]: logits after every prompt token, f32, eager attention
    manifest.json  prompt, the 64 ids that greedy decoding appends, shapes, file names
Weights of models stored in 16 bits are rounded first, so every file of a folder holds exactly the same numbers.
Seeds are tried in order until no greedy step has its two best logits within 1e-3 of each other.
"""

import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file as save_torch_file
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import StableLmConfig, StableLmForCausalLM

import models_forward as reference
import models_gguf
from models_tokenizer import ByteLevel, SentencePiece, write_json

ROOT = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "models"
GREEDY = 64

BASE = dict(
    arch="stablelm", hidden=64, head_dim=16, heads=4, kv_heads=4, ff=96, layers=2, vocab=264, rotary=16,
    eps=1e-5, theta=10000.0, context=256, parallel=False, bias=False, head_norm=False, tied=False, window=None,
    rope={}, dtype="F32", gguf="F32", shards=1, prompt=44, tokenizer=ByteLevel, quirks=(), dialect="5",
)

SPECS = {
    # Head size 80 as in the 3B. The GGUF carries the quirks of 2023: no head_count_kv, use_parallel_residual
    # set although the model is sequential, padding rows in the vocabulary. config.json is stablelm_epoch's.
    "stablelm-3b": dict(
        hidden=80, head_dim=80, heads=1, kv_heads=1, rotary=20, vocab=268, dialect="epoch",
        quirks=("no head_count_kv", "parallel residual"),
    ),
    "stablelm-2-1_6b": dict(hidden=80, heads=5, kv_heads=5, rotary=4, bias=True, dtype="BF16", gguf="F16", dialect="4"),
    "stablelm-2-12b": dict(
        kv_heads=2, rotary=4, parallel=True, head_norm=True, shards=3, dialect="4"
    ),
    # Window shorter than the prompt. GGUF has no key for it: logits-full.bin is the truth without a window.
    "mistral-window": dict(
        arch="llama", kv_heads=2, window=16, vocab=278, dtype="BF16", prompt=48, tokenizer=SentencePiece, dialect="4"
    ),
    # Head size 160, and not hidden / heads.
    "llama": dict(arch="llama", heads=2, kv_heads=1, head_dim=160, rotary=160, layers=1, dtype="F16", gguf="F16"),
    "llama-tied": dict(arch="llama", kv_heads=1, ff=64, tied=True, eps=1e-6, theta=500000.0),
    "llama-linear": dict(
        arch="llama", ff=64, dtype="BF16", gguf="F16", tied=True, rope=dict(rope_type="linear", factor=4.0), dialect="4"
    ),
    "llama-yarn": dict(
        arch="llama", ff=64, dtype="BF16", gguf="F16", tied=True, context=128, shards=2,
        rope=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32),
    ),
    "llama-3": dict(
        arch="llama", ff=64, dtype="BF16", gguf="F16", tied=True, theta=500000.0,
        rope=dict(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64,
        ),
    ),
}


def make_config(spec):
    common = dict(
        vocab_size=spec["vocab"], hidden_size=spec["hidden"], intermediate_size=spec["ff"],
        num_hidden_layers=spec["layers"], num_attention_heads=spec["heads"], num_key_value_heads=spec["kv_heads"],
        max_position_embeddings=spec["context"], tie_word_embeddings=spec["tied"], attn_implementation="eager",
        pad_token_id=None,
    )
    rope = {"rope_type": "default", **spec["rope"], "rope_theta": spec["theta"]}
    if spec["arch"] == "stablelm":
        rope["partial_rotary_factor"] = spec["rotary"] / spec["head_dim"]
        return StableLmForCausalLM, StableLmConfig(
            **common, bos_token_id=0, eos_token_id=0, layer_norm_eps=spec["eps"], rope_parameters=rope,
            use_qkv_bias=spec["bias"], use_parallel_residual=spec["parallel"], qk_layernorm=spec["head_norm"],
        )
    common |= dict(head_dim=spec["head_dim"], rms_norm_eps=spec["eps"], rope_parameters=rope)
    if spec["window"]:
        return MistralForCausalLM, MistralConfig(
            **common, bos_token_id=1, eos_token_id=2, sliding_window=spec["window"]
        )
    return LlamaForCausalLM, LlamaConfig(**common, bos_token_id=0, eos_token_id=0)


def config_json(spec, config):
    """config.json as transformers 5 writes it, as 4 wrote it, or as the first StableLM release had it."""
    value = config.to_diff_dict()
    name = type(config).__name__.replace("Config", "ForCausalLM")
    value |= {"architectures": [name], "transformers_version": "5.23.0", "dtype": TORCH[spec["dtype"]]}
    for key in ("_name_or_path", "attn_implementation", "_attn_implementation"):
        value.pop(key, None)
    for key in ("num_attention_heads", "num_key_value_heads", "rope_parameters", "tie_word_embeddings"):
        value[key] = getattr(config, key)
    if spec["dialect"] != "5":
        rope = dict(value.pop("rope_parameters"))
        value["rope_theta"] = rope.pop("rope_theta")
        value["torch_dtype"] = value.pop("dtype")
        value["transformers_version"] = "4.38.0"
        if "partial_rotary_factor" in rope:
            value["partial_rotary_factor"] = rope.pop("partial_rotary_factor")
        kind = rope.pop("rope_type")
        if kind != "default":
            value["rope_scaling"] = {"type": kind, **rope}
    if spec["dialect"] == "epoch":
        value["architectures"] = ["StableLMEpochForCausalLM"]
        value["model_type"] = "stablelm_epoch"
        value["rope_pct"] = value.pop("partial_rotary_factor")
        value["norm_eps"] = value.pop("layer_norm_eps", spec["eps"])
        value["num_heads"] = value["num_attention_heads"]
        value["rotary_scaling_factor"] = 1.0
        value["transformers_version"] = "4.33.0"
    elif spec["arch"] == "stablelm":
        value["layer_norm_eps"] = spec["eps"]
    return dict(sorted(value.items()))


TORCH = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def random_weights(spec, state, seed):
    """Scales that make attention look about, biases and norms matter, and logits spread over 1 to 3."""
    out = {}
    for name, tensor in state.items():
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        x = rng.standard_normal(tuple(tensor.shape))
        columns = tensor.shape[-1]
        if "norm" in name:
            x = x * 0.2 + (0 if name.endswith("bias") else 1)
        elif name.endswith("bias"):
            x = x * 0.3
        elif "embed_tokens" in name:
            x = x * (2 / np.sqrt(columns) if spec["tied"] else 1)
        elif "lm_head" in name:
            x = x * 2 / np.sqrt(columns)
        else:
            x = x * (1.6 if "q_proj" in name or "k_proj" in name else 1) / np.sqrt(columns)
        out[name] = rounded(x.astype(np.float32), spec)
    return out


def rounded(x, spec):
    """To what the smallest of the model's files can hold exactly."""
    if "BF16" in (spec["dtype"], spec["gguf"]):
        x = torch.from_numpy(x).bfloat16().float().numpy()
    if "F16" in (spec["dtype"], spec["gguf"]):
        x = np.where(np.abs(x) < 2.0**-16, 0, x).astype(np.float16).astype(np.float32)
    return x


def shape_of(spec):
    shape = reference.Shape(
        layers=spec["layers"], heads=spec["heads"], kv_heads=spec["kv_heads"], head_dim=spec["head_dim"],
        rotary=spec["rotary"], frequencies=reference.plain_frequencies(spec["theta"], spec["rotary"]),
        layer_norm=spec["arch"] == "stablelm", eps=spec["eps"], parallel=spec["parallel"],
        head_norm=spec["head_norm"], window=spec["window"],
    )
    rope = spec["rope"]
    kind = rope.get("rope_type")
    if kind == "linear":
        shape.frequencies = shape.frequencies / rope["factor"]
    elif kind == "yarn":
        shape.frequencies, shape.rope_gain = reference.yarn_frequencies(
            spec["theta"], spec["rotary"], rope["factor"], rope["original_max_position_embeddings"]
        )
    elif kind == "llama3":
        shape.frequencies = shape.frequencies / llama3(spec)
    return shape


def llama3(spec):
    rope = spec["rope"]
    return reference.llama3_divisors(
        spec["theta"], spec["rotary"], rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"],
        rope["original_max_position_embeddings"],
    )


@torch.no_grad()
def logits_and_greedy(model, prompt):
    """Everything from one position on recomputed at each step: no cache is involved in the truth."""
    logits = model(torch.tensor([prompt]), use_cache=False).logits[0].numpy()
    ids, gap = list(prompt), np.inf
    for _ in range(GREEDY):
        last = model(torch.tensor([ids]), use_cache=False).logits[0, -1].numpy()
        best = np.partition(last, -2)[-2:]
        gap = min(gap, float(best[1] - best[0]))
        ids.append(int(last.argmax()))
    return logits.astype(np.float32), ids[len(prompt):], gap


def must_matter(spec, weights, prompt, logits):
    """Every property that this model is here for must move the logits by far more than the tolerance."""
    from dataclasses import replace

    shape = shape_of(spec)
    changed = {
        "rotation pairs": replace(shape, adjacent_pairs=True),
        "rotation": replace(shape, frequencies=shape.frequencies * 1.02),
    }
    if shape.rotary < shape.head_dim:
        wide = reference.plain_frequencies(spec["theta"], shape.head_dim)
        changed["partial rotation"] = replace(shape, rotary=shape.head_dim, frequencies=wide)
    if spec["rope"]:
        changed["scaling"] = replace(
            shape, frequencies=reference.plain_frequencies(spec["theta"], spec["rotary"]), rope_gain=1.0
        )
    if shape.rope_gain != 1:
        changed["gain"] = replace(shape, rope_gain=1.0)
    if shape.window:
        changed["window"] = replace(shape, window=None)
        changed["window by one"] = replace(shape, window=shape.window + 1)
    if shape.head_norm:
        changed["head norm"] = replace(shape, head_norm=False)
    if shape.parallel:
        changed["eps"] = replace(shape, eps=1e-2)
    for what, other in changed.items():
        moved = np.abs(reference.forward(weights, other, prompt) - logits).max()
        assert moved > 0.01, f"{what} moves the logits by {moved} only"


def save_checkpoint(folder, spec, weights, config):
    tensors = {n: torch.from_numpy(w).to(getattr(torch, TORCH[spec["dtype"]])) for n, w in weights.items()}
    meta = {"format": "pt"}
    if spec["shards"] == 1:
        save_torch_file(tensors, str(folder / "model.safetensors"), metadata=meta)
    else:
        names = list(tensors)
        where = {}
        for shard in range(spec["shards"]):
            file = f"model-{shard + 1:05}-of-{spec['shards']:05}.safetensors"
            part = names[shard::spec["shards"]]
            save_torch_file({n: tensors[n] for n in part}, str(folder / file), metadata=meta)
            where |= {n: file for n in part}
        total = sum(t.numel() * t.element_size() for t in tensors.values())
        write_json(
            folder / "model.safetensors.index.json",
            {"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))},
        )
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)
    write_json(folder / "config.json", config_json(spec, config))
    write_json(
        folder / "generation_config.json",
        {"bos_token_id": config.bos_token_id, "eos_token_id": config.eos_token_id, "transformers_version": "5.23.0"},
    )


def make(name, spec):
    spec = BASE | spec
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "hf").mkdir(parents=True)
    kind, config = make_config(spec)
    model = kind(config).eval()
    state = {n: t for n, t in model.state_dict().items() if not (spec["tied"] and n == "lm_head.weight")}
    for seed in range(100):
        weights = random_weights(spec, state, seed)
        model.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()}, strict=not spec["tied"])
        rng = np.random.default_rng([seed, 1])
        prompt = [int(i) for i in rng.integers(2, 260, spec["prompt"])]
        logits, greedy, gap = logits_and_greedy(model, prompt)
        full = None
        if spec["window"]:
            wide = MistralForCausalLM(MistralConfig(**(config.to_dict() | {"sliding_window": None})))
            wide.set_attn_implementation("eager")
            wide.eval().load_state_dict(model.state_dict())
            full = logits_and_greedy(wide, prompt)
            gap = min(gap, full[2])
        if gap >= 1e-3:
            break
    else:
        raise SystemExit(f"{name}: no seed without near ties")
    error = np.abs(reference.forward(weights, shape_of(spec), prompt) - logits).max()
    assert error < 5e-5, f"{name}: transformers and numpy differ by {error}"
    must_matter(spec, weights, prompt, logits)
    logits.astype("<f4").tofile(folder / "logits.bin")
    save_checkpoint(folder / "hf", spec, weights, config)
    spec["tokenizer"]().save(folder / "hf")
    extra = {"rope_freqs.weight": llama3(spec)} if spec["rope"].get("rope_type") == "llama3" else {}
    models_gguf.write_model(
        folder / "model.gguf", spec["arch"], spec, extra | weights, spec["gguf"], spec["tokenizer"](), name,
        spec["quirks"],
    )
    manifest = {
        "name": name, "seed": seed, "checkpointType": spec["dtype"], "ggufType": spec["gguf"],
        "vocabulary": spec["vocab"], "prompt": prompt, "greedy": greedy, "logits": "logits.bin",
        "smallestGreedyGap": round(gap, 5), "float64Difference": float(f"{error:.2g}"),
    }
    if full:
        full[0].astype("<f4").tofile(folder / "logits-full.bin")
        manifest |= {"ggufLogits": "logits-full.bin", "ggufGreedy": full[1]}
    write_json(folder / "manifest.json", manifest)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(
        f"{name:16} seed {seed:2}  logits std {logits.std():.2f}  gap {gap:.4f}  numpy {error:.1e}  "
        f"distinct {len(set(greedy)):2}  {size / 1000:.0f} kB"
    )


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or SPECS:
        make(name, SPECS[name])


if __name__ == "__main__":
    main()
