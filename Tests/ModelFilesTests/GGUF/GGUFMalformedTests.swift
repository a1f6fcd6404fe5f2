import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Header and metadata that must be refused, each with its own named problem.
@Suite struct GGUFMalformedHeaderTests {
    private func problem(_ builder: GGUFBuilder) -> GGUFError.Problem? { GGUFSamples.problem(builder) }

    @Test func emptyFile() {
        #expect(GGUFSamples.problem([]) == .empty)
    }

    @Test func shortFile() {
        #expect(GGUFSamples.problem(Array("GG".utf8)) == .tooShort(bytes: 2))
        #expect(GGUFSamples.problem(Array(GGUFBuilder().bytes().prefix(23))) == .tooShort(bytes: 23))
    }

    @Test func badMagic() {
        #expect(problem(GGUFBuilder().with { $0.magic = Array("GGUX".utf8) }) == .notGGUF(.unknown))
    }

    @Test func otherFormats() {
        let text: [(String, ForeignFormat)] = [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n", .gitLFSPointer),
            ("<!DOCTYPE html>\n<html>", .html), ("\n  <html lang=\"en\">", .html),
            ("PK\u{3}\u{4}\u{14}\0", .zip), ("{\"error\": \"not found\"}", .json), ("lmgg\0\0\0\0", .ggml),
            ("tjgg\u{1}\0\0\0", .ggml), ("hello world, not a model", .unknown),
        ]
        for (text, format) in text { #expect(GGUFSamples.problem(Array(text.utf8)) == .notGGUF(format)) }
        #expect(GGUFSamples.problem([0x80, 2, 0x8A, 0x0A]) == .notGGUF(.pickle))
        #expect(GGUFSamples.problem([0x1F, 0x8B, 8, 0]) == .notGGUF(.compressed))
        #expect(GGUFSamples.problem(GGUFBuilder.little(UInt64(2)) + Array("{\"a\"".utf8)) == .notGGUF(.safetensors))
        #expect(GGUFSamples.problem([UInt8](repeating: 0, count: 4096)) == .notGGUF(.zeros))
        #expect(ForeignFormat.allCases.allSatisfy { !$0.description.isEmpty })
    }

    @Test(arguments: [0, 1, 4, 1000] as [UInt32])
    func version(_ version: UInt32) {
        #expect(problem(GGUFBuilder().with { $0.version = version }) == .unsupportedVersion(version))
    }

    @Test func byteSwapped() {
        #expect(problem(GGUFBuilder().with { $0.version = UInt32(3).byteSwapped }) == .byteSwapped)
        #expect(problem(GGUFBuilder().with { $0.magic.reverse() }) == .byteSwapped)
    }

    @Test func tensorCount() {
        let small = GGUFBuilder().tensor("a", [1], floats: [1])
        let most = (small.bytes().count - 24) / 33
        for count in [Int64(-1), .min, .max, Int64(most) + 1] {
            let builder = small.with { $0.tensorCount = UInt64(bitPattern: count) }
            #expect(problem(builder) == .tensorCount(count, most: most))
        }
    }

    @Test func entryCount() {
        let small = GGUFBuilder().set("a", .uint8(1)).set("b", .uint8(1))
        for count in [Int64(-1), .min, .max, 3] {
            #expect(
                problem(small.with { $0.entryCount = UInt64(bitPattern: count) }) == .entryCount(count, most: 2))
        }
    }

    @Test func countsThatFitButAreNotThere() {
        let builder = GGUFBuilder().set("a", .string(.init(repeating: "x", count: 100)))
        #expect(
            problem(builder.with { $0.entryCount = 2 })
                == .endOfFile(offset: builder.bytes().count, reading: "the key length of metadata entry 1"))
        #expect(
            problem(builder.with { $0.tensorCount = 1 })
                == .endOfFile(offset: builder.bytes().count, reading: "the name length of tensor 0"))
    }
}

/// Metadata entries that must be refused.
@Suite struct GGUFMalformedMetadataTests {
    private func problem(_ builder: GGUFBuilder) -> GGUFError.Problem? { GGUFSamples.problem(builder) }

    /// An entry whose key claims `length` bytes.
    private func key(_ length: UInt64) -> GGUFBuilder {
        GGUFBuilder().raw(entry: GGUFBuilder.little(length) + Array("abcdefghijklmnop".utf8))
    }

    @Test(arguments: [0, 17, 70_000, 1 << 40, .max] as [UInt64])
    func keyLength(_ length: UInt64) {
        #expect(problem(key(length)) == .keyLength(length, entry: 0))
    }

    @Test func longKeyThatIsThere() {
        let builder = GGUFBuilder().set(String(repeating: "k", count: 65_536), .uint8(0))
        #expect(problem(builder) == .keyLength(65_536, entry: 0))
        #expect(problem(GGUFBuilder().set(String(repeating: "k", count: 65_535), .uint8(0))) == nil)
    }

    @Test func keyNotUTF8() {
        let builder = GGUFBuilder().raw(entry: GGUFBuilder.little(UInt64(2)) + [0xC3, 0x28, 0, 0, 0, 0, 1])
        #expect(problem(builder) == .invalidUTF8("the key of metadata entry 0"))
    }

    @Test func duplicateKey() {
        #expect(problem(GGUFBuilder().set("a", .uint8(1)).set("a", .bool(true))) == .duplicateKey("a"))
    }

    @Test(arguments: [13, 255, .max] as [UInt32])
    func unknownValueType(_ type: UInt32) {
        #expect(
            problem(GGUFBuilder().entry("a", type: type, [0, 0, 0, 0, 0, 0, 0, 0]))
                == .unknownValueType(type, key: "a"))
        let array = GGUFBuilder.little(type) + GGUFBuilder.little(UInt64(1)) + [0, 0, 0, 0]
        #expect(problem(GGUFBuilder().entry("a", type: 9, array)) == .unknownValueType(type, key: "a"))
    }

    @Test func boolOtherThanZeroAndOne() {
        #expect(problem(GGUFBuilder().entry("a", type: 7, [2])) == .invalidBool(2, key: "a"))
        let array = GGUFBuilder.little(UInt32(7)) + GGUFBuilder.little(UInt64(3)) + [0, 1, 255]
        #expect(problem(GGUFBuilder().entry("a", type: 9, array)) == .invalidBool(255, key: "a"))
    }

    @Test func arrayOfArrays() {
        let array = GGUFBuilder.little(UInt32(9)) + GGUFBuilder.little(UInt64(1)) + [0, 0, 0, 0]
        #expect(problem(GGUFBuilder().entry("a", type: 9, array)) == .nestedArray(key: "a"))
    }

    @Test(arguments: GGUFValueType.allCases.filter { $0 != .array })
    func arrayLength(type: GGUFValueType) {
        for length in [3, 1 << 30, (1 << 30) + 1, 1 << 61, .max] as [UInt64] {
            let array = GGUFBuilder.little(type.rawValue) + GGUFBuilder.little(length) + [0, 0]
            #expect(
                problem(GGUFBuilder().entry("a", type: 9, array)) == .arrayLength(length, key: "a", remaining: 2))
        }
    }

    @Test(arguments: [4, 1 << 30, (1 << 30) + 1, 1 << 63, .max] as [UInt64])
    func stringLength(_ length: UInt64) {
        let string = GGUFBuilder.little(length) + Array("abc".utf8)
        #expect(
            problem(GGUFBuilder().entry("a", type: 8, string)) == .stringLength(length, key: "a", remaining: 3))
        let array = GGUFBuilder.little(UInt32(8)) + GGUFBuilder.little(UInt64(1)) + string
        #expect(
            problem(GGUFBuilder().entry("a", type: 9, array)) == .stringLength(length, key: "a", remaining: 3))
    }

    @Test func truncatedInTheMiddleOfAValue() {
        let filler = [UInt8](repeating: 0x61, count: 40)
        let before = GGUFBuilder().set("filler", .bytes(filler))
        for value: GGUFValue in [.uint8(1), .int16(1), .uint32(1), .float64(1), .bool(true)] {
            let bytes = Array(before.set("a", value).bytes().dropLast())
            #expect(GGUFSamples.problem(bytes) == .endOfFile(offset: bytes.count, reading: "a"))
        }
        let bytes = Array(before.entry("a", type: 4, []).bytes().dropLast(2))
        #expect(GGUFSamples.problem(bytes) == .endOfFile(offset: bytes.count, reading: "the type of a"))
    }

    @Test func alignmentOfAnotherKind() {
        #expect(
            problem(GGUFBuilder().set("general.alignment", .string("32")))
                == .wrongKind(key: "general.alignment", wanted: "an integer", found: "a string"))
        #expect(
            problem(GGUFBuilder().set("general.alignment", .float32(32)))
                == .wrongKind(key: "general.alignment", wanted: "an integer", found: "a fraction"))
    }

    @Test(
        arguments: [
            .uint32(0), .uint32(1), .uint32(4), .uint32(33), .uint32(48), .uint32(1 << 31), .int32(-32),
            .uint64(1 << 63),
            .uint64(1 << 25),
        ] as [GGUFValue])
    func alignmentOutOfRange(_ value: GGUFValue) {
        #expect(problem(GGUFBuilder().set("general.alignment", value)) == .alignment(value.description))
    }

    @Test func alignmentOfAnyWidth() {
        for value: GGUFValue in [.uint8(32), .int32(32), .uint64(32), .int64(32)] {
            #expect(problem(GGUFBuilder().set("general.alignment", value)) == nil)
        }
    }
}
