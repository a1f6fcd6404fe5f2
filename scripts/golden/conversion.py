"""Writes Tests/Golden/conversion/: what llama.cpp's convert_hf_to_gguf.py makes of the reference models.

    python scripts/golden/conversion.py LLAMA_CPP_FOLDER [SHARED_FOLDER]

LLAMA_CPP_FOLDER is vendor/llama.cpp of the llama_cpp_python 0.3.36 source archive. SHARED_FOLDER has vocab/, the real
vocabularies; without it their golden files are left as they are. Each result is a JSON file with every metadata key, its
types and value (arrays as count and CRC-32 of their elements, each followed by a zero byte for text), and every tensor's
type, shape and CRC-32.
"""

import json
import logging
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

here = Path(__file__).resolve().parent
golden = here.parent.parent / "Tests" / "Golden"
llama = Path(sys.argv[1])
sys.path[:0] = [str(llama), str(llama / "gguf-py")]

import convert_hf_to_gguf  # noqa: E402
import conversion.base  # noqa: E402
import gguf  # noqa: E402

models = [
    "stablelm-3b", "stablelm-2-1_6b", "llama", "llama-3", "llama-tied", "llama-linear", "llama-yarn", "mistral-window",
]


def element_bytes(value):
    if isinstance(value, str):
        return value.encode() + b"\0"
    if isinstance(value, float):
        return np.float32(value).tobytes()
    return np.int32(value).tobytes()


def describe(path):
    reader = gguf.GGUFReader(path)
    metadata = {}
    for field in reader.fields.values():
        if field.name.startswith("GGUF."):
            continue
        value = field.contents()
        if isinstance(value, list):
            value = {"count": len(value), "crc32": zlib.crc32(b"".join(map(element_bytes, value)))}
        metadata[field.name] = {"types": [kind.name for kind in field.types], "value": value}
    tensors = {
        tensor.name: {
            "type": tensor.tensor_type.name,
            "shape": [int(size) for size in tensor.shape],
            "crc32": zlib.crc32(tensor.data.tobytes()),
        }
        for tensor in reader.tensors
    }
    return {"metadata": metadata, "tensors": tensors}


def convert(folder, kind, pre):
    # The converter knows released vocabularies by a hash; the reference models' are not among them.
    conversion.base.TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
    with tempfile.TemporaryDirectory() as out:
        path = f"{out}/model.gguf"
        sys.argv = ["convert", "--outtype", kind, "--outfile", path, str(folder)]
        convert_hf_to_gguf.main()
        return describe(path)


def store(name, result):
    target = golden / "conversion"
    target.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (target / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def vocabulary_folder(out, tokenizer, rows):
    """A checkpoint with a real vocabulary and next to no weights; ConversionTests makes the same."""
    folder = Path(out) / "vocabulary"
    folder.mkdir()
    config = {
        "architectures": ["StableLmForCausalLM"], "model_type": "stablelm", "hidden_size": 8, "intermediate_size": 8,
        "num_attention_heads": 1, "num_key_value_heads": 1, "num_hidden_layers": 1, "max_position_embeddings": 16,
        "vocab_size": rows, "partial_rotary_factor": 0.25, "layer_norm_eps": 1e-5, "use_parallel_residual": False,
        "bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": True,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>"})
    )
    block = "model.layers.0."
    shapes = {"model.embed_tokens.weight": (rows, 8)}
    for name in ["q", "k", "v", "o"]:
        shapes[f"{block}self_attn.{name}_proj.weight"] = (8, 8)
    for name in ["gate", "up", "down"]:
        shapes[f"{block}mlp.{name}_proj.weight"] = (8, 8)
    for norm in [block + "input_layernorm", block + "post_attention_layernorm", "model.norm"]:
        shapes |= {norm + ".weight": (8,), norm + ".bias": (8,)}
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, folder / "model.safetensors")
    return folder


logging.disable(logging.WARNING)
shared = Path(sys.argv[2]) if len(sys.argv) > 2 else None
for model in models:
    store(f"{model}-f16", convert(golden / "models" / model / "hf", "f16", "gpt-2"))
for kind in ["f32", "bf16", "q8_0"]:
    store(f"stablelm-3b-{kind}", convert(golden / "models" / "stablelm-3b" / "hf", kind, "gpt-2"))
    store(f"mistral-window-{kind}", convert(golden / "models" / "mistral-window" / "hf", kind, "gpt-2"))
if shared is not None:
    for name, rows, pre in [("gpt-neox", 50304, "olmo"), ("arcade100k", 100352, "stablelm2")]:
        with tempfile.TemporaryDirectory() as out:
            folder = vocabulary_folder(out, shared / "vocab" / f"{name}-tokenizer.json", rows)
            store(f"vocabulary-{name}", convert(folder, "f16", pre))
