"""Makes Tests/Golden/adapters: LoRA adapters for models of Tests/Golden/models and what PEFT computes with them.

    python scripts/golden/adapters.py [NAME ...]       (packages: requirements.txt; models.py first)

A folder per model:
    first/          PEFT folder: rank 4 on all matrices of the blocks, f32
    first.gguf      the same as llama.cpp's converter writes it
    second/         PEFT folder: rsLoRA, some matrices and the output, ranks and alphas by pattern, f16
    first.bin       f32 little endian [prompt, vocabulary]: logits with the first adapter
    both.bin        logits with both, scaled as the manifest says
    hidden.bin      [prompt, width]: what the output matrix is multiplied with, without adapters
    manifest.json   prompt, scales
"""

import json
import shutil
import sys
import zlib
from pathlib import Path

import gguf
import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file

import models
from models_gguf import gguf_name, permuted
from models_tokenizer import write_json

GOLDEN = Path(__file__).resolve().parents[2] / "Tests" / "Golden"
NAMES = ["stablelm-3b", "stablelm-2-12b", "llama"]
BLOCK = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SCALES = [0.75, -0.5]


def base_model(name):
    """The model with its weights as f32; the folder's config.json may be of an older dialect than transformers reads."""
    kind, config = models.make_config(models.BASE | models.SPECS[name])
    weights = {}
    for file in sorted((GOLDEN / "models" / name / "hf").glob("*.safetensors")):
        weights |= {n: t.float() for n, t in load_file(file).items()}
    model = kind(config).eval()
    model.load_state_dict(weights)
    return model


def save_adapter(folder, base, config, seed, dtype):
    """Random factors, both halves of them unlike zero."""
    model = get_peft_model(base, config)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            x = rng.standard_normal(tuple(parameter.shape)) * 0.6 / np.sqrt(parameter.shape[-1])
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(x.astype(np.float32)).to(dtype).float())
    # "auto" would also save the output matrix of the base model where it is among the adapted ones.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_model.safetensors"
    save_file({n: t.to(dtype).contiguous() for n, t in load_file(path).items()}, path, metadata={"format": "pt"})
    path.chmod(0o644)
    settings = json.loads((folder / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "base"
    settings["target_modules"] = sorted(settings["target_modules"])
    write_json(folder / "adapter_config.json", settings)
    model.unload()


def write_gguf(path, name, adapter, alpha, config):
    """Names, order of rows and metadata as convert_lora_to_gguf.py of llama.cpp has them."""
    arch = "llama" if config.model_type in ("llama", "mistral") else "stablelm"
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    for key, tensor in sorted(adapter.items()):
        module, half = key.removeprefix("base_model.model.").split(".lora_")
        rows = tensor.float().numpy()
        if half.startswith("B") and arch == "llama" and module.endswith(("q_proj", "k_proj")):
            is_query = module.endswith("q_proj")
            rows = permuted(rows, config.num_attention_heads if is_query else config.num_key_value_heads)
        writer.add_tensor(f"{gguf_name(module + '.weight')}.lora_{half[0].lower()}", np.ascontiguousarray(rows))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def logits(model, prompt):
    return model(torch.tensor([prompt]), use_cache=False).logits[0].numpy().astype("<f4")


def make(name):
    folder = GOLDEN / "adapters" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prompt = json.loads((GOLDEN / "models" / name / "manifest.json").read_text())["prompt"]
    plain = base_model(name)
    with torch.no_grad():
        output = plain.model(torch.tensor([prompt]), use_cache=False).last_hidden_state[0]
    output.numpy().astype("<f4").tofile(folder / "hidden.bin")
    before = logits(plain, prompt)

    first = LoraConfig(r=4, lora_alpha=8, target_modules=BLOCK, lora_dropout=0.0, task_type="CAUSAL_LM")
    second = LoraConfig(
        r=3, lora_alpha=5, target_modules=["q_proj", "v_proj", "down_proj", "lm_head"], use_rslora=True,
        rank_pattern={"v_proj": 5}, alpha_pattern={"v_proj": 7, "layers.0.mlp.down_proj": 2}, task_type="CAUSAL_LM",
    )
    save_adapter(folder / "first", base_model(name), first, 1, torch.float32)
    save_adapter(folder / "second", base_model(name), second, 2, torch.float16)
    write_gguf(
        folder / "first.gguf", name, load_file(folder / "first" / "adapter_model.safetensors"), 8, plain.config
    )

    model = PeftModel.from_pretrained(base_model(name), folder / "first", adapter_name="first").eval()
    one = logits(model, prompt)
    model.load_adapter(folder / "second", adapter_name="second")
    model.eval()
    model.base_model.set_adapter(["first", "second"])
    for module in model.modules():
        for adapter, scale in zip(["first", "second"], SCALES):
            if isinstance(module, LoraLayer) and adapter in module.scaling:
                module.set_scale(adapter, scale)
    both = logits(model, prompt)
    model.base_model.set_adapter(["first"])
    only = logits(model, prompt)
    assert np.abs(one - before).max() > 0.3 and np.abs(both - only).max() > 0.3, "the adapters do too little"
    one.tofile(folder / "first.bin")
    both.tofile(folder / "both.bin")
    write_json(folder / "manifest.json", {"name": name, "prompt": prompt, "scales": SCALES})
    merged = PeftModel.from_pretrained(base_model(name), folder / "first").merge_and_unload()
    print(
        f"{name:16} first moves logits by {np.abs(one - before).max():.2f}, the second by "
        f"{np.abs(both - only).max():.2f}; merged differs by {np.abs(logits(merged, prompt) - one).max():.1e}"
    )


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or NAMES:
        make(name)


if __name__ == "__main__":
    main()
