/// Lines and words around the cursor.
extension LineEditor {
    /// First place of the cursor's line.
    var lineStart: Int { (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1 }

    /// Last place of the cursor's line.
    var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

    /// Start of the word at or before the cursor.
    var wordStart: Int {
        var position = cursor
        while position > 0, !Self.isWord(characters[position - 1]) { position -= 1 }
        while position > 0, Self.isWord(characters[position - 1]) { position -= 1 }
        return position
    }

    /// End of the word at or after the cursor.
    var wordEnd: Int {
        var position = cursor
        while position < characters.count, !Self.isWord(characters[position]) { position += 1 }
        while position < characters.count, Self.isWord(characters[position]) { position += 1 }
        return position
    }

    /// Start of the run of non-blanks before the cursor, which Ctrl-W takes.
    var blankSeparatedWordStart: Int {
        var position = cursor
        while position > 0, characters[position - 1].isWhitespace { position -= 1 }
        while position > 0, !characters[position - 1].isWhitespace { position -= 1 }
        return position
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    /// The line above, in the same column; on the first line the older entry of the history.
    mutating func moveUp() -> Outcome {
        let start = lineStart
        guard start > 0 else { return older(by: 1) }
        let column = cursor - start
        let above = (characters[..<(start - 1)].lastIndex(of: "\n") ?? -1) + 1
        return move(to: min(above + column, start - 1))
    }

    /// The line below, in the same column; on the last line the newer entry of the history.
    mutating func moveDown() -> Outcome {
        let end = lineEnd
        guard end < characters.count else { return older(by: -1) }
        let column = cursor - lineStart
        let nextEnd = characters[(end + 1)...].firstIndex(of: "\n") ?? characters.count
        return move(to: min(end + 1 + column, nextEnd))
    }
}
