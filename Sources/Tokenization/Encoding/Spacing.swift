/// How SentencePiece vocabularies treat spaces. Inside this module a space stays a space; files write U+2581 for it.
struct Spacing: Sendable, Equatable {
    /// When a space is put before text that does not begin a line of tokens by itself.
    enum Prefix: Sendable {
        case never
        /// Before every stretch of text between added tokens.
        case always
        /// The same, unless the stretch begins with a space.
        case unlessPresent
        /// Only at the very start.
        case first
        /// Only at the very start, unless there is a space.
        case firstUnlessPresent
    }

    /// When a space is put before.
    var prefix = Prefix.always
    /// Whether spaces are handled before added tokens that want normalized text are looked for.
    var isNormalization = true
    /// Whether every space begins a word of its own, so that runs of spaces never merge.
    var splitsEverySpace = false
    /// Whether spaces at either end go, and runs of spaces become one.
    var removesExtraSpaces = false

    /// The bytes of U+2581, the mark for a space.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// `text` from `start` to `end` with marks as spaces, extra spaces removed and the prefix added.
    func apply(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(end - start + 1)
        switch prefix {
        case .never: break
        case .always: output.append(0x20)
        case .first: if start == 0 { output.append(0x20) }
        case .unlessPresent: if !beginsWithSpace(text, start, end) { output.append(0x20) }
        case .firstUnlessPresent: if start == 0, !beginsWithSpace(text, start, end) { output.append(0x20) }
        }
        var index = start
        // Only spaces count as extra, not marks that were in the text.
        var followsSpace = removesExtraSpaces
        while index < end {
            let byte = text[index]
            if byte == 0x20 {
                if !followsSpace { output.append(byte) }
                followsSpace = removesExtraSpaces
                index += 1
                continue
            }
            followsSpace = false
            let isMark = byte == 0xE2 && Self.isMark(text, index, end)
            output.append(isMark ? 0x20 : byte)
            index += isMark ? 3 : 1
        }
        if removesExtraSpaces {
            while output.last == 0x20 { output.removeLast() }
        }
        return output
    }

    /// `bytes` with marks as spaces.
    static func unmarked(_ bytes: [UInt8]) -> [UInt8] {
        Spacing(prefix: .never).apply(bytes.span, 0, bytes.count)
    }

    static func isMark(_ text: Span<UInt8>, _ index: Int, _ end: Int) -> Bool {
        index + 2 < end && text[index] == 0xE2 && text[index + 1] == 0x96 && text[index + 2] == 0x81
    }

    private func beginsWithSpace(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        start < end && (text[start] == 0x20 || Self.isMark(text, start, end))
    }
}
