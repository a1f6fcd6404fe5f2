internal import CoreMetrics
internal import Metrics

/// What guards do, counted: `kite_guard_blocked_total` and `kite_guard_errors_total`, by guard and direction.
struct GuardMetrics: Sendable {
    /// Where it is counted; nil for where the program counts.
    let factory: (any MetricsFactory)?

    /// Calls `body`; an error becomes ``GuardError/failed(guardName:reason:)`` and is counted.
    func observed<Value>(
        _ one: any ContentGuard, _ direction: GuardDirections, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            count("kite_guard_errors_total", one, direction)
            if let error = error as? GuardError { throw error }
            throw GuardError.failed(guardName: one.name, reason: "\(error)")
        }
    }

    /// Counts something forbidden.
    func countBlock(_ one: any ContentGuard, _ direction: GuardDirections) {
        count("kite_guard_blocked_total", one, direction)
    }

    private func count(_ label: String, _ one: any ContentGuard, _ direction: GuardDirections) {
        Counter(
            label: label, dimensions: [("guard", one.name), ("direction", direction == .input ? "in" : "out")],
            factory: factory ?? MetricsSystem.factory
        ).increment()
    }
}
