"""Writes Sources/Tokenization/Unicode/UnicodeData.swift.

Letters, numbers, white space and word characters are what the `tokenizers` package takes them for (asked, code point by
code point, so that the tables have its Unicode version). Canonical composition comes from Python's unicodedata, less
what `tokenizers.normalizers.NFC` does not know: it goes by Unicode 9, where some younger marks are not yet marks.

    python scripts/golden/tokenization_unicode.py
"""

import base64
import pathlib
import random
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

OUT = pathlib.Path(__file__).parents[2] / "Sources/Tokenization/Unicode/UnicodeData.swift"
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matching(pattern):
    """Code points that `pattern` matches in the regular expressions of `tokenizers`."""
    found = set()
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    for base in range(0, 0x110000, 256):
        if 0xD800 <= base < 0xE000:
            continue
        rest = set()
        for piece, _ in split.pre_tokenize_str("".join(map(chr, range(base, base + 256)))):
            rest |= set(map(ord, piece))
        found |= set(range(base, base + 256)) - rest
    return found


def word_characters():
    """Code points that keep a `single_word` added token from matching beside them."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("wwwwww", single_word=True, normalized=False)])
    token = tokenizer.token_to_id("wwwwww")
    return {c for c in ALL if token not in tokenizer.encode(chr(c) + "wwwwww").ids}


def varint(number, out):
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def decomposition(c):
    text = unicodedata.decomposition(chr(c))
    return [] if not text or text.startswith("<") else [int(part, 16) for part in text.split()]


def main():
    nfc = normalizers.NFC()
    for c in ALL:
        assert nfc.normalize_str(chr(c)) == unicodedata.normalize("NFC", chr(c)), hex(c)
    letters, numbers, spaces, words = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s"), word_characters()

    def combining(c):
        """The canonical combining class in the eyes of `tokenizers`: 0 for marks that it does not reorder."""
        value = unicodedata.combining(chr(c))
        probes = ["q\u0315" + chr(c), "q" + chr(c) + "\u0334"]
        return value if any(nfc.normalize_str(text) != text for text in probes) else 0

    combining_class = {c: combining(c) for c in ALL if unicodedata.combining(chr(c))}
    ignored = {c for c, value in combining_class.items() if not value}

    pairs = {}
    table = bytearray()
    last = 0
    for c in ALL:
        parts = decomposition(c)
        if not parts:
            continue
        composes = len(parts) == 2 and unicodedata.normalize("NFC", "".join(map(chr, parts))) == chr(c)
        if composes:
            if nfc.normalize_str("".join(map(chr, parts))) != chr(c):
                ignored.add(c)
                ignored.add(parts[1])
                continue
            pairs[tuple(parts)] = c
        varint((c - last) << 1 | composes, table)
        varint(parts[0], table)
        varint(parts[1] if len(parts) == 2 else 0, table)
        last = c
    seconds = {b for _, b in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    relevant = {
        c
        for c in ALL
        if combining_class.get(c) or c in seconds or unicodedata.normalize("NFC", chr(c)) != chr(c)
    }

    rng = random.Random(1)
    pool = sorted(relevant) + [a for a, _ in pairs] + [c for c in ALL if decomposition(c)]
    pool = [c for c in pool if c not in ignored]
    for _ in range(200_000):
        text = "".join(chr(rng.choice(pool)) for _ in range(rng.randint(2, 6)))
        assert nfc.normalize_str(text) == unicodedata.normalize("NFC", text), ascii(text)

    def properties(c):
        kind = 1 if c in letters else 2 if c in numbers else 3 if c in spaces else 0
        return kind | (c in relevant) << 2 | (c in words) << 3

    runs = bytearray()
    start, current = 0, properties(0)
    for c in range(1, 0x110001):
        value = -1 if c == 0x110000 else properties(c)
        if value != current:
            varint(c - start, runs)
            runs.append(current)
            start, current = c, value

    classes = bytearray()
    last, c = 0, 0
    while c < 0x110000:
        value = combining_class.get(c, 0)
        if value:
            end = c
            while combining_class.get(end, 0) == value:
                end += 1
            varint(c - last, classes)
            varint(end - c, classes)
            varint(value, classes)
            last = c = end
        else:
            c += 1

    def literal(name, doc, data):
        text = base64.b64encode(bytes(data)).decode()
        lines = [text[i : i + 108] for i in range(0, len(text), 108)]
        body = "\\\n        ".join(lines)
        return f'    /// {doc}\n    static let {name}: StaticString = """\n        {body}\n        """\n'

    OUT.write_text(
        "// Generated by scripts/golden/tokenization_unicode.py; not to be edited.\n\n"
        "/// Character data as the `tokenizers` package has it.\n"
        "///\n/// Base64 of variable-length numbers, seven bits a byte, low bits first.\n"
        "enum UnicodeData {\n"
        + literal("properties", "Runs from U+0000 on: length; class 1 letter, 2 number, 3 space, + 4 if NFC must look, + 8 if in a word.", runs)
        + "\n"
        + literal("combiningClasses", "Runs: distance from the last run's end, length, canonical combining class.", classes)
        + "\n"
        + literal("decompositions", "Distance from the last one (x 2, + 1 if the pair composes again), first part, second part or 0.", table)
        + "}\n"
    )
    print(len(runs), len(classes), len(table), len(pairs), sorted(map(hex, ignored)))


main()
