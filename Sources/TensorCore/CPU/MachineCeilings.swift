internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What this machine can do at most at the moment: memory that it reads, multiply-adds that it does per second.
///
/// Measured, not looked up: neighbours of a virtual machine, frequencies and other programs are part of the answer.
public struct MachineCeilings: Sendable, Hashable {
    /// Threads that were measured together.
    public var threads: Int
    /// Bytes per second that all threads together read from memory, each along a stretch of its own.
    public var readBandwidth: Double
    /// Products of 8-bit integers, summed in 32 bits: operations per second of all threads; a multiply-add is two.
    public var int8Operations: Double
    /// Products of bf16 numbers, summed in f32; nil when the CPU level in use has no instruction for it.
    public var bf16Operations: Double?
    /// Fused multiply-adds of f32 numbers.
    public var f32Operations: Double

    /// Ceilings that are known.
    public init(
        threads: Int, readBandwidth: Double, int8Operations: Double, bf16Operations: Double?, f32Operations: Double
    ) {
        self.threads = threads
        self.readBandwidth = readBandwidth
        self.int8Operations = int8Operations
        self.bf16Operations = bf16Operations
        self.f32Operations = f32Operations
    }

    /// The higher of both in every respect: of two measurements, the one that was disturbed less.
    public func raised(by other: MachineCeilings) -> MachineCeilings {
        MachineCeilings(
            threads: threads, readBandwidth: max(readBandwidth, other.readBandwidth),
            int8Operations: max(int8Operations, other.int8Operations),
            bf16Operations: bf16Operations.map { max($0, other.bf16Operations ?? $0) } ?? other.bf16Operations,
            f32Operations: max(f32Operations, other.f32Operations))
    }
}

/// Measures ``MachineCeilings``, as often as asked; holds the memory that is read.
public final class CeilingMeter {
    private let pool: ThreadPool
    private let memory: ByteStore
    /// Long enough that starting and joining the threads does not count.
    private static let computeSeconds = 0.008
    private static let leastBytes = 1 << 28
    private static let mostBytes = 1 << 30

    /// - Parameters:
    ///   - threads: Threads that read and compute together.
    ///   - memory: What is read: the weights, when they are much larger than the caches; nil takes memory for it, eight
    ///     times the last-level cache, from 256 MB to 1 GB.
    public init(threads: Int, memory: ByteStore? = nil) {
        pool = ThreadPool(threads: threads)
        let size = min(max(8 * Self.lastLevelCache, Self.leastBytes), Self.mostBytes)
        if let memory, memory.count >= size {
            self.memory = memory
            return
        }
        // Written once: pages that were never written are all the same page of zeros.
        self.memory = ByteStore.allocating(size) { span in
            for offset in stride(from: 0, to: span.byteCount - 8, by: 4096) {
                span.storeBytes(of: UInt64(truncatingIfNeeded: offset), toByteOffset: offset, as: UInt64.self)
            }
        }
    }

    /// Medians of `repetitions` measurements of each kind, after one that warms up. Takes some 100 ms for each repetition.
    public func measure(repetitions: Int = 5) -> MachineCeilings {
        let level = kite_cpu_current()
        return MachineCeilings(
            threads: pool.threads, readBandwidth: median(repetitions, readRate),
            int8Operations: computeRate(level, KITE_ARITHMETIC_INT8, repetitions) ?? 0,
            bf16Operations: computeRate(level, KITE_ARITHMETIC_BF16, repetitions),
            f32Operations: computeRate(level, KITE_ARITHMETIC_F32, repetitions) ?? 0)
    }

    /// Bytes per second of one pass over the memory.
    private func readRate() -> Double {
        guard let base = memory.base else { return 0 }
        let share = min(memory.count, Self.mostBytes) / pool.threads & ~4095
        let start = Self.seconds
        pool.run { thread in _ = kite_ceiling_read(base + thread * share, share) }
        return Double(share * pool.threads) / max(Self.seconds - start, 1e-9)
    }

    /// nil when there is no such instruction.
    private func computeRate(_ level: kite_cpu_level, _ kind: kite_arithmetic, _ repetitions: Int) -> Double? {
        let perRound = kite_ceiling_compute(level, kind, 1)
        guard perRound > 0 else { return nil }
        var rounds: UInt64 = 1 << 10
        // The last bound is for a clock that stands still.
        while rounds < 1 << 40 {
            let start = Self.seconds
            _ = kite_ceiling_compute(level, kind, rounds)
            if Self.seconds - start >= Self.computeSeconds { break }
            rounds *= 2
        }
        let count = rounds
        let operations = Double(perRound) * Double(count) * Double(pool.threads)
        return median(repetitions) {
            let start = Self.seconds
            pool.run { _ in _ = kite_ceiling_compute(level, kind, count) }
            return operations / max(Self.seconds - start, 1e-9)
        }
    }

    private func median(_ count: Int, _ sample: () -> Double) -> Double {
        _ = sample()
        let sorted = (0..<max(count, 1)).map { _ in sample() }.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private static var lastLevelCache: Int {
        #if os(Linux)
        max(sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)), 0)
        #else
        0
        #endif
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
