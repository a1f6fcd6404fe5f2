public import ChatTemplates

/// Forbids what a list of rules names. Looks for all rules at once, in time linear in the text, and holds back of an answer
/// only what may be the beginning of a match. Escapes of JSON hide nothing.
public struct RulesGuard: ContentGuard {
    /// A short name.
    public let name: String
    /// Where any of its rules looks.
    public let directions: GuardDirections
    private let input: RuleTable
    private let output: RuleTable

    /// A guard with the given rules.
    public init(_ rules: [GuardRule], name: String = "rules") {
        self.name = name
        directions = rules.reduce([]) { $0.union($1.directions) }
        input = RuleTable(rules.filter { $0.directions.contains(.input) })
        output = RuleTable(rules.filter { $0.directions.contains(.output) })
    }

    /// A guard with the rules of a file, in lines or in JSON; `docs/serving.md` describes both.
    /// - Throws: ``GuardError/invalidRules(path:line:problem:)``.
    public init(path: String, name: String = "rules") throws(GuardError) {
        self.init(try RulesFile.read(path), name: name)
    }

    /// Judges every message of a prompt, or an answer.
    public func review(_ content: GuardedContent) async throws -> GuardVerdict {
        if let answer = content.answer { return verdict(output, answer) }
        for message in content.prompt {
            let verdict = verdict(input, message.content)
            if verdict != .allowed { return verdict }
        }
        return .allowed
    }

    private func verdict(_ table: RuleTable, _ text: String) -> GuardVerdict {
        var review = RuleReview(table)
        guard let rule = review.append(text) ?? review.finish() else { return .allowed }
        return .blocked(reason: table.rules[rule].reason)
    }

    /// Follows an answer.
    public func makeReviewer(prompt: [ChatMessage]) -> any AnswerReviewer { Reviewer(table: output, after: "") }

    /// Follows an answer that goes on with `text`: a rule may begin in the text, but must end in the answer.
    public func makeReviewer(prompt: [ChatMessage], continuing text: String) -> any AnswerReviewer {
        Reviewer(table: output, after: text)
    }

    private struct Reviewer: AnswerReviewer {
        private let table: RuleTable
        private var review: RuleReview
        /// Bytes of the text before the answer.
        private let skipped: Int

        init(table: RuleTable, after text: String) {
            self.table = table
            review = RuleReview(table)
            skipped = review.skip(text)
        }

        mutating func append(_ text: String) async throws -> AnswerVerdict {
            let rule = review.append(text)
            return verdict(rule)
        }

        mutating func finish() async throws -> AnswerVerdict {
            let rule = review.finish()
            return verdict(rule)
        }

        private func verdict(_ rule: Int?) -> AnswerVerdict {
            rule.map { .blocked(reason: table.rules[$0].reason) }
                ?? .cleared(bytes: max(0, review.clearedCount - skipped))
        }
    }
}
