import Synchronization

/// What passes over a model take here and now: how much longer for each token beyond the first.
///
/// Measured while answers are made, because it differs by a factor of ten between types, sizes and machines.
package final class PassCosts: Sendable {
    private struct State {
        /// Seconds of a pass for one token; nil until there was one.
        var single: Double?
        /// What each further token takes, as a share of `single`, by ``PassCosts/group(_:)``: kernels differ by columns.
        var slopes = [0.25, 0.15, 0.1, 0.1]
    }

    private let state = Mutex(State())

    package init() {}

    /// How long passes for 1, 2, … 16 tokens take, in passes for one; nil until one of those was measured.
    package var relative: [Double]? {
        state.withLock { state in
            guard state.single != nil else { return nil }
            return (1...16).map { $0 == 1 ? 1 : 1 + state.slopes[Self.group($0)] * Double($0 - 1) }
        }
    }

    /// 2, 3 and 4, 5 to 8, and more columns.
    private static func group(_ columns: Int) -> Int { columns <= 2 ? 0 : columns <= 4 ? 1 : columns <= 8 ? 2 : 3 }

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
                let group = Self.group(columns)
                state.slopes[group] += 0.25 * (min(max(seen, 0), 2) - state.slopes[group])
            }
        }
    }
}
