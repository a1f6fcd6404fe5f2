public import ChatTemplates
internal import Metrics

/// All guards of a service, in order.
public struct GuardSet: Sendable {
    /// The guards.
    public let guards: [any ContentGuard]

    /// Guards that all must agree.
    public init(_ guards: [any ContentGuard]) { self.guards = guards }

    /// Whether any guard looks at answers.
    public var guardsOutput: Bool { guards.contains { $0.directions.contains(.output) } }

    /// Has every guard judge a prompt.
    /// - Returns: Who forbids it; nil when it may pass.
    /// - Throws: ``GuardError`` when a guard could not judge; `CancellationError`.
    public func review(prompt: [ChatMessage]) async throws -> GuardBlock? {
        for one in guards where one.directions.contains(.input) {
            let verdict = try await GuardMetrics.observed(one, .input) {
                try await one.review(GuardedContent(prompt: prompt))
            }
            if case .blocked(let reason) = verdict {
                GuardMetrics.countBlock(one, .input)
                return GuardBlock(guardName: one.name, direction: .input, reason: reason)
            }
        }
        return nil
    }

    /// What one answer passes through: one for each choice, and one for the arguments of each tool call.
    /// - Parameter prompt: What the answer is to.
    public func guardedText(prompt: [ChatMessage]) -> GuardedText {
        GuardedText(guards: guards.filter { $0.directions.contains(.output) }, prompt: prompt)
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

/// Why a guard could not judge. The request fails with it (503): nothing passes unguarded.
public enum GuardError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A guard failed while it judged.
    case failed(guardName: String, reason: String)
    /// A rules file that cannot be used: what is wrong in which line.
    case invalidRules(path: String, line: Int, problem: String)
    /// A classifier that cannot be used as it was described.
    case invalidClassifier(guardName: String, problem: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .failed(let name, let reason): "the content guard '\(name)' could not judge: \(reason)"
        case .invalidRules(let path, let line, let problem): "\(path), line \(line): \(problem)"
        case .invalidClassifier(let name, let problem): "the content guard '\(name)': \(problem)"
        }
    }

    /// The HTTP status that fits.
    public var status: Int { 503 }
    /// A word for programs.
    public var code: String { "guard_failed" }
}

/// What guards do, counted.
enum GuardMetrics {
    /// Calls `body`; an error becomes ``GuardError/failed(guardName:reason:)`` and is counted.
    static func observed<Value>(
        _ one: any ContentGuard, _ direction: GuardDirections, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            Counter(label: "kite_guard_errors_total", dimensions: dimensions(one, direction)).increment()
            if let error = error as? GuardError { throw error }
            throw GuardError.failed(guardName: one.name, reason: "\(error)")
        }
    }

    /// Counts something forbidden.
    static func countBlock(_ one: any ContentGuard, _ direction: GuardDirections) {
        Counter(label: "kite_guard_blocked_total", dimensions: dimensions(one, direction)).increment()
    }

    private static func dimensions(_ one: any ContentGuard, _ direction: GuardDirections) -> [(String, String)] {
        [("guard", one.name), ("direction", direction == .input ? "in" : "out")]
    }
}
