import Synchronization

/// What passes over a model take here and now: how much longer for each token beyond the first.
///
/// Measured while answers are made, because it differs by a factor of ten between types, sizes and machines.
package final class PassCosts: Sendable {
    private struct State {
        /// Seconds of a pass for one token; nil until there was one.
        var single: Double?
        var slope = 0.1
    }

    private let state = Mutex(State())

    package init() {}

    /// What each further token of a pass takes, as a share of a pass for one; nil until one was measured.
    package var slope: Double? { state.withLock { $0.single == nil ? nil : $0.slope } }

    /// Takes note of a pass for `columns` tokens.
    package func note(columns: Int, seconds: Double) {
        guard seconds > 0, columns > 0 else { return }
        state.withLock { state in
            guard let single = state.single else {
                if columns == 1 { state.single = seconds }
                return
            }
            if columns == 1 {
                // Passes are only ever held up, so a shorter one says more than a longer one.
                state.single = single + (seconds - single) * (seconds < single ? 0.5 : 0.1)
            } else {
                let seen = (seconds / single - 1) / Double(columns - 1)
                state.slope += 0.25 * (min(max(seen, 0), 2) - state.slope)
            }
        }
    }
}
