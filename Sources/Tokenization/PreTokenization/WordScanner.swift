/// Finds where the next piece of a text ends. Each function stands for one regular expression, quoted with it, matched
/// at `start`; the expressions cover every character, so pieces follow one another without a gap.
struct WordScanner {
    typealias Class = UnicodeProperties.Class
    let properties: UnicodeProperties

    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    func gpt2(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        if text[start] == 0x27, let after = contraction(text, start, end) { return after }
        var (kind, next) = classify(text, start)
        if text[start] == 0x20, next < end {
            let (following, afterFollowing) = classify(text, next)
            if following == Class.space { return spaces(text, start, end) }
            (kind, next) = (following, afterFollowing)
        } else if kind == Class.space {
            return spaces(text, start, end)
        }
        return run(of: kind, text, next, end)
    }

    /// Contractions in either case, then
    /// `[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    func modern(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ digits: Int, _ foldsLongS: Bool) -> Int {
        let first = text[start]
        if first == 0x27, let after = anyCaseContraction(text, start, end, foldsLongS) { return after }
        let (kind, next) = classify(text, start)
        if kind == Class.letter { return run(of: Class.letter, text, next, end) }
        if kind == Class.number {
            var position = next
            var left = digits - 1
            while left > 0, position < end {
                let (following, after) = classify(text, position)
                if following != Class.number { break }
                position = after
                left -= 1
            }
            return position
        }
        var following = Class.space
        var afterFollowing = next
        if next < end {
            (following, afterFollowing) = classify(text, next)
            if following == Class.letter, first != 0x0A, first != 0x0D {
                return run(of: Class.letter, text, afterFollowing, end)
            }
        }
        if kind == Class.other { return lineEnds(text, run(of: Class.other, text, next, end), end) }
        if first == 0x20, following == Class.other {
            return lineEnds(text, run(of: Class.other, text, afterFollowing, end), end)
        }
        return spacesWithLineEnds(text, start, end)
    }

    /// Numbers apart from everything else.
    func digits(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ individual: Bool) -> Int {
        var (kind, position) = classify(text, start)
        if kind == Class.number { return individual ? position : run(of: Class.number, text, position, end) }
        while position < end {
            let next: Int
            (kind, next) = classify(text, position)
            if kind == Class.number { break }
            position = next
        }
        return position
    }

    // MARK: Parts

    /// Class of the character at `index`, and where the next one starts.
    @inline(__always)
    private func classify(_ text: Span<UInt8>, _ index: Int) -> (kind: UInt8, next: Int) {
        let (scalar, next) = UTF8Scalars.decode(text, index)
        return (properties.kind(scalar), next)
    }

    /// Where the characters of class `kind` from `start` end.
    @inline(__always)
    private func run(of kind: UInt8, _ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position < end {
            let (other, next) = classify(text, position)
            if other != kind { break }
            position = next
        }
        return position
    }

    private func lineEnds(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position < end, text[position] == 0x0A || text[position] == 0x0D { position += 1 }
        return position
    }

    /// `\s+(?!\S)|\s+`: all spaces at the end of the text, else all but the last one before a word.
    private func spaces(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let after = run(of: Class.space, text, start, end)
        if after == end { return end }
        let last = UTF8Scalars.start(before: after, text)
        return last > start ? last : after
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: through the last line end if there is one.
    private func spacesWithLineEnds(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let after = run(of: Class.space, text, start, end)
        var position = after
        while position > start {
            position -= 1
            if text[position] == 0x0A || text[position] == 0x0D { return position + 1 }
        }
        if after == end { return end }
        let last = UTF8Scalars.start(before: after, text)
        return last > start ? last : after
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`
    private func contraction(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        guard start + 1 < end else { return nil }
        switch text[start + 1] {
        case 0x73, 0x74, 0x6D, 0x64: return start + 2
        case 0x72, 0x76:
            return start + 2 < end && text[start + 2] == 0x65 ? start + 3 : nil
        case 0x6C:
            return start + 2 < end && text[start + 2] == 0x6C ? start + 3 : nil
        default: return nil
        }
    }

    /// The same in upper or lower case, and with the long s (U+017F) where the expression folds case.
    private func anyCaseContraction(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ foldsLongS: Bool) -> Int? {
        guard start + 1 < end else { return nil }
        switch text[start + 1] | 0x20 {
        case 0x73, 0x74, 0x6D, 0x64: return start + 2
        case 0x72, 0x76:
            return start + 2 < end && text[start + 2] | 0x20 == 0x65 ? start + 3 : nil
        case 0x6C:
            return start + 2 < end && text[start + 2] | 0x20 == 0x6C ? start + 3 : nil
        default:
            let isLongS = start + 2 < end && text[start + 1] == 0xC5 && text[start + 2] == 0xBF
            return foldsLongS && isLongS ? start + 3 : nil
        }
    }
}
