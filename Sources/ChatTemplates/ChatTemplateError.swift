/// Why a chat template was refused or stopped.
public struct ChatTemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What sort of failure it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The text is not a template: a tag that is not closed, an operator without operand.
        case syntax
        /// A part of Jinja that does not exist here, such as `include`, `import`, `extends` or an unknown tag.
        case unsupported
        /// No filter of this name.
        case unknownFilter
        /// No test of this name.
        case unknownTest
        /// A value that is not defined was used for more than printing or testing it.
        case undefined
        /// An operation that its operand's type does not have, or arguments that do not fit.
        case type
        /// A value an operation cannot take: a slice step of 0, `int` of a base it does not know.
        case value
        /// A division by zero or an integer outside 64 bits.
        case arithmetic
        /// The template itself refused the conversation with `raise_exception`; `message` is its text.
        case raised
        /// An attempt to reach what the sandbox keeps out: `__class__`, a method that changes its object.
        case forbidden
        /// The source is longer than `Limits.sourceBytes`.
        case sourceTooLarge
        /// The source nests deeper than `Limits.nesting`.
        case nestingTooDeep
        /// Rendering ran deeper than `Limits.recursion`, as by a macro that calls itself.
        case recursionTooDeep
        /// Rendering took more than `Limits.steps` steps.
        case tooManySteps
        /// The result is longer than `Limits.outputBytes`.
        case outputTooLarge
        /// A list, mapping, range or text is longer than its limit.
        case collectionTooLarge
        /// The values made while rendering took more than `Limits.memoryBytes`.
        case memoryExceeded
    }

    /// What sort of failure it is.
    public let kind: Kind
    /// What is wrong, in one line; for `raised`, exactly the text the template gave.
    public let message: String
    /// The line of the template, from 1; 0 when the failure has no place in it.
    public let line: Int

    /// Makes an error.
    public init(kind: Kind, message: String, line: Int) {
        self.kind = kind
        self.message = message
        self.line = line
    }

    /// One line: what is wrong and where.
    public var description: String {
        let place = line > 0 ? "chat template, line \(line)" : "chat template"
        switch kind {
        case .raised: return "\(place): the template refused the conversation: \(message)"
        case .sourceTooLarge, .nestingTooDeep, .recursionTooDeep, .tooManySteps, .outputTooLarge, .collectionTooLarge,
            .memoryExceeded:
            return "\(place): limit exceeded: \(message)"
        default: return "\(place): \(message)"
        }
    }
}
