/// Turns the bytes a terminal sends into keys. Bytes may come in any pieces.
struct KeyDecoder: Sendable {
    private var pending: [UInt8] = []
    private var pasted: [UInt8]?

    private static let pasteEnd = Array("\u{1B}[201~".utf8)
    /// Longest escape sequence that is waited for; what is longer is none.
    private static let longestSequence = 32

    /// Whether an escape sequence or a character has begun and is not complete.
    var isWaiting: Bool { !pending.isEmpty && pasted == nil }

    /// Takes bytes; returns the keys they complete.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let key = next() { keys.append(key) }
        return keys
    }

    /// Nothing more came for a while: a lone escape byte was the Escape key.
    mutating func flush() -> [Key] {
        guard isWaiting else { return [] }
        defer { pending = [] }
        if pending == [0x1B] { return [.escape] }
        return pending[0] == 0x1B ? [.unknown] : [.text("\u{FFFD}")]
    }

    private mutating func next() -> Key? {
        if pasted != nil { return nextOfPaste() }
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1B: return nextEscape()
        case 0x0D, 0x0A: return take(1, .enter)
        case 0x09: return take(1, .tab)
        case 0x08, 0x7F: return take(1, .backspace)
        case 0x00..<0x20: return take(1, .control(Self.letter(first)))
        case 0x20..<0x7F: return take(1, .text(String(Unicode.Scalar(first))))
        default: return nextScalar()
        }
    }

    private static func letter(_ control: UInt8) -> Character { Character(Unicode.Scalar((control | 0x40) | 0x20)) }

    private mutating func take(_ count: Int, _ key: Key) -> Key {
        pending.removeFirst(count)
        return key
    }

    private mutating func nextScalar() -> Key? {
        let length =
            switch pending[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        let available = min(length, pending.count)
        for index in 1..<max(available, 1) where pending[index] & 0xC0 != 0x80 {
            return take(index, .text("\u{FFFD}"))
        }
        guard pending.count >= length else { return nil }
        return take(length, .text(String(decoding: pending[..<length], as: UTF8.self)))
    }

    private mutating func nextEscape() -> Key? {
        guard pending.count > 1 else { return nil }
        switch pending[1] {
        case UInt8(ascii: "["): return nextControlSequence()
        case UInt8(ascii: "O"):
            guard pending.count > 2 else { return nil }
            let final = pending[2]
            return take(3, Self.cursorKey(final, modifier: 1))
        case 0x0D, 0x0A: return take(2, .lineBreak)
        case 0x7F, 0x08: return take(2, .alt("\u{7F}"))
        case 0x1B: return take(1, .escape)
        case let byte where byte >= 0x20 && byte < 0x7F: return take(2, .alt(Character(Unicode.Scalar(byte))))
        default: return take(1, .escape)
        }
    }

    /// `ESC [ parameters final` (ECMA-48).
    private mutating func nextControlSequence() -> Key? {
        guard let end = pending.dropFirst(2).firstIndex(where: { $0 >= 0x40 && $0 <= 0x7E }) else {
            return pending.count > Self.longestSequence ? take(pending.count, .unknown) : nil
        }
        let parameters = String(decoding: pending[2..<end], as: UTF8.self).split(
            separator: ";", omittingEmptySubsequences: false
        ).map { Int($0) ?? 1 }
        let final = pending[end]
        pending.removeFirst(end + 1)
        let modifier = parameters.count > 1 ? parameters[1] : 1
        guard final == UInt8(ascii: "~") else {
            // Kitty and xterm report modified Enter as `ESC [ 13 ; 2 u`.
            if final == UInt8(ascii: "u"), parameters.first == 13 { return modifier > 1 ? .lineBreak : .enter }
            return Self.cursorKey(final, modifier: modifier)
        }
        switch parameters.first {
        case 1, 7: return .home
        case 4, 8: return .end
        case 3: return .delete
        case 200:
            pasted = []
            return nextOfPaste()
        default: return .unknown
        }
    }

    /// Arrow keys, Home and End; with Ctrl or Alt the arrows go by words.
    private static func cursorKey(_ final: UInt8, modifier: Int) -> Key {
        switch final {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): modifier > 1 ? .wordRight : .right
        case UInt8(ascii: "D"): modifier > 1 ? .wordLeft : .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "M"): .enter
        default: .unknown
        }
    }

    private mutating func nextOfPaste() -> Key? {
        guard var text = pasted else { return nil }
        text += pending
        pending = []
        // The end mark may have come in two pieces.
        guard let end = Self.position(of: Self.pasteEnd, in: text) else {
            pasted = text
            return nil
        }
        pasted = nil
        pending = Array(text[(end + Self.pasteEnd.count)...])
        return .paste(Self.cleaned(text[..<end]))
    }

    private static func position(of mark: [UInt8], in text: [UInt8]) -> Int? {
        guard text.count >= mark.count else { return nil }
        return (0...(text.count - mark.count)).first {
            text[$0] == mark[0] && Array(text[$0..<($0 + mark.count)]) == mark
        }
    }

    /// Pasted text with line breaks as `\n` and without control characters that would act on the terminal.
    private static func cleaned(_ bytes: ArraySlice<UInt8>) -> String {
        var result = ""
        var afterReturn = false
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x0D: result.unicodeScalars.append("\n")
            case 0x0A: if !afterReturn { result.unicodeScalars.append("\n") }
            case 0x09: result.unicodeScalars.append("\t")
            case 0..<0x20, 0x7F..<0xA0: break
            default: result.unicodeScalars.append(scalar)
            }
            afterReturn = scalar.value == 0x0D
        }
        return result
    }
}
