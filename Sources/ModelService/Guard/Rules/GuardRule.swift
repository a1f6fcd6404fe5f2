/// A rule: what must not be asked or answered.
public struct GuardRule: Sendable, Hashable {
    /// Where it looks.
    public let directions: GuardDirections
    /// Why it forbids, for the person who asked.
    public let reason: String
    let pattern: RulePattern

    /// A rule.
    /// - Parameter pattern: Words, with `*`, `?`, spaces and `\` as `docs/serving.md` describes.
    /// - Throws: ``GuardError/invalidRules(path:line:problem:)`` for a pattern that cannot be used.
    public init(_ pattern: String, directions: GuardDirections = .both, reason: String? = nil) throws(GuardError) {
        do throws(RuleProblem) {
            try self.init(pattern: pattern, directions: directions, reason: reason)
        } catch {
            throw .invalidRules(path: "rule", line: 1, problem: error.text)
        }
    }

    init(pattern: String, directions: GuardDirections, reason: String?) throws(RuleProblem) {
        self.pattern = try RulePattern(pattern)
        self.directions = directions
        let reason = reason ?? ""
        self.reason = reason.isEmpty ? "it matches a rule" : reason
    }
}
