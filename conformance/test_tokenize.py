"""Ids against Hugging Face tokenizers and sentencepiece, on 5,000 texts per family."""

import json
import unicodedata

import pytest
import sentencepiece
import sentencepiece.sentencepiece_model_pb2 as spm
import texts
from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

COUNT = 5200
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tokenize(kite, model, strings, *flags):
    lines = "".join(json.dumps(s, ensure_ascii=False) + "\n" for s in strings)
    result = kite.ok("tokenize", "-m", model, "--jsonl", *flags, stdin=lines)
    return [json.loads(line) for line in result.out.splitlines()]


def compare(strings, actual, expected):
    assert len(actual) == len(strings)
    wrong = [(s, a, e) for s, a, e in zip(strings, actual, expected) if a != e]
    shown = "\n".join(f"{s!r}\n  kite     {a}\n  expected {e}" for s, a, e in sorted(wrong, key=lambda w: len(w[0]))[:5])
    assert not wrong, f"{len(wrong)} of {len(strings)} differ\n{shown}"


def check_hugging_face(kite, file, strings):
    tokenizer = Tokenizer.from_file(str(file))
    expected = [e.ids for e in tokenizer.encode_batch(strings, add_special_tokens=False)]
    compare(strings, tokenize(kite, file, strings), expected)


@pytest.fixture(scope="session")
def strings():
    made = texts.make(COUNT)
    assert len(made) >= 5000
    return made


def test_gpt_neox(kite, vocab, strings):
    check_hugging_face(kite, vocab("gpt-neox-tokenizer.json"), strings)


def test_arcade100k(kite, vocab, strings):
    check_hugging_face(kite, vocab("arcade100k-tokenizer.json"), strings)


def test_nano(kite, nano_checkpoint, strings):
    check_hugging_face(kite, nano_checkpoint / "tokenizer.json", strings)


def test_gguf_without_pre_tokenizer(kite, vocab, strings):
    """The GGUF of November 2023 names no pre-tokenizer; its ids must be those of the checkpoint's tokenizer.json.

    It spells padding rows `[PADn]`, which no text means, and lacks two added tokens of the newer file."""
    tokenizer = Tokenizer.from_file(str(vocab("gpt-neox-tokenizer.json")))
    file = vocab("gpt-neox-nov2023.vocab.gguf")
    known = set(GGUFReader(str(file)).fields["tokenizer.ggml.tokens"].contents())
    newer = [t.content for t in tokenizer.get_added_tokens_decoder().values() if t.content.strip() and t.content not in known]
    strings = [s for s in strings if not any(t in s for t in newer)]
    expected = [e.ids for e in tokenizer.encode_batch(strings, add_special_tokens=False)]
    compare(strings, tokenize(kite, file, strings), expected)


def train(split, normalizer=None, prefix=None):
    """A byte-level BPE of 1,500 entries with the given split, trained on the texts themselves."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=False))
    if normalizer:
        tokenizer.normalizer = normalizer
    if split:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(split), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|padding|>"],
    )
    tokenizer.train_from_iterator(texts.make(2000, seed=7, specials=False), trainer)
    return tokenizer


@pytest.mark.parametrize(
    "name, split, normalizer", [("llama-3", LLAMA3_SPLIT, None), ("gpt-2", None, None), ("gpt-neox", None, "nfc")]
)
def test_trained_byte_level(kite, tmp_path, strings, name, split, normalizer):
    tokenizer = train(split, normalizers.NFC() if normalizer else None)
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (24, 8, 4, 3, 2)])
    tokenizer.add_special_tokens(
        [AddedToken("<|im_start|>", special=True, rstrip=True), AddedToken("<|im_end|>", special=True, lstrip=True)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    check_hugging_face(kite, tmp_path / "tokenizer.json", strings)


def test_sentencepiece(kite, vocab, tmp_path):
    file = vocab("llama-spm.vocab.gguf")
    fields = GGUFReader(str(file)).fields
    model = spm.ModelProto()
    tokens = fields["tokenizer.ggml.tokens"].contents()
    scores = fields["tokenizer.ggml.scores"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    for token, score, kind in zip(tokens, scores, types):
        model.pieces.add(piece=token, score=score, type=kind)
    model.trainer_spec.model_type = spm.TrainerSpec.BPE
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = len(tokens)
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = False
    (tmp_path / "tokenizer.model").write_bytes(model.SerializeToString())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "tokenizer.model"))
    # sentencepiece reads no special tokens in text, and drops U+0000 at a string's end: neither is asked of it.
    strings = [s.replace("\0", "") for s in texts.make(COUNT, specials=False)]
    compare(strings, tokenize(kite, file, strings, "--no-special"), processor.encode(strings))


def test_beginning_of_text(kite, vocab):
    """`--bos` adds what the file asks for: files of the SentencePiece kind do, those of the 3B do not."""
    file = vocab("llama-spm.vocab.gguf")
    plain = tokenize(kite, file, ["Hello"])[0]
    assert tokenize(kite, file, ["Hello"], "--bos")[0] == [1, *plain]
    file = vocab("gpt-neox-nov2023.vocab.gguf")
    assert tokenize(kite, file, ["Hello"], "--bos") == tokenize(kite, file, ["Hello"])


def test_known_ids_of_the_3b(kite, vocab):
    file = vocab("gpt-neox-nov2023.vocab.gguf")
    known = {
        "<|user|>": [29, 93, 4537, 49651], "<|assistant|>": [29, 93, 515, 5567, 49651], " 2023": [1384, 1508],
        "don't": [9903, 626], "<|endoftext|>": [0],
    }
    compare(list(known), tokenize(kite, file, list(known)), list(known.values()))


def test_plain_form(kite, vocab):
    """Without --jsonl: the text is an argument or standard input, and standard output holds its ids."""
    file = vocab("gpt-neox-tokenizer.json")
    ids = Tokenizer.from_file(str(file)).encode("Hello world", add_special_tokens=False).ids
    assert kite.ok("tokenize", "-m", file, "--ids", "Hello world").out.split() == [str(i) for i in ids]
    assert kite.ok("tokenize", "-m", file, "--ids", stdin="Hello world").out.split() == [str(i) for i in ids]
    assert json.loads(kite.ok("tokenize", "-m", file, "--ids", "--json", "Hello world").out) == ids
    for number in ids:
        assert str(number) in kite.ok("tokenize", "-m", file, "Hello world").out


def test_decode(kite, vocab, strings):
    """Back to the text: both families normalize to NFC, and nothing else is lost."""
    for name in ("gpt-neox-tokenizer.json", "arcade100k-tokenizer.json"):
        file = vocab(name)
        for text, ids in list(zip(strings, tokenize(kite, file, strings)))[100:120]:
            back = kite.ok("tokenize", "-m", file, "--decode", "--json", stdin=" ".join(map(str, ids))).out
            assert json.loads(back) == unicodedata.normalize("NFC", text)
