"""Rotary embedding goldens: what transformers computes, in single precision.

Writes Tests/Golden/rope/rope.txt. Per case a line of parameters, one of inverse frequencies, and per position a line
of cosines and one of sines.
"""
from pathlib import Path

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

POSITIONS = [0, 1, 63, 1000, 4095, 8191]
CASES = {
    "plain-20": (20, {"rope_type": "default", "rope_theta": 10000.0}),
    "plain-128": (128, {"rope_type": "default", "rope_theta": 1000000.0}),
    "linear": (64, {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}),
    "yarn": (64, {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 2048}),
    "yarn-untruncated": (
        128,
        {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 16.0, "original_max_position_embeddings": 4096,
         "beta_fast": 24.0, "beta_slow": 2.0, "truncate": False},
    ),
    "yarn-mscale": (
        64,
        {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 40.0, "original_max_position_embeddings": 4096,
         "mscale": 0.707, "mscale_all_dim": 1.0},
    ),
    "llama3": (
        128,
        {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
         "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
    ),
}


def numbers(tensor):
    return " ".join(str(value) for value in tensor.numpy())


lines = []
for name, (dim, parameters) in CASES.items():
    config = LlamaConfig(
        hidden_size=dim, num_attention_heads=1, head_dim=dim, rope_parameters=dict(parameters),
        max_position_embeddings=65536,
    )
    if parameters["rope_type"] == "default":
        exponents = torch.arange(0, dim, 2, dtype=torch.int64).float() / dim
        frequencies, factor = 1.0 / (parameters["rope_theta"] ** exponents), 1.0
    else:
        frequencies, factor = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, torch.device("cpu"))
    lines.append(f"{name} {dim} {factor!r}")
    lines.append(numbers(frequencies))
    for position in POSITIONS:
        angles = (frequencies[None, :, None].float() @ torch.tensor([[[float(position)]]])).flatten()
        lines.append(f"{position} " + numbers(angles.cos() * factor))
        lines.append(f"{position} " + numbers(angles.sin() * factor))

folder = Path(__file__).parents[2] / "Tests/Golden/rope"
folder.mkdir(parents=True, exist_ok=True)
(folder / "rope.txt").write_text("\n".join(lines) + "\n")
