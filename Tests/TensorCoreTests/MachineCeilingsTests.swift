import Testing

@testable import TensorCore

@Suite struct MachineCeilingsTests {
    @Test func measuresAllThereIs() {
        let machine = CeilingMeter(threads: 2).measure(repetitions: 1)
        #expect(machine.threads == 2)
        // From a phone to a large server.
        #expect((1e8...1e13).contains(machine.readBandwidth))
        #expect((1e7...1e16).contains(machine.int8Operations))
        #expect((1e7...1e15).contains(machine.f32Operations))
        // Other tests force lower levels meanwhile, so nothing is said about whether there are any.
        #expect((1e7...1e15).contains(machine.bf16Operations ?? 1e9))
    }

    @Test func memoryThatIsLargeEnoughIsReadWhereItIs() {
        let weights = ByteStore.allocating(1 << 20) { _ in }
        // Too small to be more than a cache holds: others are read, and nothing breaks.
        #expect(CeilingMeter(threads: 1, memory: weights).measure(repetitions: 1).readBandwidth > 0)
    }

    @Test func theBetterOfTwoMeasurementsCounts() {
        let first = MachineCeilings(
            threads: 2, readBandwidth: 1, int8Operations: 5, bf16Operations: nil, f32Operations: 2)
        let second = MachineCeilings(
            threads: 2, readBandwidth: 3, int8Operations: 4, bf16Operations: 7, f32Operations: 2)
        let both = first.raised(by: second)
        #expect(
            both
                == MachineCeilings(
                    threads: 2, readBandwidth: 3, int8Operations: 5, bf16Operations: 7, f32Operations: 2))
    }
}
