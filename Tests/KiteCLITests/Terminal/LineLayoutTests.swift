import Testing

@testable import KiteCLI

@Suite struct LineLayoutTests {
    private func layout(_ text: String, cursor: Int? = nil, columns: Int = 10) -> LineLayout {
        let characters = Array(text)
        return LineLayout(
            prompt: "> ", continuation: "… ", characters: characters, cursor: cursor ?? characters.count,
            columns: columns)
    }

    @Test func aShortLineIsOneRow() {
        let layout = layout("abc", cursor: 1)
        #expect(layout.rows == ["> abc"])
        #expect((layout.cursorRow, layout.cursorColumn) == (0, 3))
    }

    @Test func longLinesWrap() {
        let layout = layout("abcdefghij")
        #expect(layout.rows == ["> abcdefgh", "ij"])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 2))
    }

    @Test func theCursorAtTheRightEdgeGoesToTheNextRow() {
        let layout = layout("abcdefgh")
        #expect(layout.rows == ["> abcdefgh", ""])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 0))
    }

    @Test func wideCharactersAreNotCut() {
        let layout = layout("abcdefg日")
        #expect(layout.rows == ["> abcdefg", "日"])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 2))
    }

    @Test func furtherLinesAreMarked() {
        let layout = layout("a\nbc", cursor: 2)
        #expect(layout.rows == ["> a", "… bc"])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 2))
    }

    @Test(arguments: [("日本", 4), ("e\u{301}", 1), ("👨‍👩‍👧", 2), ("🇵🇪", 2), ("❤️", 2), ("한", 2), ("ก็", 1), ("é", 1), ("ａ", 2)])
    func measuresColumns(_ text: String, _ columns: Int) {
        #expect(DisplayWidth.columns(text) == columns)
    }

    @Test func drawsOverTheLastDrawing() {
        var renderer = LineRenderer()
        let first = renderer.draw(layout("abcdefghij"), height: 24)
        #expect(first == "\r\u{1B}[J> abcdefgh\r\nij\r\u{1B}[2C")
        let second = renderer.draw(layout("abc", cursor: 0), height: 24)
        #expect(second == "\u{1B}[1A\r\u{1B}[J> abc\r\u{1B}[2C")
        #expect(renderer.finish() == "\r\n")
    }

    @Test func aTallMessageShowsTheRowsAroundTheCursor() {
        var renderer = LineRenderer()
        let text = (0..<20).map { "\($0)" }.joined(separator: "\n")
        let drawing = renderer.draw(layout(text), height: 3)
        #expect(drawing == "\r\u{1B}[J… 17\r\n… 18\r\n… 19\r\u{1B}[4C")
        let top = renderer.draw(layout(text, cursor: 0), height: 3)
        #expect(top.hasPrefix("\u{1B}[2A\r\u{1B}[J> 0\r\n… 1\r\n… 2\u{1B}[2A"))
    }
}
