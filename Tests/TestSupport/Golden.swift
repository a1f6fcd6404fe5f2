public import Foundation

/// The expected results that lie in Tests/Golden, made by the scripts in scripts/golden.
public enum Golden {
    /// The repository's root folder.
    public static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Where `name`, such as `models/llama/model.gguf`, lies.
    public static func url(_ name: String) -> URL {
        repository.appending(path: "Tests/Golden").appending(path: name)
    }

    /// ``url(_:)`` as a path.
    public static func path(_ name: String) -> String { url(name).path(percentEncoded: false) }

    /// The bytes of a golden file.
    public static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

    /// The text of a golden file.
    public static func text(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

    /// A golden file of little-endian f32 numbers.
    public static func floats(_ name: String) throws -> [Float] {
        let bytes = try bytes(name)
        return stride(from: 0, to: bytes.count - 3, by: 4).map { at in
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
            return Float(bitPattern: bits)
        }
    }

    /// A golden JSON file.
    public static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
    }
}

/// Real vocabularies and models that lie beside the repository on some machines; tests that want them skip without.
public enum SharedFiles {
    /// `$KITE_SHARED`, else the folder `shared` beside the repository.
    public static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["KITE_SHARED"], !path.isEmpty { return URL(filePath: path) }
        return Golden.repository.deletingLastPathComponent().appending(path: "shared")
    }()

    /// Where `name`, such as `vocab/gpt-neox-tokenizer.json`, lies; nil when it does not.
    public static func path(_ name: String) -> String? {
        let path = folder.appending(path: name).path(percentEncoded: false)
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Whether `name` is there, for `.enabled(if:)`.
    public static func has(_ name: String) -> Bool { path(name) != nil }
}
