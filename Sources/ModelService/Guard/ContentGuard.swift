public import ChatTemplates

/// Looks at what people ask and what models answer, and may forbid either.
///
/// An error that a guard throws means that nobody has looked: the request then fails, it is never answered unguarded.
public protocol ContentGuard: Sendable {
    /// A short name for refusals and metrics: letters, digits, `-`, `_`.
    var name: String { get }
    /// What it looks at.
    var directions: GuardDirections { get }

    /// Judges a whole prompt, or a whole answer.
    func review(_ content: GuardedContent) async throws -> GuardVerdict

    /// Follows one answer while it is made.
    ///
    /// Without an implementation of its own an answer is held back until it is complete, and ``review(_:)`` judges it.
    /// - Parameter prompt: What the answer is to.
    func makeReviewer(prompt: [ChatMessage]) -> any AnswerReviewer

    /// Follows an answer that goes on with a text which is there already, so that what begins in the one and ends in the
    /// other is found, too.
    ///
    /// Without an implementation of its own the answer is followed by itself.
    /// - Parameters:
    ///   - prompt: What the answer is to, with the text.
    ///   - text: The text. It is no part of the answer: what a reviewer clears are bytes of the answer.
    func makeReviewer(prompt: [ChatMessage], continuing text: String) -> any AnswerReviewer
}

extension ContentGuard {
    /// Holds the answer back until ``review(_:)`` can judge all of it.
    public func makeReviewer(prompt: [ChatMessage]) -> any AnswerReviewer {
        WholeAnswerReviewer(contentGuard: self, prompt: prompt)
    }

    /// Follows the answer by itself.
    public func makeReviewer(prompt: [ChatMessage], continuing text: String) -> any AnswerReviewer {
        makeReviewer(prompt: prompt)
    }
}

/// Which way a guard looks.
public struct GuardDirections: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// From bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Prompts.
    public static let input = GuardDirections(rawValue: 1)
    /// Answers.
    public static let output = GuardDirections(rawValue: 2)
    /// Prompts and answers.
    public static let both: GuardDirections = [.input, .output]
}

/// What a guard is to judge.
public struct GuardedContent: Sendable, Hashable {
    /// The conversation; a prompt that is no conversation is one message of the user.
    public var prompt: [ChatMessage]
    /// The answer; nil when the prompt is to be judged.
    public var answer: String?

    /// A prompt, or an answer to it.
    public init(prompt: [ChatMessage], answer: String? = nil) {
        self.prompt = prompt
        self.answer = answer
    }
}

/// What a guard says.
public enum GuardVerdict: Sendable, Hashable {
    /// Nothing against it.
    case allowed
    /// It must not pass: why, for the person who asked.
    case blocked(reason: String)
}

/// Follows one answer of a model while it grows. A value for one answer, used by one task at a time.
public protocol AnswerReviewer: Sendable {
    /// Takes what the answer grew by.
    /// - Returns: How much of the answer may go out by now, or that it may not go on.
    mutating func append(_ text: String) async throws -> AnswerVerdict
    /// The answer is complete. What this does not clear never goes out.
    mutating func finish() async throws -> AnswerVerdict
}

/// What a reviewer says of an answer so far.
public enum AnswerVerdict: Sendable, Hashable {
    /// The first so many bytes of the answer's UTF-8 may go out; what follows waits for more.
    case cleared(bytes: Int)
    /// The answer ends here; what has not gone out never does. Why, for the person who asked.
    case blocked(reason: String)
}

/// Holds an answer back until it is complete.
struct WholeAnswerReviewer: AnswerReviewer {
    let contentGuard: any ContentGuard
    let prompt: [ChatMessage]
    private var answer = ""

    init(contentGuard: any ContentGuard, prompt: [ChatMessage]) {
        self.contentGuard = contentGuard
        self.prompt = prompt
    }

    mutating func append(_ text: String) async throws -> AnswerVerdict {
        answer += text
        return .cleared(bytes: 0)
    }

    mutating func finish() async throws -> AnswerVerdict {
        switch try await contentGuard.review(GuardedContent(prompt: prompt, answer: answer)) {
        case .allowed: .cleared(bytes: answer.utf8.count)
        case .blocked(let reason): .blocked(reason: reason)
        }
    }
}
