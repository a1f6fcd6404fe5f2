import Testing

@testable import KiteCLI

@Suite struct KeyDecoderTests {
    @Test(
        arguments: [
            ("a", [.text("a")]), ("é", [.text("é")]), ("日", [.text("日")]), ("\r", [.enter]), ("\n", [.enter]),
            ("\t", [.tab]), ("\u{7F}", [.backspace]), ("\u{8}", [.backspace]), ("\u{1}", [.control("a")]),
            ("\u{1B}[A", [.up]), ("\u{1B}[B", [.down]), ("\u{1B}[C", [.right]), ("\u{1B}[D", [.left]),
            ("\u{1B}OA", [.up]),
            ("\u{1B}OH", [.home]), ("\u{1B}[H", [.home]), ("\u{1B}[F", [.end]), ("\u{1B}[1~", [.home]),
            ("\u{1B}[4~", [.end]), ("\u{1B}[3~", [.delete]), ("\u{1B}[1;5C", [.wordRight]),
            ("\u{1B}[1;5D", [.wordLeft]),
            ("\u{1B}[5~", [.unknown]), ("\u{1B}b", [.alt("b")]), ("\u{1B}\u{7F}", [.alt("\u{7F}")]),
            ("\u{1B}\r", [.lineBreak]), ("\u{1B}[13;2u", [.lineBreak]), ("\u{1B}\u{1B}[A", [.escape, .up]),
            ("\u{1B}[200~a\r\nb\u{1B}[201~c", [.paste("a\nb"), .text("c")]),
            ("\u{1B}[200~x\u{7}y\u{1B}[201~", [.paste("xy")]),
        ] as [(String, [Key])])
    func decodes(_ input: String, _ keys: [Key]) {
        var whole = KeyDecoder()
        #expect(whole.feed(input.utf8) == keys)
        #expect(!whole.isWaiting)
        // The same, byte by byte.
        var pieces = KeyDecoder()
        #expect(input.utf8.flatMap { pieces.feed([$0]) } == keys)
    }

    @Test func aLoneEscapeIsTheEscapeKey() {
        var decoder = KeyDecoder()
        #expect(decoder.feed([0x1B]).isEmpty)
        #expect(decoder.isWaiting)
        #expect(decoder.flush() == [.escape])
        #expect(decoder.feed("x".utf8) == [.text("x")])
    }

    @Test func bytesThatAreNoTextAreReplaced() {
        var decoder = KeyDecoder()
        #expect(decoder.feed([0xFF, 0x61]) == [.text("\u{FFFD}"), .text("a")])
        #expect(decoder.feed([0xE6, 0x61]) == [.text("\u{FFFD}"), .text("a")])
        #expect(decoder.feed([0xE6, 0x97]).isEmpty)
        #expect(decoder.flush() == [.text("\u{FFFD}")])
    }

    @Test func anEndlessSequenceIsGivenUp() {
        var decoder = KeyDecoder()
        #expect(decoder.feed(Array("\u{1B}[".utf8) + Array(repeating: 0x31, count: 100)) == [.unknown])
        #expect(decoder.feed("a".utf8) == [.text("a")])
    }

    @Test func anyBytesAtAllGiveKeys() {
        var state: UInt32 = 7
        var decoder = KeyDecoder()
        for _ in 0..<20_000 {
            state = state &* 1_664_525 &+ 1_013_904_223
            _ = decoder.feed([UInt8(truncatingIfNeeded: state >> 24)])
            if state % 97 == 0 { _ = decoder.flush() }
        }
    }
}
