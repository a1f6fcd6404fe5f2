/// Names for rows that only round the size of a table.
enum Fillers {
    /// The name converters give to filler `id`.
    static func name(_ id: Int) -> [UInt8] { Array("[PAD\(id)]".utf8) }

    /// Whether `text` is the name of filler `id`.
    static func isName(_ text: ArraySlice<UInt8>, of id: Int) -> Bool {
        text.starts(with: [0x5B, 0x50, 0x41, 0x44]) && text.elementsEqual(name(id))
    }
}
