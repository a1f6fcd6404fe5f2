import Synchronization
import TensorCore
import Testing

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 8])
    func chunksCoverEverythingOnce(threads: Int) {
        let pool = ThreadPool(threads: threads)
        #expect(pool.threads == threads)
        for (count, chunk) in [(0, 4), (1, 4), (7, 1), (64, 64), (1000, 7), (5, 0)] {
            let hits = (0..<count).map { _ in Counter() }
            pool.forEachChunk(of: count, chunk: chunk) { thread, range in
                #expect(thread >= 0 && thread < threads)
                for index in range { hits[index].increment() }
            }
            #expect(hits.allSatisfy { $0.value == 1 })
        }
    }

    @Test(arguments: [1, 2, 5])
    func runCallsEveryNumberOnce(threads: Int) {
        let pool = ThreadPool(threads: threads)
        let hits = (0..<threads).map { _ in Counter() }
        for _ in 0..<100 { pool.run { hits[$0].increment() } }
        #expect(hits.allSatisfy { $0.value == 100 })
    }

    @Test func manyShortRegions() {
        let pool = ThreadPool(threads: 2)
        let total = Counter()
        for _ in 0..<50_000 {
            pool.forEachChunk(of: 4, chunk: 1) { _, range in total.increment(by: range.count) }
        }
        #expect(total.value == 200_000)
    }

    /// More threads than any machine of ours has cores; spinning alone would take seconds per thousand regions.
    @Test(.timeLimit(.minutes(1)))
    func moreThreadsThanCores() {
        let pool = ThreadPool(threads: 3 * ThreadPool.defaultThreadCount + 5)
        let total = Counter()
        let clock = ContinuousClock()
        let time = clock.measure {
            for _ in 0..<2_000 {
                pool.forEachChunk(of: 64, chunk: 1) { _, _ in total.increment() }
            }
        }
        #expect(total.value == 128_000)
        #expect(time < .seconds(20))
    }

    @Test func regionInsideRegionRunsOnItsThread() {
        let pool = ThreadPool(threads: 3)
        let total = Counter()
        pool.forEachChunk(of: 6, chunk: 1) { outer, _ in
            pool.forEachChunk(of: 10, chunk: 3) { inner, range in
                #expect(inner == outer)
                total.increment(by: range.count)
            }
            pool.run { _ in total.increment() }
        }
        #expect(total.value == 6 * (10 + 3))
    }

    @Test func callersTakeTurns() async {
        let pool = ThreadPool(threads: 2)
        let total = Counter()
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        pool.forEachChunk(of: 8, chunk: 1) { _, _ in total.increment() }
                    }
                }
            }
        }
        #expect(total.value == 6_400)
    }

    @Test func workersEndWithThePool() {
        for _ in 0..<50 {
            let pool = ThreadPool(threads: 4)
            pool.run { _ in }
        }
        _ = ThreadPool(threads: 4)
        #expect(ThreadPool(threads: 0).threads == 1)
        #expect(ThreadPool.defaultThreadCount >= 1)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increment(by amount: Int = 1) { count.add(amount, ordering: .relaxed) }
}
