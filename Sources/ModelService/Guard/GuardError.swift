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
