/// A text as Python sees it: a row of Unicode scalars, compared and hashed by them, never by canonical equivalence.
///
/// Kept as UTF-8, whose byte order is the order of the scalars.
struct Text: Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
    var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }
    init(_ string: String) { bytes = Array(string.utf8) }
    init(_ scalar: Unicode.Scalar) { bytes = Array(UTF8.encode(scalar).map(Array.init) ?? []) }
    init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer { Array($0) }
    }
    init<S: Sequence>(scalars: S) where S.Element == Unicode.Scalar {
        bytes = []
        for scalar in scalars { append(scalar) }
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }
    var isEmpty: Bool { bytes.isEmpty }
    var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }
    /// Python's `len`: the number of scalars.
    var length: Int { bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
    var scalars: [Unicode.Scalar] { Array(string.unicodeScalars) }

    mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.value < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            bytes.append(contentsOf: scalar.utf8)
        }
    }
    mutating func append(_ other: Text) { bytes.append(contentsOf: other.bytes) }

    static func < (a: Text, b: Text) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension Text {
    /// Where `needle` begins at or after `start`, in bytes.
    func find(_ needle: Text, from start: Int = 0) -> Int? {
        ByteSearch.first(needle.bytes, in: bytes, from: start)
    }

    /// Where `needle` begins last, in bytes.
    func findLast(_ needle: Text) -> Int? {
        let backwards = ByteSearch.first(needle.bytes.reversed(), in: bytes.reversed(), from: 0)
        return backwards.map { bytes.count - $0 - needle.bytes.count }
    }

    func slice(_ range: Range<Int>) -> Text { Text(bytes: Array(bytes[range.clamped(to: 0..<bytes.count)])) }

    func hasPrefix(_ other: Text) -> Bool { bytes.starts(with: other.bytes) }
    func hasSuffix(_ other: Text) -> Bool {
        bytes.count >= other.bytes.count && bytes.suffix(other.bytes.count).elementsEqual(other.bytes)
    }

    /// Without the whitespace, or the scalars of `set`, at its ends.
    func trimmed(of set: Text? = nil, start: Bool = true, end: Bool = true) -> Text {
        let all = scalars
        let unwanted = set.map { Set($0.scalars) }
        func drop(_ scalar: Unicode.Scalar) -> Bool { unwanted?.contains(scalar) ?? scalar.isPythonSpace }
        var lower = 0
        var upper = all.count
        if start { while lower < upper, drop(all[lower]) { lower += 1 } }
        if end { while upper > lower, drop(all[upper - 1]) { upper -= 1 } }
        return lower == 0 && upper == all.count ? self : Text(scalars: all[lower..<upper])
    }

    /// This text with `new` for the first `count` occurrences of `old`; nil when it would exceed `limit` bytes.
    func replacing(_ old: Text, with new: Text, count: Int, limit: Int) -> Text? {
        var result: [UInt8] = []
        var position = 0
        var left = count < 0 ? Int.max : count
        if old.isEmpty {
            // Python puts the new text before every scalar and at the end.
            let all = scalars
            for (index, scalar) in all.enumerated() {
                if index < left { result += new.bytes }
                result += Array(scalar.utf8)
                guard result.count <= limit else { return nil }
            }
            if all.count < left { result += new.bytes }
            return result.count <= limit ? Text(bytes: result) : nil
        }
        while left > 0, let at = find(old, from: position) {
            result += bytes[position..<at]
            result += new.bytes
            guard result.count <= limit else { return nil }
            position = at + old.bytes.count
            left -= 1
        }
        result += bytes[position...]
        return result.count <= limit ? Text(bytes: result) : nil
    }
}

extension Unicode.Scalar {
    var utf8: [UInt8] { Array(UTF8.encode(self).map(Array.init) ?? []) }

    /// What Python's `str.isspace` and the `\s` of its regular expressions accept.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }
}
