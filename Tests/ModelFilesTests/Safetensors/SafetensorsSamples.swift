import ModelFiles
import TensorCore

/// Safetensors bytes put together by hand, right or wrong.
enum SafetensorsSamples {
    /// A file with `header`, whose length is right unless given, and `data`.
    static func file(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { [UInt8]($0) } + text + data
    }

    /// Reads `bytes` as a file.
    static func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
        try SafetensorsFile(.copying(bytes), path: "sample")
    }

    /// The problem that opening `bytes` meets; nil when there is none.
    static func problem(_ bytes: [UInt8]) -> SafetensorsError.Problem? {
        do {
            _ = try open(bytes)
            return nil
        } catch let error as SafetensorsError {
            return error.problem
        } catch {
            return .io("\(error)")
        }
    }
}

extension ByteRegion {
    /// The bytes, copied.
    var copied: [UInt8] { withBytes { $0.withUnsafeBytes { [UInt8]($0) } } }
}
