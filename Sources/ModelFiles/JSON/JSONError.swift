/// Why a JSON text, or a value in it, could not be used.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        /// The text stops in the middle of a value.
        case unexpectedEnd
        /// A byte that cannot stand here; `expected` says what could.
        case unexpectedByte(UInt8, expected: String)
        /// Bytes after the end of the value.
        case trailingBytes
        /// A string that is no valid UTF-8.
        case invalidUTF8
        /// A backslash followed by something that is no JSON escape.
        case invalidEscape
        /// Half a surrogate pair, which is no character.
        case loneSurrogate
        /// A raw control character inside a string.
        case controlCharacter(UInt8)
        /// Characters that look like a number and are none: `01`, `1.`, `+1`.
        case invalidNumber
        /// `NaN` or `Infinity`, which some writers emit although JSON has no such number.
        case notANumber(String)
        /// A number too large for the type asked for.
        case numberOutOfRange(String)
        /// A fraction where a whole number is needed.
        case notAnInteger(String)
        /// More nested arrays and objects than the limit.
        case tooDeep(limit: Int)
        /// An object with the same key twice.
        case duplicateKey(String)
        /// Another kind of value than the one needed.
        case typeMismatch(expected: String, found: String)
        /// An object without a key it must have.
        case missingKey(String)
        /// A number that is not finite cannot be written as JSON.
        case nonFiniteNumber
    }

    /// What is wrong.
    public var problem: Problem
    /// Where in the text, in bytes from its start; nil for values that come from no text.
    public var offset: Int?
    /// The way from the outermost value to the place: `model.vocab`, `added_tokens[3].id`; empty at the outermost.
    public var path: String

    /// An error at `offset`, below `path`.
    public init(_ problem: Problem, offset: Int? = nil, path: String = "") {
        self.problem = problem
        self.offset = offset
        self.path = path
    }

    /// One line for a person.
    public var description: String {
        var text = problem.description
        let shown = path.utf8.count > 120 ? String(path.unicodeScalars.prefix(100)) + "…" : path
        if !shown.isEmpty { text += " in \(shown)" }
        if let offset { text += " (byte \(offset))" }
        return text
    }

    /// The same error seen from the object that holds the place under `key`.
    func below(key: String) -> JSONError {
        var error = self
        let shown = key.utf8.count > 64 ? String(key.unicodeScalars.prefix(48)) + "…" : key
        error.path = path.isEmpty || path.hasPrefix("[") ? shown + path : shown + "." + path
        return error
    }

    /// The same error seen from the array that holds the place at `index`.
    func below(index: Int) -> JSONError {
        var error = self
        error.path = path.isEmpty || path.hasPrefix("[") ? "[\(index)]" + path : "[\(index)]." + path
        return error
    }
}

extension JSONError.Problem: CustomStringConvertible {
    /// The problem in words, without the place.
    public var description: String {
        switch self {
        case .unexpectedEnd: "JSON ends in the middle of a value"
        case .unexpectedByte(let byte, let expected):
            byte >= 0x20 && byte < 0x7F
                ? "JSON has '\(Character(Unicode.Scalar(byte)))' where \(expected) should be"
                : "JSON has byte \(byte) where \(expected) should be"
        case .trailingBytes: "JSON is followed by something else"
        case .invalidUTF8: "JSON string is not valid UTF-8"
        case .invalidEscape: "JSON string has an invalid escape"
        case .loneSurrogate: "JSON string has half of a surrogate pair"
        case .controlCharacter(let byte): "JSON string has the raw control character \(byte)"
        case .invalidNumber: "JSON number is malformed"
        case .notANumber(let text): "\(text) is not a JSON number"
        case .numberOutOfRange(let text): "JSON number \(text) is too large"
        case .notAnInteger(let text): "JSON number \(text) should be a whole number"
        case .tooDeep(let limit): "JSON is nested more than \(limit) levels deep"
        case .duplicateKey(let key): "JSON object has the key \"\(key)\" twice"
        case .typeMismatch(let expected, let found): "JSON has \(found) where \(expected) should be"
        case .missingKey(let key): "JSON object lacks \"\(key)\""
        case .nonFiniteNumber: "a number that is not finite cannot be written as JSON"
        }
    }
}
