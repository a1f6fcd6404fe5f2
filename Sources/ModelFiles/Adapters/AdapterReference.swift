/// An adapter as people name it on a command line: a path, and how much of it.
public struct AdapterReference: Sendable, Hashable {
    /// A PEFT folder or a GGUF file.
    public var path: String
    /// What the adapter is multiplied with.
    public var scale: Float

    /// `PATH` or `PATH=SCALE` (`PATH:SCALE` where that is the separator). What is a path as a whole has no scale.
    /// - Throws: ``AdapterError/scale(_:)`` for a scale that is no finite number.
    public init(parsing text: String, separator: Character = "=") throws(AdapterError) {
        (path, scale) = (text, 1)
        guard !FileSystem.exists(text), let place = text.lastIndex(of: separator) else { return }
        let number = text[text.index(after: place)...]
        guard let value = Float(number), value.isFinite else { throw .scale(String(number)) }
        (path, scale) = (String(text[..<place]), value)
    }
}
