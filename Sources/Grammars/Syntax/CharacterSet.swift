/// A set of Unicode scalar values: ranges in order, apart from each other, without surrogates.
struct CharacterSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]

    /// The set of everything in `ranges`, which may overlap and come in any order.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.flatMap(Self.withoutSurrogates).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, UInt64(range.lowerBound) <= UInt64(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// The characters of `text`.
    init(_ text: String) { self.init(text.unicodeScalars.map { $0.value...$0.value }) }

    /// Every character.
    static let all = CharacterSet([0...0x10FFFF])

    var isEmpty: Bool { ranges.isEmpty }

    /// Everything that is not in this set.
    var inverted: CharacterSet {
        var rest: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { rest.append(next...0x10FFFF) }
        return CharacterSet(rest)
    }

    func union(_ other: CharacterSet) -> CharacterSet { CharacterSet(ranges + other.ranges) }
    func intersection(_ other: CharacterSet) -> CharacterSet { inverted.union(other.inverted).inverted }
    func subtracting(_ other: CharacterSet) -> CharacterSet { inverted.union(other).inverted }

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

    private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        guard range.lowerBound <= 0xDFFF, range.upperBound >= 0xD800 else { return [range] }
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < 0xD800 { parts.append(range.lowerBound...0xD7FF) }
        if range.upperBound > 0xDFFF { parts.append(0xE000...range.upperBound) }
        return parts
    }
}
