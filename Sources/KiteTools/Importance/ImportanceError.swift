/// What is wrong with an importance matrix.
public struct ImportanceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file concerned.
    public let file: String
    /// What is wrong with it.
    public let problem: Problem

    /// An error about `file`.
    public init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    /// The named problems.
    public enum Problem: Sendable, Equatable {
        /// The operating system did not give the bytes.
        case unreadable(String)
        /// Neither of the two formats.
        case notImportance(String)
        /// An old-format file that ends too early.
        case endOfFile(reading: String, entry: Int)
        /// A matrix whose sums or counts are missing.
        case incomplete(tensor: String)
        /// Sums or counts that are no 32-bit floats, or whose numbers do not divide.
        case shape(tensor: String)
        /// A number that is negative, infinite or none.
        case badNumber(tensor: String, index: Int)
        /// More or fewer columns than the matrix has.
        case width(tensor: String, found: Int, expected: Int)
        /// No matrix of the model is in it.
        case unrelated
        /// A text with fewer tokens than a chunk has.
        case tooShort(tokens: Int, needed: Int)
        /// A token that the model does not have.
        case tokenOutOfRange(Int32, vocabulary: Int)
        /// Activations that are no finite numbers.
        case activations(tensor: String)
    }

    /// One line for a person.
    public var description: String {
        let what =
            switch problem {
            case .unreadable(let reason): reason
            case .notImportance(let reason): "not an importance matrix: \(reason)"
            case .endOfFile(let what, let entry): "ends in the middle of \(what) of entry \(entry)"
            case .incomplete(let tensor): "\(tensor) has either no .in_sum2 or no .counts"
            case .shape(let tensor): "the sums and counts of \(tensor) do not fit each other, or are not F32"
            case .badNumber(let tensor, let index): "number \(index) of \(tensor) is negative or not finite"
            case .width(let tensor, let found, let expected):
                "has \(found) columns for \(tensor), which has \(expected): it was made for another model"
            case .tooShort(let tokens, let needed):
                "has \(tokens) tokens and needs \(needed) at least: take a longer one, or shorter chunks (-c)"
            case .tokenOutOfRange(let token, let vocabulary):
                "has the token \(token), the model knows \(vocabulary)"
            case .activations(let tensor): "the inputs of \(tensor) are no finite numbers"
            case .unrelated: "says nothing of any matrix of this model: it was made for another one"
            }
        return "\(file): \(what)"
    }
}
