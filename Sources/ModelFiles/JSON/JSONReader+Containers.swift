extension JSONReader {
    /// Reads an object, calling `body` with each key; `body` must read exactly one value.
    /// - Parameter rejectingDuplicateKeys: Whether a key that comes twice is an error. Costs a hash per key.
    /// - Throws: ``JSONError`` with the path, or what `body` throws.
    public mutating func readObject(
        rejectingDuplicateKeys: Bool = false, _ body: (_ key: String, _ reader: inout JSONReader) throws -> Void
    ) throws {
        try enterObject()
        var seen: Set<String> = []
        while let key = try nextKey() {
            if rejectingDuplicateKeys, !seen.insert(key).inserted { throw error(.duplicateKey(key)) }
            do {
                try body(key, &self)
            } catch let error as JSONError {
                throw error.below(key: key)
            }
        }
    }

    /// Reads an array, calling `body` with each index; `body` must read exactly one value.
    /// - Throws: ``JSONError`` with the path, or what `body` throws.
    public mutating func readArray(_ body: (_ index: Int, _ reader: inout JSONReader) throws -> Void) throws {
        try enterArray()
        var index = 0
        while try nextElement() {
            do {
                try body(index, &self)
            } catch let error as JSONError {
                throw error.below(index: index)
            }
            index += 1
        }
    }

    // MARK: The same, step by step, for large containers

    /// Reads the `{` of an object. Then: a key, its value, a key … until there is none.
    public mutating func enterObject() throws(JSONError) {
        try expect(.object)
        try enter()
    }

    /// Reads the `[` of an array. Then: ``nextElement()``, a value, ``nextElement()`` … until it returns false.
    public mutating func enterArray() throws(JSONError) {
        try expect(.array)
        try enter()
    }

    /// Reads the next key of the object entered last, and its colon; nil at the end of the object.
    public mutating func nextKey() throws(JSONError) -> String? {
        guard try advance(closing: 0x7D, expected: "',' or '}'") else { return nil }
        let key = try readString()
        try consume(0x3A, expected: "':'")
        return key
    }

    /// Like ``nextKey()``, but replaces the contents of `buffer` with the bytes of the key; false at the end.
    public mutating func nextKey(into buffer: inout [UInt8]) throws(JSONError) -> Bool {
        guard try advance(closing: 0x7D, expected: "',' or '}'") else { return false }
        try readStringBytes(into: &buffer)
        try consume(0x3A, expected: "':'")
        return true
    }

    /// Whether the array entered last has one more element, which is to be read next.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: 0x5D, expected: "',' or ']'")
    }

    mutating func skipKey() throws(JSONError) -> Bool {
        guard try advance(closing: 0x7D, expected: "',' or '}'") else { return false }
        try expect(.string)
        try skipString()
        try consume(0x3A, expected: "':'")
        return true
    }

    private mutating func enter() throws(JSONError) {
        guard depth < maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
        depth += 1
        position += 1
        justEntered = true
    }

    /// Moves to the next element of a container, or past its end.
    @inline(__always)
    private mutating func advance(closing: UInt8, expected: StaticString) throws(JSONError) -> Bool {
        let byte = try nextByte(expected: expected)
        if byte == closing {
            position += 1
            depth -= 1
            justEntered = false
            return false
        }
        if justEntered {
            justEntered = false
            return true
        }
        guard byte == 0x2C else { throw error(.unexpectedByte(byte, expected: "\(expected)")) }
        position += 1
        // `[1,]`: the closing bracket is no value, and `peekKind` will say so.
        return true
    }
}
