import TensorCore
import Testing

@Suite struct FloatBufferTests {
    @Test func startsZeroedAndKeepsWhatIsWritten() throws {
        let buffer = try FloatBuffer(count: 100)
        #expect(buffer.count == 100)
        buffer.withMutableSpan { span in
            for index in span.indices { span[index] += Float(index) }
        }
        let total = buffer.withSpan { span in span.indices.reduce(Float(0)) { $0 + span[$1] } }
        #expect(total == 4950)
    }

    @Test(arguments: [-1, Int.max, Int.max / 8])
    func impossibleSizesAreErrors(count: Int) {
        #expect(throws: AllocationError.self) { try FloatBuffer(count: count) }
    }

    @Test func levelsHaveNames() {
        #expect(CPULevel.scalar.name == "scalar")
        #expect(CPULevel.neonI8MM.name == "i8mm")
        #expect(CPULevel.allCases.contains(CPULevel.current))
    }
}
