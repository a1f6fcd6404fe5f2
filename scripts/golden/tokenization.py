"""Makes the truth for tokenizers: Tests/Golden/tokenization.

    python scripts/golden/tokenization.py [FOLDER WITH REAL VOCABULARIES]

- `strings.bin`: some 5,000 texts, each a length (7 bits a byte, low first) and its UTF-8.
- `NAME.json` or `NAME.model`: a small vocabulary of each kind, trained here on those texts.
- `NAME.ids`: for each text 4 bytes, a hash of the token numbers that `tokenizers` or `sentencepiece` gives.
- `real-NAME.ids`: the same for real vocabularies, which are not part of the repository.
- `nfc.bin`: 4-byte hashes of normalized text: every character of each run of 4,096 alone and among others, and 64 times
  1,000 random sequences of marks and characters that compose.
- `samples.json`: the token numbers of a few texts in full, for a person to look at.
"""

import io
import json
import pathlib
import random
import struct
import sys

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / "Tests/Golden/tokenization"
VOCABULARIES = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/vocab"
COUNT = 5200

FOLDED = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPELLED = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
ONE_DIGIT = r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
THREE_DIGITS = ONE_DIGIT.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
KEYS = ["tokenizer.ggml." + key for key in ("tokens", "scores", "token_type")]

# --- Texts -----------------------------------------------------------------------------------------------------------

WORDS = (
    "the of and to a in is that it was for on are as with his they at be this have from or one had by words but not "
    "what all were we when your can said there use an each which she do how their if will up other about out many then "
    "them these so some her would make like him into time has look two more write go see number no way could people my "
    "than first water been call who oil its now find long down day did get come made may part over new sound take only "
    "little work know place year live me back give most very after thing our just name good sentence man think say "
    "great where help through much before line right too mean old any same tell boy follow came want show also around "
    "form three small set put end does another well large must big even such because turn here why ask went men read "
    "need land different home us move try kind hand picture again change off play spell air away animal house point "
    "tokenizer language model internationalization quantization StableLM Zephyr tiny capital Peru Lima synonyms "
    "Don't won't we'll they're I'm you'd she's it's could've O'Brien rock'n'roll 'tis DON'T WE'LL THEY'RE I'M YOU'D IT'S"
).split()
CODE = [
    "def f(x):\n    return x ** 2 + 1\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n", "let x = y ?? z // note\n",
    "#include <stdio.h>\r\nint main(void) { return 0; }\r\n", "SELECT * FROM t WHERE a >= 10 AND b != 'x';", "<a href=\"#\">",
    "if a and not b:\n        pass\n\n\n", "{\"key\": [1, 2.5e-3, null, true]}", "$ grep -rn 'foo' ./src | wc -l\n",
    "\\frac{a}{b} \\alpha_{i,j}^2", "https://example.org/a/b?c=d&e=%20f#g", "x=0xDEADBEEF;y=1_000_000;z=3.14159\n",
]
SCRIPTS = [
    "語言模型是一種統計模型", "日本語のテキスト、カタカナとひらがな。", "한국어 문장입니다 각각", "اللغة العربية جميلة، أليس كذلك؟",
    "ภาษาไทยเขียนติดกันไม่มีช่องว่าง", "हिन्दी में लिखा हुआ पाठ", "עברית עם נִקּוּד", "Ελληνικά κείμενο", "Русский текст ещё",
    "Tiếng Việt có dấu", "ქართული ენა", "አማርኛ ጽሑፍ", "தமிழ் உரை", "Türkçe İıŞş", "naïve café Ångström ﬁn ﬀ ß ẞ", "’curly’ “quotes” — dash…",
    "１２３ ٤٥٦ ७८९ Ⅷ ½ ² ₃ 〇 ㊈ 万", "𝒜𝓁𝑔𝑒𝒷𝓇𝒶 𝟘𝟙𝟚", "𐍈𐌰𐌿 𓀀𓂀 𞤀𞤣𞤤𞤢𞤥", "Ǆ ǅ ŉ ſ ’s 'ſ 'S",
]
EMOJI = ["👩‍👩‍👧‍👦", "👍🏽", "🇵🇪🇩🇪", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "😀", "🧑🏿‍🚀", "1️⃣", "☺︎", "\U0001fae0"]
COMBINING = [
    "e\u0301", "a\u0308\u0304", "o\u0302\u0323", "\u1100\u1161\u11a8", "q\u0307\u0323", "\u212b", "\u2126", "\u0958",
    "\ufb2c", "\u0344", "A\u030a", "\u0ddc", "\u0dd9\u0dcf", "\u1e9b\u0323", "\u0301x", "\u05b0\u05bc\u05d1", "\uac00\u11a8",
    "\u3099か", "か\u3099", "\U0001d15e", "\U000110a5\U000110ba", "\u0f73", "\u0fb2\u0f71\u0f80", "\u0340", "n\u0303\u0323\u0331",
]
SPECIAL = [
    "<|endoftext|>", "<|padding|>", "<|user|>", "<|assistant|>", "<|system|>", "<|im_start|>", "<|im_end|>", "</s>", "<s>", "<unk>",
    "<|endoftext", "|endoftext|>", "<|fim_prefix|>", "<|extra0|>", "<0x0A>", "[PAD50277]", "<|begin_of_text|>", "<mask>", "<sep>",
    "[WORD]", "café!", "cafe\u0301!", "<|endoftext|><|endoftext|>", "<<|endoftext|>>",
]
SPACES = [
    " ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n", " \n", "\n ", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", "\u200b", "\ufeff",
    "\x0b", "\x0c", "\u1680", "\u202f", "\u180e", "\u2581", " \u2581", "\t\t\n  ",
]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["...", "--", "->", "!=", "''", "'", "’", "、", "。", "¿", "«»", "=====", "/*"]
CONTROL = ["\x00", "\x01", "\x07", "\x1b[0m", "\x7f", "\x80", "\x9f", "\ufffd", "\ufffe", "\U0010ffff", "\ue000", "\u00ad"]


def texts():
    rng = random.Random(20231207)
    assigned = [(0x20, 0x2FF), (0x300, 0x36F), (0x370, 0x1FFF), (0x2000, 0x2BFF), (0x2C00, 0xD7A3), (0xE000, 0xFFFD)] + [
        (plane << 16, (plane << 16) + extent)
        for plane, extent in [(1, 0xFBF9), (2, 0xFA1D), (3, 0x23AF), (14, 0x1EF), (15, 0xFFFD), (16, 0xFFFD)]
    ]

    def character():
        low, high = rng.choice(assigned)
        return chr(rng.randint(low, high))

    def prose():
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 12))]
        words = [w.capitalize() if rng.random() < 0.1 else w for w in words]
        return " ".join(words) + rng.choice([".", ",", "!", "?", "", "\n", ";"])

    def number():
        return rng.choice(["", " ", "-", "$"]) + str(rng.randint(0, 10 ** rng.randint(1, 9))) + rng.choice(["", "%", ".5", "th"])

    def piece():
        kind = rng.randrange(14)
        if kind < 3:
            return prose()
        if kind == 3:
            return rng.choice(CODE)
        if kind == 4:
            script = rng.choice(SCRIPTS)
            start = rng.randrange(len(script))
            return script[start : start + rng.randint(1, 12)]
        if kind == 5:
            return rng.choice(EMOJI)
        if kind == 6:
            return rng.choice(COMBINING)
        if kind == 7:
            return rng.choice(SPECIAL)
        if kind == 8:
            return rng.choice(SPACES) * rng.choice([1, 1, 1, 2, 3, 5, 30])
        if kind == 9:
            return rng.choice(PUNCTUATION) * rng.choice([1, 1, 1, 2, 4])
        if kind == 10:
            return rng.choice(CONTROL)
        if kind == 11:
            return number()
        if kind == 12:
            return "".join(character() for _ in range(rng.randint(1, 6)))
        return rng.choice("'’ \n") + rng.choice(["s", "S", "t", "re", "VE", "ll", "Ll", "d", "m", "ſ", "sa", "x", ""])

    result = [""] + SCRIPTS + EMOJI + COMBINING + SPECIAL + SPACES + PUNCTUATION + CONTROL + CODE
    result += [" " * n for n in range(2, 40)] + ["x" + " " * n + "y" for n in range(1, 40)] + ["\n" * n + "z" for n in range(1, 9)]
    result += ["a" * 300, "ab" * 200, "\u3042" * 120, "'" * 50, "1234567890" * 12, "e\u0301" * 60, "a" + "\u0316\u0301" * 40]
    while len(result) < COUNT:
        result.append("".join(piece() for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5, 8]))))
    return result


# --- Vocabularies ----------------------------------------------------------------------------------------------------


def byte_level(texts, pre_tokenizer, normalizer=None, size=1100, added=(), post=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, special_tokens=["<|endoftext|>"]
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([token for token in added if not token.special])
    tokenizer.add_special_tokens([token for token in added if token.special])
    if post:
        tokenizer.post_processor = post(tokenizer)
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def llama_style(texts, metaspace=None, size=1500, added=()):
    """Characters, byte fallback and marks for spaces, as Llama's and Mistral's tokenizer.json have them."""
    alphabet = ["\u2581"] + sorted({c for text in texts[:600] for c in text if ord(c) < 0x2200} - {" ", "\n"})[:300]
    trainable = [text.replace(" ", "\u2581") for text in texts[600:3600] if "<" not in text]
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(
        trainable,
        trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=alphabet, limit_alphabet=len(alphabet), show_progress=False, special_tokens=special
        ),
    )
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    if metaspace:
        data["normalizer"] = None
        data["pre_tokenizer"] = metaspace
    else:
        data["normalizer"] = {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "\u2581"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
            ],
        }
        data["pre_tokenizer"] = None
    data["decoder"] = {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    }
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_tokens(list(added))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return tokenizer


def sentence_piece(texts, size, **options):
    known = ["".join(c for c in text if 0x20 <= ord(c) < 0x500) for text in texts[:3000]]
    known = [text for text in known if text.strip()]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(known), model_writer=model, model_type="bpe",
        vocab_size=size, normalization_rule_name="identity", character_coverage=0.99, minloglevel=2, num_threads=1, **options
    )
    return model.getvalue()


# --- Writing ---------------------------------------------------------------------------------------------------------


def code(ids):
    """FNV-1a of the numbers, four bytes each, folded to 32 bits."""
    state = 0xCBF29CE484222325
    for number in ids:
        for byte in struct.pack("<I", number):
            state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state >> 32 ^ state & 0xFFFFFFFF


def code_bytes(data):
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state >> 32 ^ state & 0xFFFFFFFF


RANGES = [
    (0x41, 0x5A), (0xC0, 0x17F), (0x300, 0x36F), (0x591, 0x5EA), (0x900, 0xDFF), (0xF40, 0xFBC), (0x1100, 0x11C2), (0x1DC0, 0x2000),
    (0x3041, 0x30FF), (0xAC00, 0xD7A3), (0xF900, 0xFB4F), (0x11080, 0x114C3), (0x1D157, 0x1D1C0), (0x2F800, 0x2FA1D),
]


def nfc():
    normalize = normalizers.NFC().normalize_str
    codes = []
    for start in range(0, 0x110000, 4096):
        characters = [chr(c) for c in range(start, start + 4096) if not 0xD800 <= c < 0xE000]
        text = "\n".join(f"{c}\n{c}\u0301\nq\u0315{c}\u0316\n\u0061{c}\n\uac00{c}\u0334" for c in characters)
        codes.append(code_bytes(normalize(text).encode()))
    state = 1

    def draw(limit):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (state >> 33) % limit

    for _ in range(64):
        lines = []
        for _ in range(1000):
            picks = [RANGES[draw(len(RANGES))] for _ in range(5)]
            lines.append("".join(chr(low + draw(high - low + 1)) for low, high in picks))
        codes.append(code_bytes(normalize("\n".join(lines)).encode()))
    (OUT / "nfc.bin").write_bytes(b"".join(struct.pack("<I", c) for c in codes))


samples = {}


def write(name, all_ids, strings):
    (OUT / f"{name}.ids").write_bytes(b"".join(struct.pack("<I", code(ids)) for ids in all_ids))
    samples[name] = {strings[i]: all_ids[i] for i in (40, 300, 301, 302, 303)}
    print(name, sum(map(len, all_ids)))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    strings = texts()
    packed = bytearray()
    for text in strings:
        data = text.encode()
        length = len(data)
        while length >= 0x80:
            packed.append(length & 0x7F | 0x80)
            length >>= 7
        packed.append(length)
        packed += data
    (OUT / "strings.bin").write_bytes(packed)
    print(len(strings), len(packed))

    added = [
        AddedToken("<|padding|>", special=True, normalized=False),
        AddedToken("<|user|>", special=True, normalized=False, lstrip=True, rstrip=True),
        AddedToken("<mask>", special=True, normalized=False, lstrip=True),
        AddedToken("[WORD]", normalized=False, single_word=True),
        AddedToken("word", normalized=True, single_word=True),
        AddedToken("cafe\u0301!", normalized=True),
        AddedToken("<sep>", normalized=True, rstrip=True),
    ] + [AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)]
    small = {
        "gpt2": byte_level(strings, pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "prefix-space": byte_level(strings[::2], pre_tokenizers.ByteLevel(add_prefix_space=True), added=added[:3]),
        "neox": byte_level(strings, pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC(), added=added),
        "arcade": byte_level(strings, split(FOLDED + ONE_DIGIT), normalizers.NFC(), added=added[:2]),
        "qwen": byte_level(strings, split(SPELLED + ONE_DIGIT), normalizers.NFC()),
        "llama3": byte_level(
            strings, split(FOLDED + THREE_DIGITS), ignore_merges=True, added=[AddedToken("<|begin_of_text|>", special=True)],
            post=lambda t: processors.Sequence(
                [
                    processors.ByteLevel(trim_offsets=False),
                    processors.TemplateProcessing(
                        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", t.token_to_id("<|begin_of_text|>"))]
                    ),
                ]
            ),
        ),
        "digits": byte_level(
            strings, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        ),
        "llama": llama_style(strings, added=[AddedToken("<sep>", normalized=False), AddedToken("word", normalized=True)]),
        "metaspace-first": llama_style(
            strings, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False},
            added=[AddedToken("<sep>", normalized=False)],
        ),
        "metaspace-always": llama_style(
            strings, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        ),
    }
    for name, tokenizer in small.items():
        text = tokenizer.to_str()
        (OUT / f"{name}.json").write_text(json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")))
        write(name, [encoding.ids for encoding in tokenizer.encode_batch(strings)], strings)
    plain = Tokenizer.from_str(small["neox"].to_str())
    plain.encode_special_tokens = True
    write("neox-plain", [encoding.ids for encoding in plain.encode_batch(strings)], strings)

    for name, size, options in [
        ("spm-bytes", 1200, dict(byte_fallback=True, remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True)),
        ("spm-unknown", 900, dict(byte_fallback=False, remove_extra_whitespaces=True, user_defined_symbols=["<sep>", "[WORD]"])),
        ("spm-joined", 1000, dict(byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False, split_by_whitespace=False,
                                  split_by_number=False, split_by_unicode_script=False)),
    ]:
        model = sentence_piece(strings, size, **options)
        proto = sentencepiece_model_pb2.ModelProto.FromString(model)
        proto.trainer_spec.ClearField("input")
        model = proto.SerializeToString(deterministic=True)
        (OUT / f"{name}.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        write(name, [processor.encode(text) for text in strings], strings)

    nfc()
    if VOCABULARIES.is_dir():
        real(strings)
    (OUT / "samples.json").write_text(json.dumps(samples, ensure_ascii=True, indent=1) + "\n")


def real(strings):
    data = json.loads((VOCABULARIES / "gpt-neox-tokenizer.json").read_text())
    write("real-gpt-neox", [e.ids for e in Tokenizer.from_str(json.dumps(data)).encode_batch(strings)], strings)
    # StableLM 3B has the vocabulary without the four tokens that this copy of the file has on top.
    data["added_tokens"] = [token for token in data["added_tokens"] if token["id"] < 50277]
    write("real-stablelm-3b", [e.ids for e in Tokenizer.from_str(json.dumps(data)).encode_batch(strings)], strings)
    arcade = Tokenizer.from_file(str(VOCABULARIES / "arcade100k-tokenizer.json"))
    write("real-arcade100k", [e.ids for e in arcade.encode_batch(strings)], strings)
    processor = llama()
    write("real-llama-spm", [processor.encode(text) for text in strings], strings)


def llama():
    """A SentencePiece model of the pieces, scores and types in the GGUF file."""
    import gguf

    fields = gguf.GGUFReader(VOCABULARIES / "llama-spm.vocab.gguf").fields
    pieces, scores, types = ([field.parts[i] for i in field.data] for field in map(fields.get, KEYS))
    proto = sentencepiece_model_pb2.ModelProto()
    for piece, score, type in zip(pieces, scores, types):
        proto.pieces.add(piece=bytes(piece).decode(), score=float(score[0]), type=int(type[0]))
    proto.trainer_spec.model_type = sentencepiece_model_pb2.TrainerSpec.BPE
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.vocab_size = len(pieces)
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.remove_extra_whitespaces = False
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


main()
