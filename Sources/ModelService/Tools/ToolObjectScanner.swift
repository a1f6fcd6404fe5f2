internal import ModelFiles

/// Reads the object of a call, `{"name": …, "arguments": …}`, byte by byte, giving out the arguments while they arrive.
///
/// Knows just enough JSON to find where values end; what it is given need not be valid.
struct ToolObjectScanner: Sendable {
    private enum Member: Sendable {
        case name
        case arguments
        case other
    }

    private enum State: Sendable {
        /// Before a key, a comma or the end.
        case key
        /// Within a key.
        case keyText
        /// Between a key and its value.
        case colon
        /// Within a value.
        case value
    }

    /// The function's name, once it is known.
    private(set) var name: String?
    /// Whether the closing brace was read.
    private(set) var isComplete = false
    /// Whether the caller was told of the call.
    var isAnnounced = false

    private var state = State.key
    private var member = Member.other
    private var text: [UInt8] = []
    private var arguments: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether the arguments are a string that holds JSON.
    private var isQuoted = false

    /// Reads from `bytes`, which follow the opening brace; returns how many it used.
    mutating func scan(_ bytes: ArraySlice<UInt8>) -> Int {
        var used = 0
        for byte in bytes {
            used += 1
            take(byte)
            if isComplete { break }
        }
        return used
    }

    /// What is new of the arguments.
    mutating func takeArguments() -> String {
        defer { arguments.removeAll() }
        return String(decoding: arguments, as: UTF8.self)
    }

    private mutating func take(_ byte: UInt8) {
        switch state {
        case .key:
            if byte == 0x22 {
                text = [byte]
                state = .keyText
                isEscaped = false
            } else if byte == 0x7D {
                isComplete = true
                // A call without arguments has empty ones.
                if arguments.isEmpty, !hasArguments { arguments = Array("{}".utf8) }
            }
        case .keyText:
            text.append(byte)
            if endsString(byte) {
                switch Self.unquoted(text) {
                case "name": member = .name
                case "arguments", "parameters": member = .arguments
                default: member = .other
                }
                state = .colon
            }
        case .colon:
            guard byte != 0x3A, byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 else { return }
            text = []
            depth = 0
            isInString = false
            isQuoted = member == .arguments && byte == 0x22
            state = .value
            take(byte)
        case .value: takeValue(byte)
        }
    }

    private mutating func takeValue(_ byte: UInt8) {
        if isInString {
            keep(byte)
            if endsString(byte) {
                isInString = false
                if depth == 0 { endValue() }
            }
            return
        }
        switch byte {
        case 0x22:
            isInString = true
            isEscaped = false
            keep(byte)
        case 0x7B, 0x5B:
            depth += 1
            keep(byte)
        case 0x7D, 0x5D:
            if depth == 0 {
                // The end of the call's own object, after a number or a word.
                endValue()
                take(byte)
            } else {
                depth -= 1
                keep(byte)
                if depth == 0 { endValue() }
            }
        case 0x2C where depth == 0: endValue()
        default: keep(byte)
        }
    }

    private var hasArguments = false

    private mutating func keep(_ byte: UInt8) {
        if member == .arguments, !isQuoted {
            arguments.append(byte)
            hasArguments = true
        } else {
            text.append(byte)
        }
    }

    private mutating func endValue() {
        switch member {
        case .name where name == nil: name = Self.unquoted(text)
        case .arguments where isQuoted:
            arguments += Self.unquoted(text).utf8
            hasArguments = true
        default: break
        }
        text = []
        state = .key
    }

    /// Whether `byte` is the closing quote of the string it is in.
    private mutating func endsString(_ byte: UInt8) -> Bool {
        if isEscaped {
            isEscaped = false
            return false
        }
        isEscaped = byte == 0x5C
        return byte == 0x22
    }

    private static func unquoted(_ text: [UInt8]) -> String {
        do { return try JSONValue(parsing: text).asString() } catch { return String(decoding: text, as: UTF8.self) }
    }
}
