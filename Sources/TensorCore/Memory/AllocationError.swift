/// The operating system refused memory.
public struct AllocationError: Error, Sendable, CustomStringConvertible {
    /// What the memory was for: "KV cache page".
    public let purpose: String
    /// Bytes asked for; `Int.max` when the number does not even fit.
    public let bytes: Int

    package init(purpose: String, bytes: Int) {
        self.purpose = purpose
        self.bytes = bytes
    }

    /// One line for a person.
    public var description: String {
        "out of memory: \(purpose) needs \(bytes == .max ? "more bytes than can be counted" : "\(bytes) bytes");"
            + " use a smaller context or a smaller model"
    }
}
