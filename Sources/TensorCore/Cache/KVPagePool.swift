internal import Synchronization

/// Counts the pages that the key/value caches of a model take together, and keeps them within a limit.
package final class KVPagePool: Sendable {
    /// Most pages.
    package let limit: Int
    private let taken = Atomic(0)

    package init(limit: Int) { self.limit = limit }

    /// Pages there are now.
    package var pageCount: Int { taken.load(ordering: .relaxed) }

    /// Counts one page more; false, and none is counted, where that would exceed the limit.
    func take() -> Bool {
        var count = taken.load(ordering: .relaxed)
        while count < limit {
            let (exchanged, original) = taken.weakCompareExchange(
                expected: count, desired: count + 1, ordering: .relaxed)
            if exchanged { return true }
            count = original
        }
        return false
    }

    /// Counts one page less.
    func giveBack() { taken.subtract(1, ordering: .relaxed) }
}
