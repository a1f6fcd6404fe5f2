import ModelFiles
import TensorCore
import TestSupport
import Testing

/// What llama.cpp's converter made of a checkpoint: a file of Tests/Golden/conversion.
struct ConverterGolden: Decodable {
    struct Entry: Decodable {
        let types: [String]
        let value: Value
    }

    enum Value: Decodable {
        case bool(Bool)
        case number(Double)
        case text(String)
        case array(ArrayDigest)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else {
                self = .array(try container.decode(ArrayDigest.self))
            }
        }
    }

    struct ArrayDigest: Decodable, Equatable {
        let count: Int
        let crc32: UInt32
    }

    struct Tensor: Decodable, Equatable {
        let type: String
        let shape: [Int]
        let crc32: UInt32
    }

    let metadata: [String: Entry]
    let tensors: [String: Tensor]

    /// Compares `file` with what was expected, key by key and tensor by tensor.
    /// - Parameter skippingData: Tensors whose bytes are not compared.
    func check(_ file: GGUFFile, skippingData: Set<String> = []) {
        #expect(Set(file.metadata.entries.map(\.key)) == Set(metadata.keys))
        for entry in file.metadata.entries {
            guard let expected = metadata[entry.key] else { continue }
            #expect(Self.matches(entry.value, expected), "\(entry.key) is \(entry.value), expected \(expected)")
        }
        #expect(Set(file.tensors.map(\.name)) == Set(tensors.keys))
        for tensor in file.tensors {
            guard let expected = tensors[tensor.name] else { continue }
            let found = Tensor(
                type: tensor.type.name, shape: tensor.dimensions,
                crc32: skippingData.contains(tensor.name)
                    ? expected.crc32 : tensor.data.withBytes { $0.withUnsafeBytes { CRC32.of($0) } })
            #expect(found == expected, "\(tensor.name)")
        }
    }

    private static func matches(_ value: GGUFValue, _ expected: Entry) -> Bool {
        switch (value, expected.value) {
        case (.bool(let found), .bool(let value)): return found == value && expected.types == ["BOOL"]
        case (.uint32(let found), .number(let value)): return Double(found) == value && expected.types == ["UINT32"]
        case (.float32(let found), .number(let value)):
            return found == Float(value) && expected.types == ["FLOAT32"]
        case (.string(let found), .text(let value)): return found == value
        case (.strings(let found), .array(let digest)):
            var bytes: [UInt8] = []
            for text in found { bytes += text + [0] }
            return ArrayDigest(count: found.count, crc32: bytes.withUnsafeBytes { CRC32.of($0) }) == digest
        case (.numbers(let found), .array(let digest)):
            let bytes = found.region.withBytes { $0.withUnsafeBytes { CRC32.of($0) } }
            return ArrayDigest(count: found.count, crc32: bytes) == digest
                && expected.types == ["ARRAY", "\(found.type)".uppercased()]
        default: return false
        }
    }
}

/// The checksum of zip and zlib.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ value >> 1 }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
    }
}
