internal import ChatTemplates
public import Kite

/// The text of one answer on its way through the guards: goes in as the model makes it, comes out as far as every guard
/// has cleared it.
///
/// ```swift
/// var text = guards.guardedText(prompt: messages)
/// for … {
///     switch try await text.append(delta, logprobs: logprobs) {
///     case .released(let text, let logprobs): // send, where there is any
///     case .blocked(let block):               // refusal, finish_reason content_filter, stop the model
///     }
/// }
/// switch try await text.finish() { … }        // the rest, or a last-moment refusal
/// ```
public struct GuardedText: Sendable {
    /// What may go out.
    public enum Piece: Sendable {
        /// Text, perhaps empty, and the log-probabilities of the tokens that are in what has been released completely.
        case released(String, [TokenLogprob])
        /// The answer is forbidden; nothing more of it may go out.
        case blocked(GuardBlock)
    }

    private let guards: [any ContentGuard]
    private let metrics: GuardMetrics
    private var reviewers: [any AnswerReviewer]
    private var cleared: [Int]
    /// Text that has not gone out yet.
    private var held = ""
    /// Bytes that went out.
    private var released = 0
    /// Log-probabilities that wait, with the byte where their text ends.
    private var waiting: [(end: Int, logprobs: [TokenLogprob])] = []
    private var block: GuardBlock?

    init(guards: [any ContentGuard], prompt: [ChatMessage], continuing text: String, metrics: GuardMetrics) {
        self.guards = guards
        self.metrics = metrics
        reviewers = guards.map {
            text.isEmpty ? $0.makeReviewer(prompt: prompt) : $0.makeReviewer(prompt: prompt, continuing: text)
        }
        cleared = guards.map { _ in 0 }
    }

    /// Takes what the answer grew by.
    /// - Throws: ``GuardError`` when a guard could not judge; `CancellationError`.
    public mutating func append(_ delta: String, logprobs: [TokenLogprob] = []) async throws -> Piece {
        if let block { return .blocked(block) }
        if guards.isEmpty { return .released(delta, logprobs) }
        held += delta
        if !logprobs.isEmpty { waiting.append((released + held.utf8.count, logprobs)) }
        return try await pass { try await $0.append(delta) }
    }

    /// The answer is complete: the last chance to forbid it. What is not cleared now is dropped.
    public mutating func finish() async throws -> Piece {
        if let block { return .blocked(block) }
        if guards.isEmpty { return .released("", []) }
        return try await pass { try await $0.finish() }
    }

    private mutating func pass(
        _ step: (inout any AnswerReviewer) async throws -> AnswerVerdict
    ) async throws -> Piece {
        for index in guards.indices {
            let verdict = try await metrics.observed(guards[index], .output) { try await step(&reviewers[index]) }
            switch verdict {
            case .cleared(let bytes): cleared[index] = max(cleared[index], bytes)
            case .blocked(let reason):
                metrics.countBlock(guards[index], .output)
                let block = GuardBlock(guardName: guards[index].name, direction: .output, reason: reason)
                self.block = block
                (held, waiting) = ("", [])
                return .blocked(block)
            }
        }
        return release(upTo: cleared.min() ?? 0)
    }

    /// What is held back, up to byte `end` of the answer or the character before.
    private mutating func release(upTo end: Int) -> Piece {
        var count = max(0, min(end - released, held.utf8.count))
        let bytes = held.utf8
        // Never half a character.
        var border = bytes.index(bytes.startIndex, offsetBy: count)
        while border > bytes.startIndex, border < bytes.endIndex, bytes[border] & 0xC0 == 0x80 {
            border = bytes.index(before: border)
            count -= 1
        }
        let text = String(held[..<border])
        held.removeSubrange(..<border)
        released += count
        var logprobs: [TokenLogprob] = []
        while let first = waiting.first, first.end <= released { logprobs += waiting.removeFirst().logprobs }
        return .released(text, logprobs)
    }
}
