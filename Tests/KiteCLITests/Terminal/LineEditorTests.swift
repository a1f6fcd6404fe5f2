import Testing

@testable import KiteCLI

@Suite struct LineEditorTests {
    /// Feeds keys as bytes; `^X` stands for Ctrl-X and `⎋` for Escape.
    @discardableResult
    private func type(_ text: String, into editor: inout LineEditor) -> LineEditor.Outcome {
        var decoder = KeyDecoder()
        var outcome = LineEditor.Outcome.ignored
        var bytes: [UInt8] = []
        var isControl = false
        for scalar in text.unicodeScalars {
            if isControl {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value) & 0x1F)
                isControl = false
            } else if scalar == "^" {
                isControl = true
            } else {
                bytes += Array((scalar == "⎋" ? "\u{1B}" : String(scalar)).utf8)
            }
        }
        for key in decoder.feed(bytes) { outcome = editor.handle(key) }
        return outcome
    }

    @Test(
        arguments: [
            ("hello", "hello", 5), ("hello^a", "hello", 0), ("hello^a^e!", "hello!", 6), ("hello^b^bX", "helXlo", 4),
            ("hello\u{7F}", "hell", 4), ("hello^a^d", "ello", 0), ("one two^w", "one ", 4), ("one two  ^w", "one ", 4),
            ("one two^a^k", "", 0), ("one two^u", "", 0), ("one two^w^y^y", "one twotwo", 10), ("ab^t", "ba", 2),
            ("one two⎋b⎋bX", "Xone two", 1), ("one two^a⎋fX", "oneX two", 4), ("one two⎋\u{7F}", "one ", 4),
            ("one two^a⎋d", " two", 0), ("日本⎋[D語", "日語本", 2), ("e\u{301}\u{7F}", "", 0),
            ("👨‍👩‍👧x\u{7F}\u{7F}", "", 0), ("a⎋[200~b\nc⎋[201~", "ab\nc", 4), ("x\\\ry", "x\ny", 3),
            ("\"\"\"a\rb", "\"\"\"a\nb", 6), ("a⎋\rb", "a\nb", 3),
            ("ab⎋\rcd⎋[Ax", "abx\ncd", 3), ("abc⎋\rd⎋[A⎋[Hx", "xabc\nd", 1), ("a⎋\rbc⎋[A⎋[B!", "a\nb!c", 4),
        ] as [(String, String, Int)])
    func edits(_ keys: String, _ text: String, _ cursor: Int) {
        var editor = LineEditor()
        type(keys, into: &editor)
        #expect(editor.text == text)
        #expect(editor.cursor == cursor)
    }

    @Test(
        arguments: [
            ("hello\r", .submit("hello")), ("\r", .submit("")), ("\"\"\"a\rb\"\"\"\r", .submit("\"\"\"a\nb\"\"\"")),
            ("^d", .endOfInput),
            ("a^c", .interrupt), ("^z", .suspend), ("^l", .clearScreen), ("a^e", .ignored), ("^b", .ignored),
            ("c:\\\\\r", .submit("c:\\\\")),
        ] as [(String, LineEditor.Outcome)])
    func ends(_ keys: String, _ outcome: LineEditor.Outcome) {
        var editor = LineEditor()
        #expect(type(keys, into: &editor) == outcome)
    }

    @Test func walksThroughHistoryAndKeepsTheDraft() {
        var editor = LineEditor(history: ["first", "second"])
        type("draft⎋[A", into: &editor)
        #expect(editor.text == "second")
        type("⎋[A", into: &editor)
        #expect(editor.text == "first")
        #expect(type("⎋[A", into: &editor) == .ignored)
        type("⎋[B⎋[B", into: &editor)
        #expect(editor.text == "draft")
        #expect(type("^n", into: &editor) == .ignored)
        type("^p^p", into: &editor)
        #expect(editor.text == "first")
    }

    @Test func searchesBackwards() {
        var editor = LineEditor(history: ["capital of Peru", "tiny words", "capital of Chile"])
        type("^rcapital", into: &editor)
        #expect(editor.searchResult == "capital of Chile")
        type("^r", into: &editor)
        #expect(editor.searchResult == "capital of Peru")
        #expect(type("\r", into: &editor) == .submit("capital of Peru"))

        var other = LineEditor(history: ["one"])
        type("x^rone^g", into: &other)
        #expect(other.text == "x")
        #expect(other.search == nil)
    }

    @Test func completesCommands() {
        var editor = LineEditor(completions: SlashCommand.completions)
        type("/he\t", into: &editor)
        #expect(editor.text == "/help")
        editor = LineEditor(completions: SlashCommand.completions)
        type("/sy\t", into: &editor)
        #expect(editor.text == "/system ")
        editor = LineEditor(completions: SlashCommand.completions)
        #expect(type("/s\t", into: &editor) == .suggestions(["/system ", "/save ", "/stats"]))
        editor = LineEditor(completions: SlashCommand.completions)
        #expect(type("hello\t", into: &editor) == .ignored)
    }

    @Test func anyKeysAtAllKeepTheCursorInside() {
        var state: UInt32 = 1
        var editor = LineEditor(history: ["日本", "a\nb", ""], completions: SlashCommand.completions)
        var decoder = KeyDecoder()
        for _ in 0..<20_000 {
            state = state &* 1_664_525 &+ 1_013_904_223
            let bytes: [UInt8] = state % 5 == 0 ? Array("⎋[A".utf8) : [UInt8(truncatingIfNeeded: state >> 24)]
            for key in decoder.feed(bytes) {
                _ = editor.handle(key)
                #expect((0...editor.characters.count).contains(editor.cursor))
            }
            if editor.characters.count > 200 { editor.replace(with: "") }
        }
    }
}
