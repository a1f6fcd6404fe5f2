/// Draws a message being typed, over and over in the same place.
struct LineRenderer {
    /// The row of the last drawing in which the cursor was left.
    private var cursorRow = 0
    /// Rows of the last drawing.
    private var rowCount = 1

    /// Escape sequences that replace the last drawing by `layout`, cut to `height` rows around the cursor.
    /// - Parameter promptStyle: Turns the prompt at the start of the first row into its styled form.
    mutating func draw(_ layout: LineLayout, height: Int, promptStyle: (String) -> String = { $0 }) -> String {
        let height = max(height, 1)
        let first = max(0, min(layout.cursorRow - height + 1, layout.rows.count - height))
        let top = min(max(first, 0), layout.cursorRow)
        let shown = layout.rows[top..<min(top + height, layout.rows.count)]
        var output = goToTop() + "\u{1B}[J"
        output += shown.enumerated().map { $0.offset == 0 && top == 0 ? promptStyle($0.element) : $0.element }
            .joined(separator: "\r\n")
        rowCount = shown.count
        cursorRow = layout.cursorRow - top
        let up = rowCount - 1 - cursorRow
        if up > 0 { output += "\u{1B}[\(up)A" }
        output += "\r"
        if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
        return output
    }

    /// Leaves the drawing on the screen and goes to the line below.
    mutating func finish() -> String {
        let down = rowCount - 1 - cursorRow
        self = LineRenderer()
        return (down > 0 ? "\u{1B}[\(down)B" : "") + "\r\n"
    }

    /// Forgets the drawing: the screen was cleared or written over.
    mutating func forget() { self = LineRenderer() }

    private func goToTop() -> String { (cursorRow > 0 ? "\u{1B}[\(cursorRow)A" : "") + "\r" }
}
