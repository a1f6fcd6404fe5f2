import ModelFiles
import Synchronization
import TensorCore
import Testing

@testable import KiteTools

/// Rows of rising numbers, slow at will.
private struct CountingRows: RowSource {
    let rows: Int
    let columns: Int
    var storedType: TensorType? { nil }
    var badRow: Int?
    let released = Released()

    final class Released: Sendable { let count = Mutex(0) }

    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) {}

    func read(_ rows: Range<Int>, into numbers: FloatBuffer) {
        numbers.withMutableSpan { span in
            for (index, row) in rows.enumerated() {
                for column in 0..<columns {
                    span[index * columns + column] = row == badRow ? .nan : Float((row * columns + column) % 1000)
                }
            }
        }
    }

    func release(_ rows: Range<Int>) { released.count.withLock { $0 += rows.count } }
}

@Suite struct EncodingPipelineTests {
    private static func delivered(_ pipeline: EncodingPipeline, _ index: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try pipeline.deliver(index) { span in span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    private static let shapes = [(1, 1), (700, 1000), (3, 200_000), (100_001, 3), (64, 64)]

    private static func pipeline(threads: Int) -> EncodingPipeline {
        let pipeline = EncodingPipeline(threads: threads)
        for (index, shape) in shapes.enumerated() {
            _ = pipeline.append(
                TensorEncoder(name: "t\(index)", source: CountingRows(rows: shape.0, columns: shape.1), target: .f32))
        }
        return pipeline
    }

    @Test(arguments: [1, 2, 5])
    func bytesComeInOrder(threads: Int) throws {
        let pipeline = Self.pipeline(threads: threads)
        for (index, shape) in Self.shapes.enumerated() {
            let bytes = try Self.delivered(pipeline, index)
            let expected = (0..<shape.0 * shape.1).map { Float($0 % 1000) }.withUnsafeBytes { [UInt8]($0) }
            #expect(bytes == expected)
        }
        // Once more, and in another order.
        for index in [4, 0, 3] { #expect(try !Self.delivered(pipeline, index).isEmpty) }
    }

    @Test func theFirstErrorOfTheFileIsReported() throws {
        for _ in 0..<20 {
            let pipeline = EncodingPipeline(threads: 4)
            for (name, bad) in [("a", 9000), ("b", 3), ("c", 1)] {
                let rows = CountingRows(rows: 10_000, columns: 64, badRow: bad)
                _ = pipeline.append(TensorEncoder(name: name, source: rows, target: .q8_0))
            }
            #expect(throws: ConversionError.notFinite(tensor: "a", row: 9000, column: 0)) {
                _ = try Self.delivered(pipeline, 0)
            }
            #expect(throws: ConversionError.notFinite(tensor: "b", row: 3, column: 0)) {
                _ = try Self.delivered(pipeline, 1)
            }
        }
    }

    @Test func allRowsAreReleasedAndFewAhead() throws {
        let pipeline = EncodingPipeline(threads: 2)
        let rows = CountingRows(rows: 400, columns: EncodingPipeline.pieceSize)
        _ = pipeline.append(TensorEncoder(name: "a", source: rows, target: .f16))
        var written = 0
        try pipeline.deliver(0) { span in
            written += 1
            // A row is a piece; a dozen wait to be written at most, and each thread may hold one.
            let ahead = rows.released.count.withLock { $0 } - written
            #expect(ahead <= 14)
        }
        #expect(rows.released.count.withLock { $0 } == 400)
    }

    @Test func anOutputThatFailsEndsTheWork() throws {
        struct Full: Error {}
        let pipeline = Self.pipeline(threads: 3)
        #expect(throws: Full.self) { try pipeline.deliver(1) { _ in throw Full() } }
        #expect(try Self.delivered(pipeline, 4).count == 64 * 64 * 4)
    }

    @Test func halvesOverflowWithAName() throws {
        var matrix = [Float](repeating: 1, count: 64 * 32)
        matrix[33 * 32 + 7] = -65520
        let bytes = matrix.withUnsafeBytes { [UInt8]($0) }
        let source = try #require(Matrix(type: .f32, rows: 64, columns: 32, data: ByteRegion(.copying(bytes))))
        let pipeline = EncodingPipeline(threads: 1)
        _ = pipeline.append(TensorEncoder(name: "x", source: source, target: .f16))
        #expect(throws: ConversionError.overflow(tensor: "x", row: 33, column: 7)) { try Self.delivered(pipeline, 0) }
    }
}
