// `{% raw %}` … `{% endraw %}`: text that looks like a template and is not.
extension Lexer {
    private func spaceSkipped(_ index: Int) -> Int { Self.skipSpace(in: bytes, from: index, to: bytes.count) }

    private func has(_ word: StaticString, at index: Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard index >= 0, count <= bytes.count - index else { return false }
        return word.withUTF8Buffer { expected in
            (0..<count).allSatisfy { bytes[index + $0] == expected[$0] }
        }
    }

    private func afterSign(_ index: Int) -> Int {
        index < bytes.count && (bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+"))
            ? index + 1 : index
    }

    /// Where the body begins when a `{% raw %}` stands at `begin`. It takes no line break with it, only `-%}` does.
    func rawBodyStart(at begin: Int) -> Int? {
        var at = spaceSkipped(afterSign(begin + 2))
        guard has("raw", at: at) else { return nil }
        at = spaceSkipped(at + 3)
        if has("-%}", at: at) { return spaceSkipped(at + 3) }
        return has("%}", at: at) ? at + 2 : nil
    }

    /// Reads up to and with `{% endraw %}`.
    mutating func readRaw() throws(ChatTemplateError) {
        let opening = Array("{%".utf8)
        var from = position
        while let begin = ByteSearch.first(opening, in: bytes, from: from) {
            from = begin + 2
            let signed = afterSign(begin + 2)
            var at = spaceSkipped(signed)
            guard has("endraw", at: at) else { continue }
            at = spaceSkipped(at + 6)
            var closing: UInt8?
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
                closing = bytes[at]
                at += 1
            }
            guard has("%}", at: at) else { continue }
            addData(upTo: begin, sign: signed > begin + 2 ? bytes[begin + 2] : nil, isOutput: false)
            finishTag(at: at, sign: closing, trims: true)
            return
        }
        // With nothing after it, Jinja lets it pass.
        guard position < bytes.count else { return }
        throw fail("'raw' is not closed: '{% endraw %}' is missing")
    }
}
