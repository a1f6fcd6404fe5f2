/// Normalization form C, as the `tokenizers` package applies it before byte-level BPE.
///
/// Text is checked first, and only the few characters around one that may change are taken apart and put together again.
struct CanonicalComposition: Sendable {
    /// The tables; made at first use.
    static let shared = CanonicalComposition()

    private let properties = UnicodeProperties.shared
    private let decomposable: [UInt32]
    private let parts: [(first: UInt32, second: UInt32)]
    private let compositions: [UInt64: UInt32]
    private let classStarts: [UInt32]
    private let classes: [(end: UInt32, value: UInt8)]

    private init() {
        var numbers = PackedNumbers(UnicodeData.decompositions)
        var decomposable: [UInt32] = []
        var parts: [(first: UInt32, second: UInt32)] = []
        var compositions: [UInt64: UInt32] = [:]
        var scalar: UInt32 = 0
        while !numbers.isAtEnd {
            let step = numbers.next()
            scalar += UInt32(truncatingIfNeeded: step >> 1)
            let first = UInt32(truncatingIfNeeded: numbers.next())
            let second = UInt32(truncatingIfNeeded: numbers.next())
            decomposable.append(scalar)
            parts.append((first, second))
            if step & 1 == 1 { compositions[UInt64(first) << 32 | UInt64(second)] = scalar }
        }
        numbers = PackedNumbers(UnicodeData.combiningClasses)
        var classStarts: [UInt32] = []
        var classes: [(end: UInt32, value: UInt8)] = []
        scalar = 0
        while !numbers.isAtEnd {
            scalar += UInt32(truncatingIfNeeded: numbers.next())
            classStarts.append(scalar)
            scalar += UInt32(truncatingIfNeeded: numbers.next())
            classes.append((scalar, UInt8(truncatingIfNeeded: numbers.next())))
        }
        self.decomposable = decomposable
        self.parts = parts
        self.compositions = compositions
        self.classStarts = classStarts
        self.classes = classes
    }

    /// Where the first character that composition may change starts; nil when the text is in normal form.
    func firstRelevant(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = start
        while index < end {
            // U+0300, the first such character, starts with 0xCC; bytes within a character are smaller than that.
            if text[index] < 0xCC {
                index += 1
                continue
            }
            let (scalar, next) = UTF8Scalars.decode(text, index)
            if properties[scalar] & UnicodeProperties.isRelevantToNFC != 0 { return index }
            index = next
        }
        return nil
    }

    /// The text from `start` to `end` in normal form.
    func normalize(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(end - start)
        var position = start
        var run: [UInt32] = []
        while let relevant = firstRelevant(text, position, end) {
            let first = relevant > position ? UTF8Scalars.start(before: relevant, text) : relevant
            for index in position..<first { output.append(text[index]) }
            run.removeAll(keepingCapacity: true)
            position = first
            while position < end {
                let (scalar, next) = UTF8Scalars.decode(text, position)
                if position > relevant && properties[scalar] & UnicodeProperties.isRelevantToNFC == 0 { break }
                decompose(scalar, into: &run)
                position = next
            }
            reorder(&run)
            compose(&run)
            for scalar in run { UTF8Scalars.append(scalar, to: &output) }
        }
        for index in position..<end { output.append(text[index]) }
        return output
    }

    /// The canonical combining class; 0 for characters that are no marks.
    func combiningClass(_ scalar: UInt32) -> UInt8 {
        guard properties[scalar] & UnicodeProperties.isRelevantToNFC != 0 else { return 0 }
        var low = 0
        var high = classStarts.count
        while low < high {
            let middle = (low + high) / 2
            if classStarts[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        guard low > 0, scalar < classes[low - 1].end else { return 0 }
        return classes[low - 1].value
    }

    func decompose(_ scalar: UInt32, into run: inout [UInt32]) {
        if let syllable = Hangul.parts(of: scalar) {
            run.append(syllable.lead)
            run.append(syllable.vowel)
            if syllable.tail != 0 { run.append(syllable.tail) }
            return
        }
        var low = 0
        var high = decomposable.count
        while low < high {
            let middle = (low + high) / 2
            if decomposable[middle] < scalar { low = middle + 1 } else { high = middle }
        }
        guard low < decomposable.count, decomposable[low] == scalar else {
            run.append(scalar)
            return
        }
        decompose(parts[low].first, into: &run)
        if parts[low].second != 0 { decompose(parts[low].second, into: &run) }
    }

    /// Sorts every run of marks by class; equal classes keep their order.
    private func reorder(_ run: inout [UInt32]) {
        var keys: [UInt64] = []
        var start = 0
        while start < run.count {
            keys.removeAll(keepingCapacity: true)
            var end = start
            while end < run.count {
                let value = combiningClass(run[end])
                if value == 0 { break }
                keys.append(UInt64(value) << 56 | UInt64(end - start) << 21 | UInt64(run[end]))
                end += 1
            }
            if keys.count > 1 {
                keys.sort()
                for (offset, key) in keys.enumerated() { run[start + offset] = UInt32(key & 0x1F_FFFF) }
            }
            start = end + 1
        }
    }

    private func compose(_ run: inout [UInt32]) {
        var starter = -1
        var lastClass = 0
        var count = 0
        for scalar in run {
            let value = Int(combiningClass(scalar))
            if starter >= 0, lastClass < value || lastClass == 0 && count == starter + 1 {
                if let composed = composition(run[starter], scalar) {
                    run[starter] = composed
                    continue
                }
            }
            if value == 0 {
                starter = count
                lastClass = 0
            } else {
                lastClass = value
            }
            run[count] = scalar
            count += 1
        }
        run.removeLast(run.count - count)
    }

    private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.composition(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
    }
}

/// Korean syllables, which are composed by arithmetic (Unicode 16, section 3.12).
private enum Hangul {
    static func parts(of scalar: UInt32) -> (lead: UInt32, vowel: UInt32, tail: UInt32)? {
        guard scalar >= 0xAC00, scalar < 0xAC00 + 11172 else { return nil }
        let index = scalar - 0xAC00
        let tail = index % 28
        return (0x1100 + index / 588, 0x1161 + index % 588 / 28, tail == 0 ? 0 : 0x11A7 + tail)
    }

    static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
            return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
        }
        if first >= 0xAC00, first < 0xAC00 + 11172, (first - 0xAC00) % 28 == 0, second > 0x11A7, second < 0x11C3 {
            return first + (second - 0x11A7)
        }
        return nil
    }
}
