/// The key-value part of a GGUF file, in file order. Keys this program does not know are kept.
public struct GGUFMetadata: Sendable, Equatable {
    /// One key with its value.
    public struct Entry: Sendable, Equatable {
        /// The key: dotted lower-case words.
        public let key: String
        /// The value.
        public var value: GGUFValue
    }

    /// Name of the file, for errors.
    let file: String
    /// Name of the file, for messages.
    package var source: String { file }
    /// All entries, in file order.
    public private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]

    /// No entries yet. `file` is what errors of the typed getters will name.
    public init(file: String = "metadata") {
        self.file = file
    }

    /// The value of `key`. Setting a new key puts it last; setting nil removes the entry.
    public subscript(key: String) -> GGUFValue? {
        get { positions[key].map { entries[$0].value } }
        set {
            switch (positions[key], newValue) {
            case (let position?, let value?): entries[position].value = value
            case (nil, let value?):
                positions[key] = entries.count
                entries.append(Entry(key: key, value: value))
            case (let position?, nil):
                entries.remove(at: position)
                positions = [:]
                for (index, entry) in entries.enumerated() { positions[entry.key] = index }
            case (nil, nil): break
            }
        }
    }

    /// Whether entries are the same, in the same order.
    public static func == (left: GGUFMetadata, right: GGUFMetadata) -> Bool {
        left.entries == right.entries
    }
}
