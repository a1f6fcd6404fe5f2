/// A message as rows of a terminal, wide characters never cut in half.
struct LineLayout: Equatable {
    /// The rows, prompt included.
    private(set) var rows: [String] = [""]
    /// Where the cursor stands.
    private(set) var cursorRow = 0
    private(set) var cursorColumn = 0

    /// Lays out `characters` after `prompt`.
    /// - Parameters:
    ///   - prompt: What stands before the first line, without escape sequences.
    ///   - continuation: What stands before each further line.
    ///   - cursor: Characters before the cursor.
    ///   - columns: Width of the terminal.
    init(prompt: String, continuation: String, characters: [Character], cursor: Int, columns: Int) {
        let columns = max(columns, 4)
        var column = 0

        func place(_ rows: inout [String], _ text: String, _ width: Int) {
            if column + width > columns {
                rows.append("")
                column = 0
            }
            rows[rows.count - 1] += text
            column += width
        }

        for character in prompt { place(&rows, String(character), DisplayWidth.columns(character)) }
        for index in 0...characters.count {
            let character = index < characters.count ? characters[index] : nil
            let shown = character.map { Self.shown($0, column: column) } ?? ""
            let width = DisplayWidth.columns(shown)
            if index == cursor {
                // At the right edge the cursor goes where the next character will stand.
                if column >= columns || (character != "\n" && column + width > columns) {
                    rows.append("")
                    column = 0
                }
                (cursorRow, cursorColumn) = (rows.count - 1, column)
            }
            if character == "\n" {
                rows.append("")
                column = 0
                for part in continuation { place(&rows, String(part), DisplayWidth.columns(part)) }
            } else if character != nil {
                place(&rows, shown, width)
            }
        }
    }

    /// A character as it can be shown: tabs as spaces, control characters as `^X`.
    private static func shown(_ character: Character, column: Int) -> String {
        if character == "\t" { return String(repeating: " ", count: 8 - column % 8) }
        guard let scalar = character.unicodeScalars.first, scalar.value < 0x20, character != "\n" else {
            return character == "\n" ? "" : String(character)
        }
        return "^" + String(Character(Unicode.Scalar(UInt8(scalar.value) | 0x40)))
    }
}
