/// Finding one row of bytes in another in linear time, whatever the two are.
enum ByteSearch {
    /// Where `needle` begins in `hay` at or after `start`; nil when it does not occur.
    static func first(_ needle: [UInt8], in hay: [UInt8], from start: Int) -> Int? {
        guard start >= 0, start <= hay.count, needle.count <= hay.count - start else { return nil }
        guard let lead = needle.first else { return start }
        if needle.count == 1 { return hay[start...].firstIndex(of: lead) }
        // Knuth, Morris and Pratt: how much of the needle still matches after a mismatch.
        var borders = [Int](repeating: 0, count: needle.count)
        var matched = 0
        for index in 1..<needle.count {
            while matched > 0, needle[index] != needle[matched] { matched = borders[matched - 1] }
            if needle[index] == needle[matched] { matched += 1 }
            borders[index] = matched
        }
        matched = 0
        for index in start..<hay.count {
            while matched > 0, hay[index] != needle[matched] { matched = borders[matched - 1] }
            if hay[index] == needle[matched] { matched += 1 }
            if matched == needle.count { return index - needle.count + 1 }
        }
        return nil
    }
}
