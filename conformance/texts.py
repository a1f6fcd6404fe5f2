"""Texts that tokenizers get wrong, made by a seeded generator."""

import random
import sys
import unicodedata

WORDS = (
    "the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but "
    "not what all were we when your can said there use an each which she do how their if will up other about out many "
    "don't it's we're I'll they've you'd HE'LL couldn't naïve café Zürich coöperate résumé Ångström"
).split()
CODE = [
    "for (int i = 0; i < n; i++) {{ sum += a[i] * {n}; }}\n", "def f{n}(x, *, y=None):\n    return x ** {n} if y else -x\n",
    "let {w} = try await model.respond(to: \"{w}\")\n", "\t\tif err != nil {{\n\t\t\treturn nil, err\n\t\t}}\n",
    "SELECT {w}, COUNT(*) FROM t{n} WHERE id != {n};\r\n", "<div class=\"{w}\">&nbsp;{n}</div>", "#include <{w}.h>\n#define X {n}u\n",
    "0x{n:08X} 1e-{n} {n}.{n} __{w}__ a->b::c<d>&&e||!f ?. ?? ... //* {w} */", "{{\"{w}\": [{n}, null, true, \"\\u00e9\\n\"]}}",
    "$ kite generate -m x.gguf -p '{w}' --temp 0.{n} | sed 's/{w}/{n}/g'\n", "        return self.{w}[{n}:-1]\n\n\n",
]
SCRIPTS = {
    "chinese": "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从知全点实",
    "japanese": "これはテストです。日本語のトークナイザーを確かめる、カタカナとひらがなと漢字。ゔゞヷｱｲｳﾊﾟ々〆〇",
    "korean": "한국어문장을시험합니다각하늘밝은별ㄱㄴㅏㅑ",
    "arabic": "السلام عليكم ورحمة الله وبركاته هٰذَا نَصٌّ عَرَبِيٌّ ٠١٢٣٤٥٦٧٨٩ لا ﷺ ـــ",
    "hebrew": "שָׁלוֹם עוֹלָם זהו טקסט בעברית ״ציטוט״",
    "thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำ น้ำ กำลัง เก็บ ๐๑๒๓๔๕๖๗๘๙",
    "devanagari": "हिन्दी में लिखा हुआ वाक्य क्षत्रिय ज्ञान श्री ०१२३ संस्कृतम्",
    "tamil": "தமிழ் எழுத்துக்கள் ஸ்ரீ க்ஷ",
    "cyrillic": "Съешь же ещё этих мягких французских булок, да выпей чаю. Ёжик й",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία ᾳ ᾷ ΐ",
    "vietnamese": "Tôi có thể ăn thủy tinh mà không hại gì. Nguyễn Ước ẵ ặ",
}
EMOJI = [
    "😀", "👍🏽", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇵🇪", "🇯🇵🇧🇷", "❤️", "☃︎", "1️⃣", "🫱🏿‍🫲🏻", "🧑🏾‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️", "🤷🏼‍♀️", "\u200d", "\ufe0f",
]
SPACES = [" ", "\t", "\n", "\r", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2028", "\u0085", "\x0b", "\x0c", "\ufeff"]
MARKS = ["\u0301", "\u0300", "\u0308", "\u0327", "\u0323", "\u0304", "\u0338", "\u0345", "\u093c", "\u0e34", "\u3099", "\u20d0", "\u1161"]
SPECIALS = [
    "<|endoftext|>", "<|padding|>", "<|user|>", "<|assistant|>", "<|system|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>",
    "<unk>", "[PAD50277]", "<0x0A>", "<|fim_prefix|>", "<|reg_extra|>", "<|extra0|>", "<|endoftext", "endoftext|>", "<||>",
    "[INST]", "<<SYS>>", "<|begin_of_text|>", "<|eot_id|>", "▁", "▁the",
]


def assigned() -> list[str]:
    """Every assigned character outside of surrogates and private use, so the planes are sampled as they are filled."""
    skip = {"Cn", "Cs", "Co"}
    return [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in skip]


def make(count: int, seed: int = 20231207, specials: bool = True) -> list[str]:
    """`count` texts; without `specials` none spells a special token out."""
    r = random.Random(seed)
    everything = assigned()

    def words(n):
        return "".join(r.choice(WORDS) + r.choice([" ", " ", " ", ", ", ". ", "  ", "\n", "-", "'"]) for _ in range(n))

    def code():
        return "".join(r.choice(CODE).format(n=r.randrange(100000), w=r.choice(WORDS)) for _ in range(r.randint(1, 4)))

    def script():
        letters = r.choice(list(SCRIPTS.values()))
        return "".join(r.choice(letters) for _ in range(r.randint(1, 40))) + r.choice(["", "。", "!", " ok", "123"])

    def emoji():
        return "".join(r.choice(EMOJI) + r.choice(["", " ", "a", "x ", "9"]) for _ in range(r.randint(1, 8)))

    def marks():
        return "".join(
            r.choice("aeiouyAEnsc가かがक ก") + "".join(r.choice(MARKS) for _ in range(r.randint(0, 4)))
            for _ in range(r.randint(1, 15))
        )

    def spaces():
        return "".join(
            r.choice(SPACES[:5] if r.random() < 0.7 else SPACES) * r.choice([1, 1, 2, 3, 5, 8, 16, 23, 24, 25, 40])
            + r.choice(["", "x", "word", "!", "7"])
            for _ in range(r.randint(1, 8))
        )

    def controls():
        return "".join(chr(r.choice([*range(0, 32), 127, *range(128, 160)])) + r.choice(["", "a", " "]) for _ in range(12))

    def planes():
        return "".join(r.choice(everything) for _ in range(r.randint(1, 24)))

    def numbers():
        return r.choice(["", " ", "$", "x="]) + "".join(r.choice("0123456789,.-:/ ²½٣") for _ in range(r.randint(1, 25)))

    def punctuation():
        return "".join(r.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…—«»'’“” \n") for _ in range(r.randint(1, 30)))

    def mixture():
        parts = r.sample([lambda: words(3), code, script, emoji, marks, spaces, numbers, punctuation], 3)
        return "".join(part() for part in parts)

    def special():
        return "".join(
            r.choice(SPECIALS) + r.choice(["", " ", "\n", "  ", "hello", " world", "é", "e\u0301"])
            for _ in range(r.randint(1, 5))
        )

    kinds = [
        lambda: words(r.randint(1, 30)), code, script, script, emoji, marks, spaces, controls, planes, planes, numbers,
        punctuation, mixture,
    ]
    if specials:
        kinds.append(special)
    out = ["", " ", "  ", "\n", "a", "'", "'s", "\u0301", "é", "e\u0301", "\U0010ffff", "\x00", "x" * 5000, " " * 3000]
    while len(out) < count:
        text = kinds[len(out) % len(kinds)]()
        if specials or not any(s in text for s in SPECIALS[:18]):
            out.append(text)
    return out
