/// Turns bytes into text piece by piece: whole characters leave at once, an unfinished one waits, and bytes that can
/// never be part of a character become U+FFFD, one for each maximal unfinished part (Unicode 16, section 3.9, as
/// Python's `errors="replace"`).
struct UTF8Replacement: Sendable {
    /// The unfinished character at the end, at most three bytes.
    private var held: [UInt8] = []

    /// Appends to `output` all text that `bytes` settle.
    mutating func append(_ bytes: some Collection<UInt8>, to output: inout [UInt8]) {
        for byte in bytes {
            if held.isEmpty {
                if byte < 0x80 {
                    output.append(byte)
                } else {
                    begin(byte, to: &output)
                }
            } else if Self.continues(held, byte) {
                held.append(byte)
                if held.count == Self.length(held[0]) {
                    output.append(contentsOf: held)
                    held.removeAll(keepingCapacity: true)
                }
            } else {
                Self.replace(&output)
                held.removeAll(keepingCapacity: true)
                if byte < 0x80 {
                    output.append(byte)
                } else {
                    begin(byte, to: &output)
                }
            }
        }
    }

    /// Ends the text: an unfinished character becomes U+FFFD.
    mutating func finish(to output: inout [UInt8]) {
        guard !held.isEmpty else { return }
        held.removeAll()
        Self.replace(&output)
    }

    private mutating func begin(_ byte: UInt8, to output: inout [UInt8]) {
        if Self.length(byte) > 1 {
            held.append(byte)
        } else {
            Self.replace(&output)
        }
    }

    private static func replace(_ output: inout [UInt8]) {
        output.append(0xEF)
        output.append(0xBF)
        output.append(0xBD)
    }

    /// Bytes in the character that `lead` starts; 1 also for bytes that start none.
    private static func length(_ lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    /// Whether `byte` may follow the unfinished character `held` (Unicode 16, table 3-7).
    private static func continues(_ held: [UInt8], _ byte: UInt8) -> Bool {
        guard held.count == 1 else { return (0x80...0xBF).contains(byte) }
        return switch held[0] {
        case 0xE0: (0xA0...0xBF).contains(byte)
        case 0xED: (0x80...0x9F).contains(byte)
        case 0xF0: (0x90...0xBF).contains(byte)
        case 0xF4: (0x80...0x8F).contains(byte)
        default: (0x80...0xBF).contains(byte)
        }
    }
}
