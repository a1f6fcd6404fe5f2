import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Tensor lists that must be refused, each with its own named problem.
@Suite struct GGUFMalformedTensorTests {
    private func problem(_ builder: GGUFBuilder) -> GGUFError.Problem? { GGUFSamples.problem(builder) }

    /// A tensor of any shape and type with 64 bytes of data.
    private func tensor(_ dimensions: [UInt64], type: UInt32 = 0) -> GGUFBuilder {
        GGUFBuilder().tensor("a", dimensions, type: type, data: .init(repeating: 0, count: 64))
    }

    @Test func nameLength() {
        for count in [0, 64, 100] {
            let name = String(repeating: "n", count: count)
            #expect(
                problem(GGUFBuilder().tensor(name, [1], floats: [1])) == .tensorNameLength(UInt64(count), tensor: 0))
        }
        #expect(problem(GGUFBuilder().tensor(String(repeating: "n", count: 63), [1], floats: [1])) == nil)
        let huge = GGUFBuilder().raw(record: GGUFBuilder.little(UInt64.max) + [UInt8](repeating: 0, count: 40))
        #expect(problem(huge) == .tensorNameLength(.max, tensor: 0))
    }

    @Test func nameNotUTF8() {
        let record = GGUFBuilder.little(UInt64(1)) + [0xFF] + [UInt8](repeating: 0, count: 40)
        #expect(problem(GGUFBuilder().raw(record: record)) == .invalidUTF8("the name of tensor 0"))
    }

    @Test func duplicateName() {
        #expect(
            problem(GGUFBuilder().tensor("a", [1], floats: [1]).tensor("a", [1], floats: [1]))
                == .duplicateTensor("a"))
    }

    @Test func dimensionCount() {
        #expect(problem(tensor([])) == .dimensionCount(0, tensor: "a"))
        #expect(problem(tensor([1, 1, 1, 1, 1])) == .dimensionCount(5, tensor: "a"))
        let record = GGUFBuilder.text("a") + GGUFBuilder.little(UInt32.max) + [UInt8](repeating: 0, count: 40)
        #expect(problem(GGUFBuilder().raw(record: record)) == .dimensionCount(.max, tensor: "a"))
    }

    @Test func dimension() {
        #expect(problem(tensor([0])) == .dimension(0, tensor: "a"))
        #expect(problem(tensor([4, 0])) == .dimension(0, tensor: "a"))
        #expect(problem(tensor([1 << 63])) == .dimension(.min, tensor: "a"))
        #expect(problem(tensor([.max])) == .dimension(-1, tensor: "a"))
    }

    @Test func sizeOverflow() {
        #expect(problem(tensor([1 << 32, 1 << 31])) == .tensorTooLarge("a"))
        #expect(problem(tensor([1 << 20, 1 << 20, 1 << 20, 1 << 20])) == .tensorTooLarge("a"))
        // As many elements as fit, but not as many bytes.
        #expect(problem(tensor([1 << 62])) == .tensorTooLarge("a"))
        #expect(problem(tensor([1 << 61])) == .tensorTooLarge("a"))
    }

    @Test func paddingWrap() {
        // 2^63 - 4 bytes: padding to 32 leaves the range.
        #expect(problem(tensor([(1 << 61) - 1])) == .tensorTooLarge("a"))
        // Fits with its padding, but not behind the header.
        #expect(problem(tensor([(1 << 61) - 16])) == .tensorTooLarge("a"))
        // Each fits, not both together.
        let two = tensor([1 << 60]).tensor("b", [1 << 60], offset: 1 << 62, data: [])
        #expect(problem(two) == .tensorTooLarge("b"))
    }

    @Test func unknownType() {
        #expect(problem(tensor([32], type: 43)) == .unknownTensorType(43, tensor: "a"))
        #expect(problem(tensor([32], type: .max)) == .unknownTensorType(.max, tensor: "a"))
    }

    @Test func unsupportedTypesAreListedByName() {
        let builder = GGUFBuilder()
            .tensor("a", [256], type: 19, data: []).tensor("b", [256], type: 39, data: [])
            .tensor("c", [256], type: 19, data: []).tensor("d", [1], floats: [1])
            .tensor("e", [32], type: 4, data: []).tensor("f", [32], type: 31, data: [])
        let names = ["IQ1_S", "MXFP4", "Q4_2 (removed in 2023)", "Q4_0_4_4 (removed in 2024)"]
        #expect(problem(builder) == .unsupportedTensorTypes(names))
        for id in (0 as UInt32)..<43 {
            guard TensorType(rawValue: id) == nil else { continue }
            guard case .unsupportedTensorTypes(let names) = problem(tensor([256], type: id)) else {
                Issue.record("type \(id) has no name")
                continue
            }
            #expect(names.count == 1)
        }
    }

    @Test func partialBlock() {
        #expect(problem(tensor([33], type: 8)) == .partialBlock(tensor: "a", columns: 33, type: .q8_0))
        #expect(problem(tensor([16, 2], type: 8)) == .partialBlock(tensor: "a", columns: 16, type: .q8_0))
        #expect(problem(tensor([128, 2], type: 12)) == .partialBlock(tensor: "a", columns: 128, type: .q4_K))
    }

    @Test func offsetUnaligned() {
        let builder = GGUFBuilder().tensor("a", [1], offset: 4, data: [0, 0, 0, 0])
        #expect(problem(builder) == .offsetUnaligned(tensor: "a", offset: 4, alignment: 32))
    }

    @Test func offsetOverlapping() {
        let builder = tensor([16]).tensor("b", [1], offset: 32, data: [0, 0, 0, 0])
        #expect(problem(builder) == .offsetUnexpected(tensor: "b", offset: 32, expected: 64))
    }

    @Test func offsetOutOfOrder() {
        let builder = GGUFBuilder()
            .tensor("a", [1], offset: 32, data: [0, 0, 0, 0]).tensor("b", [1], offset: 0, data: [0, 0, 0, 0])
        #expect(problem(builder) == .offsetUnexpected(tensor: "a", offset: 32, expected: 0))
    }

    @Test(arguments: [1 << 20, 1 << 63, UInt64.max - 31] as [UInt64])
    func offsetFarAway(_ offset: UInt64) {
        let builder = GGUFBuilder().tensor("a", [1], offset: offset, data: [0, 0, 0, 0])
        #expect(problem(builder) == .offsetUnexpected(tensor: "a", offset: offset, expected: 0))
    }

    @Test func truncatedDataTellsBothSizes() {
        let whole = GGUFBuilder().tensor("a", [16], floats: .init(repeating: 1, count: 16))
            .tensor("b", [1000], floats: .init(repeating: 1, count: 1000)).bytes()
        let needed = whole.count
        #expect(whole.count % 32 == 0 && 4000 % 32 == 0)
        for missing in [1, 100, 4000, 4050] {
            #expect(
                GGUFSamples.problem(Array(whole.dropLast(missing)))
                    == .truncated(needed: needed, actual: needed - missing))
        }
        let error = GGUFError(file: "m.gguf", .truncated(needed: 1000, actual: 10))
        #expect(error.description == "m.gguf: the file has 10 bytes of 1000; the download is incomplete")
    }

    @Test func dataLargerThanAnyFile() {
        let builder = tensor([1 << 50])
        let header = (builder.header().count + 31) / 32 * 32
        #expect(problem(builder) == .truncated(needed: header + 1 << 52, actual: header + 64))
    }
}
