import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Whatever happens to a byte, a file opens or is refused by name.
@Suite struct GGUFPropertyTests {
    @Test func everyByteFlip() throws {
        let original = GGUFSamples.small.bytes()
        let shapes = try GGUFSamples.open(original).tensors.map { $0.dimensions }
        var opened = 0
        var refused = 0
        var bytes = original
        for position in bytes.indices {
            for value in [original[position] ^ 0x01, original[position] ^ 0x80, original[position] ^ 0xFF, 0, 255] {
                bytes[position] = value
                do {
                    let file = try GGUFSamples.open(bytes)
                    // Only the tensor count itself can make the list shorter.
                    #expect(file.tensors.count == shapes.count || (8..<16).contains(position))
                    GGUFSamples.touchEverything(file)
                    opened += 1
                } catch {
                    #expect(!error.description.isEmpty)
                    refused += 1
                }
            }
            bytes[position] = original[position]
        }
        #expect(opened > 0 && refused > 0)
    }

    @Test func everyTruncation() {
        let bytes = GGUFSamples.small.bytes()
        // The last tensor needs 68 bytes of its 96.
        for count in 0..<bytes.count - 28 {
            #expect(GGUFSamples.problem(Array(bytes.prefix(count))) != nil, "\(count) bytes")
        }
    }

    @Test func everyProblemHasWords() {
        let problems: [GGUFError.Problem] = [
            .unreadable("r"), .empty, .tooShort(bytes: 1), .notGGUF(.zip), .byteSwapped, .unsupportedVersion(1),
            .unsupportedVersion(9), .endOfFile(offset: 1, reading: "r"), .truncated(needed: 2, actual: 1),
            .tensorCount(1, most: 0), .entryCount(1, most: 0), .keyLength(0, entry: 0), .invalidUTF8("r"),
            .duplicateKey("k"), .unknownValueType(1, key: "k"), .invalidBool(2, key: "k"), .nestedArray(key: "k"),
            .stringLength(1, key: "k", remaining: 0), .arrayLength(1, key: "k", remaining: 0), .alignment("3"),
            .missingKey("k"), .wrongKind(key: "k", wanted: "w", found: "f"), .outOfRange(key: "k", value: "v"),
            .tensorNameLength(0, tensor: 0), .duplicateTensor("t"), .dimensionCount(0, tensor: "t"),
            .dimension(0, tensor: "t"), .tensorTooLarge("t"), .unknownTensorType(99, tensor: "t"),
            .unsupportedTensorTypes(["T"]), .partialBlock(tensor: "t", columns: 1, type: .q8_0),
            .offsetUnaligned(tensor: "t", offset: 1, alignment: 32),
            .offsetUnexpected(tensor: "t", offset: 1, expected: 0), .missingTensor("t"),
            .notMatrix(tensor: "t", dimensions: [1, 1, 2]), .partName(count: 2), .partNumber(found: 0, expected: 1),
            .partCount(found: 1, expected: 2), .missingPart("p"), .partArchitecture(found: "a", expected: "b"),
            .partTensorCount(found: 1, expected: 2), .unwritable("r"),
            .tensorDataSize(tensor: "t", needed: 1, found: 2), .badSplit,
        ]
        for problem in problems {
            let words = "\(problem)"
            #expect(!words.isEmpty && !words.contains("\n"))
        }
    }
}
