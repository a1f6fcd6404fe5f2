#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif
internal import CKernels
internal import Synchronization

/// How long a waiting thread holds its core before it sleeps.
///
/// Spinning pays while every thread has a core. When a spinner notices that it was descheduled (a long hole between
/// two looks at the clock), cores are short: the budget shrinks at once, and grows back with every wait that
/// succeeded while spinning.
final class SpinBudget: Sendable {
    private static let longest = 60_000
    private static let shortest = 2_000
    /// Between two looks at the clock lie about 64 pauses, 1 to 3 µs.
    private static let descheduled = 200_000

    private let nanoseconds = Atomic<Int>(longest)
    private let ceiling = Atomic<Int>(longest)

    /// Spins as little as possible from now on.
    func minimize() {
        ceiling.store(Self.shortest, ordering: .relaxed)
        nanoseconds.store(Self.shortest, ordering: .relaxed)
    }

    /// Spins until `condition` holds (true) or the budget is spent (false).
    @inline(__always)
    func wait(until condition: () -> Bool) -> Bool {
        for _ in 0..<32 {
            if condition() { return true }
            kite_cpu_relax()
        }
        return longWait(condition)
    }

    private func longWait(_ condition: () -> Bool) -> Bool {
        let budget = nanoseconds.load(ordering: .relaxed)
        let start = Self.now()
        var last = start
        while last - start < budget {
            for _ in 0..<64 {
                if condition() {
                    let ceiling = ceiling.load(ordering: .relaxed)
                    if budget < ceiling { nanoseconds.store(min(budget + budget / 8, ceiling), ordering: .relaxed) }
                    return true
                }
                kite_cpu_relax()
            }
            let now = Self.now()
            if now - last > Self.descheduled {
                nanoseconds.store(max(budget / 4, Self.shortest), ordering: .relaxed)
                return condition()
            }
            last = now
        }
        return condition()
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
    }
}
