import ModelFiles
import TestSupport
import Testing

@testable import Tokenization

/// Token numbers back to text, at once and as they come.
@Suite struct DecodingTests {
    private func load(_ name: String) throws -> Tokenizer {
        name.hasPrefix("spm")
            ? try Tokenizer.load(sentencePiece: Golden.bytes("tokenization/\(name).model"))
            : try Tokenizer.load(tokenizerJSON: Golden.bytes("tokenization/\(name).json"))
    }

    /// decode(encode(x)) is x, in normal form where the tokenizer normalizes.
    @Test(arguments: ["gpt2", "arcade", "qwen", "llama3", "digits", "llama", "spm-bytes", "spm-joined"])
    func roundTrip(_ name: String) throws {
        let tokenizer = try load(name)
        for text in GoldenTexts.all {
            var expected = text
            if tokenizer.encoder.composes { expected = CanonicalComposition.shared.normalize(text.span, 0, text.count) }
            // SentencePiece cannot tell U+2581 from a space.
            if tokenizer.kind == .sentencePiece { expected = Spacing.unmarked(text) }
            let ids = tokenizer.encode(utf8: text, addSpecialTokens: true, parseSpecialTokens: false)
            let decoded = tokenizer.decode(ids, skipSpecialTokens: true)
            // Added text tokens are matched even as plain text, and begin a new stretch with its own space.
            if tokenizer.kind == .sentencePiece, ids.contains(where: { tokenizer.type(of: $0) == .userDefined }) {
                continue
            }
            #expect(Array(decoded.utf8) == expected)
        }
    }

    @Test(arguments: ["gpt2", "neox", "llama", "spm-bytes", "spm-unknown", "metaspace-first"])
    func streamIsTheWhole(_ name: String) throws {
        let tokenizer = try load(name)
        var random = SystemRandomNumberGenerator()
        var sequences = GoldenTexts.all.prefix(1500).map { tokenizer.encode(utf8: $0, addSpecialTokens: true) }
        for _ in 0..<1500 {
            sequences.append(
                (0..<8).map { _ in TokenID.random(in: -1...TokenID(tokenizer.vocabularySize), using: &random) })
        }
        for ids in sequences {
            for skip in [false, true] {
                var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: skip)
                let deltas = ids.map { decoder.append($0) } + [decoder.finish()]
                let whole = tokenizer.decode(ids, skipSpecialTokens: skip)
                #expect(Array(deltas.joined().utf8) == Array(whole.utf8))
                for delta in deltas.dropLast() where delta.unicodeScalars.contains("\u{FFFD}") {
                    #expect(whole.unicodeScalars.contains("\u{FFFD}"))
                }
            }
        }
    }

    @Test func halfACharacterWaits() throws {
        let tokenizer = try load("gpt2")
        let bytes = Array("é👍".utf8).map { tokenizer.encoder.words.byteTokens[Int($0)] }
        var decoder = StreamingDecoder(tokenizer)
        #expect(bytes.map { decoder.append($0) } == ["", "é", "", "", "", "👍"])
        #expect(decoder.append(bytes[0]).isEmpty)
        #expect(decoder.finish() == "\u{FFFD}")
    }

    /// As Python's `bytes.decode(errors="replace")`: one mark for each maximal part of a character.
    @Test(
        arguments: [
            ([0x61, 0xC3, 0x62], "a\u{FFFD}b"), ([0xF0, 0x9F, 0x91, 0x41], "\u{FFFD}A"),
            ([0xE2, 0x82, 0xE2, 0x82, 0xAC], "\u{FFFD}€"),
            ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xFF, 0xFE], "\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xE0, 0x80, 0x61], "\u{FFFD}\u{FFFD}a"),
            ([0xF0, 0x9F], "\u{FFFD}"),
        ] as [([UInt8], String)])
    func replacement(_ bytes: [UInt8], _ expected: String) {
        var replacement = UTF8Replacement()
        var output: [UInt8] = []
        for byte in bytes { replacement.append([byte], to: &output) }
        replacement.finish(to: &output)
        #expect(output == Array(expected.utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func leadingSpace() throws {
        let tokenizer = try load("llama")
        let ids = tokenizer.encode("a b", addSpecialTokens: true)
        #expect(tokenizer.decode(ids) == "<s>a b")
        #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "a b")
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true, continuing: true)
        #expect(ids.map { decoder.append($0) }.joined() == " a b")
    }

    @Test func invalidInputBytes() throws {
        let tokenizer = try load("gpt2")
        #expect(tokenizer.decode(tokenizer.encode(utf8: [0x61, 0xFF, 0xC3])) == "a\u{FFFD}\u{FFFD}")
    }
}
