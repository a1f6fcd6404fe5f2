public import ChatTemplates
package import CoreMetrics

/// All guards of a service, in order.
public struct GuardSet: Sendable {
    /// The guards.
    public let guards: [any ContentGuard]
    private let metrics: GuardMetrics

    /// Guards that all must agree.
    public init(_ guards: [any ContentGuard]) {
        self.guards = guards
        metrics = GuardMetrics(factory: nil)
    }

    /// Guards that are counted somewhere else than the rest of the program counts.
    package init(_ guards: [any ContentGuard], metrics factory: any MetricsFactory) {
        self.guards = guards
        metrics = GuardMetrics(factory: factory)
    }

    /// Whether any guard looks at answers.
    public var guardsOutput: Bool { guards.contains { $0.directions.contains(.output) } }

    /// Has every guard judge a prompt.
    /// - Returns: Who forbids it; nil when it may pass.
    /// - Throws: ``GuardError`` when a guard could not judge; `CancellationError`.
    public func review(prompt: [ChatMessage]) async throws -> GuardBlock? {
        for one in guards where one.directions.contains(.input) {
            let verdict = try await metrics.observed(one, .input) {
                try await one.review(GuardedContent(prompt: prompt))
            }
            if case .blocked(let reason) = verdict {
                metrics.countBlock(one, .input)
                return GuardBlock(guardName: one.name, direction: .input, reason: reason)
            }
        }
        return nil
    }

    /// What one answer passes through: one for each choice, and one for the arguments of each tool call.
    /// - Parameters:
    ///   - prompt: What the answer is to.
    ///   - text: What the answer goes on from, where it does not begin by itself.
    public func guardedText(prompt: [ChatMessage], continuing text: String = "") -> GuardedText {
        GuardedText(
            guards: guards.filter { $0.directions.contains(.output) }, prompt: prompt, continuing: text,
            metrics: metrics)
    }
}

/// A prompt or an answer that a guard forbids.
public struct GuardBlock: Sendable, Hashable {
    /// Who forbids it.
    public var guardName: String
    /// ``GuardDirections/input`` or ``GuardDirections/output``.
    public var direction: GuardDirections
    /// Why, for the person who asked.
    public var reason: String

    /// What the person is told in the place of an answer (OpenAI's `refusal`).
    public var refusal: String {
        direction == .input
            ? "This request was blocked by a content guard: \(reason)."
            : "This answer was stopped by a content guard: \(reason)."
    }
}
