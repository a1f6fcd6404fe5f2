internal import Tokenization

/// A character as rules see it: small letters, accents apart, so that different spellings of one text are the same.
enum ScalarFolding {
    /// What one scalar of a text becomes. Empty for those that cannot be seen, such as a zero-width space.
    static func fold(_ scalar: Unicode.Scalar, into result: inout [UInt32]) {
        result.removeAll(keepingCapacity: true)
        if scalar.value < 0x80 {
            let isCapital = scalar.value &- 0x41 < 26
            result.append(isCapital ? scalar.value | 0x20 : scalar.value)
            return
        }
        if scalar.properties.isDefaultIgnorableCodePoint { return }
        // By way of capitals: ß and SS, ſ and s, both forms of sigma are the same then.
        for upper in scalar.properties.uppercaseMapping.unicodeScalars {
            for lower in upper.properties.lowercaseMapping.unicodeScalars {
                CanonicalDecomposition.append(lower.value, to: &result)
            }
        }
    }

    /// What a whole text becomes.
    static func fold(_ text: String) -> [UInt32] {
        var all: [UInt32] = []
        var one: [UInt32] = []
        for scalar in text.unicodeScalars {
            fold(scalar, into: &one)
            all += one
        }
        return all
    }
}

/// What matters of a character for words and their borders.
struct ScalarKind {
    /// A letter, digit or mark.
    let isWord: Bool
    /// An accent or the like, which belongs to the letter before it.
    let isMark: Bool
    /// A letter of a script that puts no space between words: each may begin or end one.
    let isUnspaced: Bool

    init(_ value: UInt32) {
        if value < 0x80 {
            let (letter, digit) = ((value | 0x20) &- 0x61 < 26, value &- 0x30 < 10)
            (isWord, isMark, isUnspaced) = (letter || digit, false, false)
            return
        }
        guard let scalar = Unicode.Scalar(value) else {
            (isWord, isMark, isUnspaced) = (false, false, false)
            return
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: isMark = true
        default: isMark = false
        }
        isWord = isMark || properties.isAlphabetic || properties.numericType != nil
        // Thai, Lao; Tibetan; Myanmar; Khmer; kana and what stands beside them; half-width kana; ideographs.
        isUnspaced =
            (0x0E00...0x0EFF).contains(value) || (0x0F00...0x0FFF).contains(value)
            || (0x1000...0x109F).contains(value) || (0x1780...0x17FF).contains(value)
            || (0x3040...0x30FF).contains(value) || (0xFF66...0xFF9F).contains(value) || properties.isIdeographic
    }

    /// Whether a word may end before this character and begin with it.
    /// - Parameter last: The character before; nil at the start of the text.
    func isBorder(after last: ScalarKind?) -> Bool {
        guard let last else { return true }
        if isMark { return false }
        return !isWord || !last.isWord || isUnspaced || last.isUnspaced
    }
}
