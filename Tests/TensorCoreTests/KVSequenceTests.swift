import TensorCore
import Testing

@Suite struct KVSequenceTests {
    @Test func layoutCountsBytes() throws {
        let layout = try #require(KVLayout(type: .f16, layers: 32, kvHeads: 32, headSize: 80))
        #expect(layout.bytesPerToken == 327_680)
        #expect(layout.pageBytes == 64 * 327_680)
        #expect(layout.pages(for: 0) == 0 && layout.pages(for: 64) == 1 && layout.pages(for: 65) == 2)
        // Codes and scales: 53% of f16.
        let codes = try #require(KVLayout(type: .int8, layers: 32, kvHeads: 32, headSize: 80))
        #expect(codes.bytesPerToken == 32 * 32 * 2 * (80 + 4))
        #expect(KVLayout(type: .int8, layers: 1, kvHeads: 1, headSize: 33)?.bytesPerToken == 36 + 4 + 33 + 4)
        #expect(KVLayout(type: .f32, layers: 1, kvHeads: 1, headSize: 1)?.bytesPerToken == 8)
        #expect(KVLayout(type: .f16, layers: 0, kvHeads: 1, headSize: 1) == nil)
        #expect(KVLayout(type: .f16, layers: 1 << 30, kvHeads: 1 << 30, headSize: 1 << 10) == nil)
    }

    @Test func pagesComeAsNeededAndGoWhenEmpty() throws {
        let layout = try #require(KVLayout(type: .f32, layers: 2, kvHeads: 2, headSize: 4))
        var sequence = KVSequence(layout)
        #expect(sequence.byteCount == 0)
        try sequence.reserve(upTo: 1)
        #expect(sequence.byteCount == layout.pageBytes)
        try sequence.reserve(upTo: 130)
        #expect(sequence.byteCount == 3 * layout.pageBytes)
        sequence.advance(to: 130)
        sequence.truncate(to: 64)
        #expect(sequence.length == 64 && sequence.byteCount == layout.pageBytes)
        sequence.truncate(to: 100)
        #expect(sequence.length == 64)
        sequence.truncate(to: -1)
        #expect(sequence.length == 0 && sequence.byteCount == 0)
    }

    @Test func impossiblePagesAreErrors() throws {
        let layout = try #require(KVLayout(type: .f32, layers: 1 << 20, kvHeads: 1 << 20, headSize: 1 << 10))
        var sequence = KVSequence(layout)
        #expect(throws: AllocationError.self) { try sequence.reserve(upTo: 1) }
        #expect(sequence.byteCount == 0)
    }
}
