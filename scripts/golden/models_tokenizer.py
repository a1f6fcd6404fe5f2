"""The two tiny tokenizers of the test models: byte-level BPE (264 entries) and SentencePiece-style BPE (278)."""

import json
import re
from pathlib import Path

import sentencepiece.sentencepiece_model_pb2 as spm
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

BYTE_MERGES = [("t", "h"), ("Ġ", "t"), ("h", "e"), ("i", "n"), ("Ġt", "he"), ("e", "r")]
SPM_LETTERS = list("▁etaoinshrdlu")
SPM_MERGES = [("▁", "t"), ("h", "e"), ("▁t", "he"), ("i", "n"), ("e", "r"), ("▁", "a")]


def byte_alphabet() -> list[str]:
    """The characters that stand for the bytes 0 to 255 in byte-level BPE (GPT-2's table)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spare = iter(range(0x100, 0x200))
    return [chr(b) if b in shown else chr(next(spare)) for b in range(256)]


class ByteLevel:
    """Entries 0 and 1 are special, then the 256 bytes, then one entry per merge."""

    tokens = ["<|endoftext|>", "<|padding|>", *byte_alphabet(), *("".join(m) for m in BYTE_MERGES)]

    def save(self, folder: Path):
        vocabulary = {token: index for index, token in enumerate(self.tokens)}
        tokenizer = Tokenizer(models.BPE(vocabulary, BYTE_MERGES))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in self.tokens[:2]])
        tokenizer.save(str(folder / "tokenizer.json"))
        write_json(
            folder / "tokenizer_config.json",
            {
                "tokenizer_class": "GPTNeoXTokenizer",
                "bos_token": "<|endoftext|>",
                "eos_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
                "add_prefix_space": False,
                "model_max_length": 256,
            },
        )

    def write(self, writer, rows: int):
        tokens = self.tokens + [f"[PAD{i}]" for i in range(len(self.tokens), rows)]
        types = [3, 3] + [1] * (len(self.tokens) - 2) + [5] * (rows - len(self.tokens))
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(tokens)
        writer.add_token_types(types)
        writer.add_token_merges([" ".join(m) for m in BYTE_MERGES])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)


class SentencePiece:
    """`<unk>`, `<s>`, `</s>`, 256 byte entries, merged pieces, letters: Llama's order and scores."""

    merged = ["".join(m) for m in SPM_MERGES]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *merged, *SPM_LETTERS]
    scores = [0.0] * 259 + [-float(i) for i in range(len(merged) + len(SPM_LETTERS))]

    def save(self, folder: Path):
        vocabulary = {token: index for index, token in enumerate(self.tokens)}
        tokenizer = Tokenizer(
            models.BPE(vocabulary, SPM_MERGES, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
        )
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in self.tokens[:3]])
        tokenizer.save(str(folder / "tokenizer.json"))
        write_json(
            folder / "tokenizer_config.json",
            {
                "tokenizer_class": "LlamaTokenizer",
                "bos_token": "<s>",
                "eos_token": "</s>",
                "unk_token": "<unk>",
                "add_bos_token": True,
                "add_eos_token": False,
                "legacy": True,
                "model_max_length": 256,
            },
        )
        model = spm.ModelProto()
        for index, (token, score) in enumerate(zip(self.tokens, self.scores)):
            kind = {0: 2, 1: 3, 2: 3}.get(index, 6 if index < 259 else 1)
            model.pieces.add(piece=token, score=score, type=kind)
        model.trainer_spec.model_type = spm.TrainerSpec.BPE
        model.trainer_spec.byte_fallback = True
        model.trainer_spec.vocab_size = len(self.tokens)
        model.normalizer_spec.name = "identity"
        model.normalizer_spec.add_dummy_prefix = True
        model.normalizer_spec.remove_extra_whitespaces = False
        (folder / "tokenizer.model").write_bytes(model.SerializeToString(deterministic=True))

    def write(self, writer, rows: int):
        assert rows == len(self.tokens)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(self.tokens)
        writer.add_token_scores(self.scores)
        writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (rows - 259))
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)
        writer.add_add_eos_token(False)


def write_json(path: Path, value):
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # Lists of numbers on one line.
    text = re.sub(r"\[\s+(-?\d[^\[\]{}\"]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    path.write_text(text + "\n")
