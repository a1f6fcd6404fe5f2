public import Kite

/// Why a perplexity could not be measured.
public enum PerplexityError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A text of fewer tokens than two chunks.
    case textTooShort(tokens: Int, needed: Int, context: Int)
    /// A context that no chunk can have.
    case context(Int)
    /// A stride that is not less than the chunk.
    case stride(Int, window: Int)
    /// A token that the model has no row for.
    case tokenOutOfRange(TokenID, vocabulary: Int)
    /// A number that is none where the model should have said how likely the next token is.
    case logits(model: String, chunk: Int, position: Int)
    /// Two models whose tokenizers read the text differently.
    case tokenizersDiffer(model: String, base: String)
    /// Two models of different vocabularies.
    case vocabulariesDiffer(model: Int, base: String, Int)
    /// Not a file of log-probabilities.
    case notLogProbabilities(path: String)
    /// A file of log-probabilities whose header makes no sense; what.
    case header(path: String, String)
    /// A file of log-probabilities of another length than its header says.
    case length(path: String, bytes: Int, expected: Int)
    /// A row that cannot be one of log-probabilities.
    case damagedRow(path: String, chunk: Int, row: Int)
    /// Log-probabilities measured with another context.
    case baseContext(path: String, Int, wanted: Int)
    /// Log-probabilities of another text.
    case baseText(path: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .textTooShort(let tokens, let needed, let context):
            "the text has \(tokens) tokens, a context of \(context) needs at least \(needed): "
                + "give a longer text or a smaller context (-c)"
        case .context(let context): "a context of \(context) tokens: choose one between 4 and 1048576 (-c)"
        case .stride(let stride, let window):
            "a stride of \(stride) tokens: choose one between 1 and \(window - 1) (--ppl-stride)"
        case .tokenOutOfRange(let token, let vocabulary):
            "the text has token \(token), but the model's vocabulary ends at \(vocabulary - 1)"
        case .logits(let model, let chunk, let position):
            "\(model): the logits in chunk \(chunk) at position \(position) are no finite numbers; "
                + "are the weights damaged?"
        case .tokenizersDiffer(let model, let base):
            "\(model) and \(base) cut the text into different tokens, so their probabilities cannot be compared"
        case .vocabulariesDiffer(let model, let base, let size):
            "\(base) has a vocabulary of \(size) tokens, the model one of \(model): they cannot be compared"
        case .notLogProbabilities(let path):
            "\(path) is no file of log-probabilities (it does not begin with _logits_)"
        case .header(let path, let problem): "\(path): \(problem); is the file damaged?"
        case .length(let path, let bytes, let expected):
            "\(path) has \(bytes) bytes where its header asks for \(expected): "
                + (bytes < expected ? "it is cut off; write it again" : "it is damaged")
        case .damagedRow(let path, let chunk, let row):
            "\(path): row \(row) of chunk \(chunk) holds no log-probabilities; the file is damaged"
        case .baseContext(let path, let context, let wanted):
            "\(path) was measured with a context of \(context), not \(wanted): leave out -c"
        case .baseText(let path): "\(path) was measured with another text: leave out -f, it holds the tokens"
        }
    }
}
