internal import ModelFiles
internal import TensorCore

/// Files of JSON that may be large.
enum ByteStoreText {
    /// The value in a file.
    static func json(at path: String) throws -> JSONValue {
        try JSONValue(parsing: ByteRegion(try ByteStore.mapping(path)))
    }
}
