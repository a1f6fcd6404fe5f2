import Synchronization

/// Set by Ctrl-C, asked by the measuring loop.
final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether to stop.
    var isRaised: Bool { flag.load(ordering: .relaxed) }

    /// Asks to stop.
    func raise() { flag.store(true, ordering: .relaxed) }
}
