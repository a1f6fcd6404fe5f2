extension Text {
    /// Parts between occurrences of a separator that is not empty, at most `limit` cuts when `limit` is not negative.
    func split(on separator: Text, limit: Int) -> [Text] {
        var parts: [Text] = []
        var position = 0
        while limit < 0 || parts.count < limit, let at = find(separator, from: position) {
            parts.append(slice(position..<at))
            position = at + separator.bytes.count
        }
        parts.append(slice(position..<bytes.count))
        return parts
    }

    /// The same, cutting from the end.
    func splitFromEnd(on separator: Text, limit: Int) -> [Text] {
        guard limit >= 0 else { return split(on: separator, limit: -1) }
        let backwards = Text(bytes: bytes.reversed()).split(on: Text(bytes: separator.bytes.reversed()), limit: limit)
        return backwards.reversed().map { Text(bytes: $0.bytes.reversed()) }
    }

    /// Words between runs of whitespace, at most `limit` cuts when `limit` is not negative.
    func words(limit: Int, fromEnd: Bool = false) -> [Text] {
        let all = fromEnd ? Array(scalars.reversed()) : scalars
        var parts: [[Unicode.Scalar]] = []
        var at = 0
        while true {
            while at < all.count, all[at].isPythonSpace { at += 1 }
            guard at < all.count else { break }
            if limit >= 0, parts.count >= limit {
                parts.append(Array(all[at...]))
                break
            }
            let start = at
            while at < all.count, !all[at].isPythonSpace { at += 1 }
            parts.append(Array(all[start..<at]))
        }
        return fromEnd ? parts.reversed().map { Text(scalars: $0.reversed()) } : parts.map { Text(scalars: $0) }
    }

    /// Lines as Python's `splitlines` cuts them.
    func splitLines(keepingEnds: Bool) -> [Text] {
        let all = scalars
        var lines: [Text] = []
        var start = 0
        var at = 0
        while at < all.count {
            switch all[at].value {
            case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
                let end = at
                at += all[at] == "\r" && at + 1 < all.count && all[at + 1] == "\n" ? 2 : 1
                lines.append(Text(scalars: all[start..<(keepingEnds ? at : end)]))
                start = at
            default: at += 1
            }
        }
        if start < all.count { lines.append(Text(scalars: all[start...])) }
        return lines
    }
}
