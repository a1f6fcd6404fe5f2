/// Values by kind. Each getter gives nil for an absent key and throws ``GGUFError`` for a value of another kind;
/// its `required` twin throws for an absent key too. Integers may have any width and sign that holds the value.
extension GGUFMetadata {
    /// The text of `key`.
    public func string(_ key: String) throws(GGUFError) -> String? {
        switch self[key] {
        case nil: return nil
        case .string(let text): return text
        case let other?: throw wrongKind(key, "a string", other)
        }
    }

    /// The integer of `key`.
    public func int(_ key: String) throws(GGUFError) -> Int? {
        guard let value = self[key] else { return nil }
        if let int = value.int { return int }
        if value.isInteger { throw GGUFError(file: file, .outOfRange(key: key, value: value.description)) }
        throw wrongKind(key, "an integer", value)
    }

    /// The number of `key`, integers included.
    public func float(_ key: String) throws(GGUFError) -> Float? {
        switch self[key] {
        case nil: return nil
        case .float32(let number): return number
        case .float64(let number): return Float(number)
        case let other?:
            guard let int = other.int else { throw wrongKind(key, "a number", other) }
            return Float(int)
        }
    }

    /// The truth value of `key`.
    public func bool(_ key: String) throws(GGUFError) -> Bool? {
        switch self[key] {
        case nil: return nil
        case .bool(let flag): return flag
        case let other?: throw wrongKind(key, "a truth value", other)
        }
    }

    /// The integers of `key`: all of an array, or the one of a plain value.
    public func ints(_ key: String) throws(GGUFError) -> [Int]? {
        guard let value = self[key] else { return nil }
        guard case .numbers(let numbers) = value else { return try int(key).map { [$0] } }
        if let ints = numbers.ints() { return ints }
        if numbers.type == .uint64 { throw GGUFError(file: file, .outOfRange(key: key, value: value.description)) }
        throw wrongKind(key, "integers", value)
    }

    /// The numbers of `key`: all of an array, or the one of a plain value.
    public func floats(_ key: String) throws(GGUFError) -> [Float]? {
        guard let value = self[key] else { return nil }
        guard case .numbers(let numbers) = value else { return try float(key).map { [$0] } }
        guard let floats = numbers.floats() else { throw wrongKind(key, "numbers", value) }
        return floats
    }

    /// The strings of `key`, which must be an array.
    public func strings(_ key: String) throws(GGUFError) -> GGUFStringArray? {
        switch self[key] {
        case nil: return nil
        case .strings(let strings): return strings
        // An empty array may have been given any element type.
        case .numbers(let numbers) where numbers.count == 0: return GGUFStringArray([[UInt8]]())
        case let other?: throw wrongKind(key, "an array of strings", other)
        }
    }

    private func wrongKind(_ key: String, _ wanted: String, _ value: GGUFValue) -> GGUFError {
        GGUFError(file: file, .wrongKind(key: key, wanted: wanted, found: value.kind))
    }
}

extension GGUFMetadata {
    /// The text of `key`, which must be there.
    public func requiredString(_ key: String) throws(GGUFError) -> String { try require(key, string(key)) }
    /// The integer of `key`, which must be there.
    public func requiredInt(_ key: String) throws(GGUFError) -> Int { try require(key, int(key)) }
    /// The number of `key`, which must be there.
    public func requiredFloat(_ key: String) throws(GGUFError) -> Float { try require(key, float(key)) }
    /// The truth value of `key`, which must be there.
    public func requiredBool(_ key: String) throws(GGUFError) -> Bool { try require(key, bool(key)) }
    /// The integers of `key`, which must be there.
    public func requiredInts(_ key: String) throws(GGUFError) -> [Int] { try require(key, ints(key)) }
    /// The numbers of `key`, which must be there.
    public func requiredFloats(_ key: String) throws(GGUFError) -> [Float] { try require(key, floats(key)) }
    /// The strings of `key`, which must be there.
    public func requiredStrings(_ key: String) throws(GGUFError) -> GGUFStringArray { try require(key, strings(key)) }

    private func require<Value>(_ key: String, _ value: Value?) throws(GGUFError) -> Value {
        guard let value else { throw GGUFError(file: file, .missingKey(key)) }
        return value
    }
}
