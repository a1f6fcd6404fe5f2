internal import TensorCore

/// Why a model could not be fetched, found or removed: one line with what is wrong, where, and what to do next.
package enum HubError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Text that names no repository.
    case invalidReference(String)
    /// A value of the environment that cannot be used.
    case invalidSetting(name: String, value: String, expected: String)
    /// A name, hash or address from the server that cannot be used safely.
    case unsafe(what: String, text: String)
    /// There is no such repository, or it is private.
    case repositoryNotFound(repository: String, endpoint: String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case revisionNotFound(repository: String, revision: String)
    /// The repository has no such file; `near` are some it has.
    case fileNotFound(repository: String, file: String, near: [String])
    /// The owner asks for an agreement first.
    case gated(repository: String, endpoint: String, hasToken: Bool)
    /// The token is refused.
    case invalidToken(endpoint: String)
    /// The server refuses, for the reason it gives.
    case refused(what: String, status: Int, message: String)
    /// The server does not answer as the Hub does.
    case unexpectedAnswer(what: String, detail: String)
    /// The connection fails again and again.
    case connection(what: String, detail: String, attempts: Int)
    /// `HF_HUB_OFFLINE` forbids what would be needed.
    case offline(what: String)
    /// A file does not have the contents the Hub promised, even when fetched again.
    case damaged(file: String, expected: String, found: String)
    /// The disk has no room.
    case diskFull(path: String, needed: Int?, free: Int?)
    /// A file cannot be read or written.
    case file(path: String, operation: String, reason: String)
    /// The repository has no weights Kite could use.
    case nothingToPull(repository: String, detail: String)
    /// No file, or several files, have the quantization asked for.
    case quantization(repository: String, wanted: String, isAmbiguous: Bool, candidates: [String])
    /// The store has no such model.
    case notStored(String)
    /// libcurl is missing.
    case noLibrary(String)
    /// The program was asked to stop.
    case cancelled

    /// One line for a person.
    package var description: String {
        switch self {
        case .invalidReference(let text):
            "'\(text)' is no repository: write owner/repo, or owner/repo:Q4_K_M for one of its GGUF files"
        case .invalidSetting(let name, let value, let expected): "\(name) is '\(value)': it should be \(expected)"
        case .unsafe(let what, let text): "the server sent \(what) that cannot be used safely: '\(text)'"
        case .repositoryNotFound(let repository, let endpoint, let hasToken):
            "there is no repository \(repository) on \(endpoint), or it is private: check the name"
                + (hasToken ? " and that the token may read it" : "; a private one needs a token in HF_TOKEN")
        case .revisionNotFound(let repository, let revision):
            "\(repository) has no branch, tag or commit '\(revision)'"
        case .fileNotFound(let repository, let file, let near):
            "\(repository) has no file '\(file)'" + (near.isEmpty ? "" : "; it has \(Self.list(near))")
        case .gated(let repository, let endpoint, let hasToken):
            "\(repository) is gated: accept its conditions at \(endpoint)/\(repository)"
                + (hasToken
                    ? " with the account of your token, then try again"
                    : ", then put a token of that account into HF_TOKEN")
        case .invalidToken(let endpoint):
            "\(endpoint) does not accept the token: renew HF_TOKEN or the file of HF_TOKEN_PATH, or unset it"
        case .refused(let what, let status, let message):
            "cannot get \(what): "
                + [status > 0 ? "the server answers \(status)" : "", message].filter { !$0.isEmpty }
                .joined(separator: ", ")
        case .unexpectedAnswer(let what, let detail):
            "cannot get \(what): \(detail); does HF_ENDPOINT name a Hugging Face Hub?"
        case .connection(let what, let detail, let attempts):
            "cannot get \(what): \(detail) (\(attempts) attempts); what has arrived is kept, the same command continues"
        case .offline(let what): "\(what), and HF_HUB_OFFLINE forbids to download"
        case .damaged(let file, let expected, let found):
            "\(file) arrived damaged twice: it should have \(expected) and has \(found); nothing of it was kept"
        case .diskFull(let path, let needed, let free): Self.full(path, needed, free)
        case .file(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        case .nothingToPull(let repository, let detail): "\(repository) has \(detail)"
        case .quantization(let repository, let wanted, let isAmbiguous, let candidates):
            isAmbiguous
                ? "\(repository) has several files of type \(wanted): name one of \(Self.list(candidates))"
                : "\(repository) has no \(wanted): it has \(Self.list(candidates))"
        case .notStored(let model): "\(model) is not in the store: 'kite list' shows what is"
        case .noLibrary(let detail): "cannot download: \(detail)"
        case .cancelled: "stopped"
        }
    }

    /// A failed system call.
    static func system(_ operation: String, _ path: String, code: Int32) -> HubError {
        Files.isFull(code)
            ? .diskFull(path: path, needed: nil, free: nil)
            : .file(path: path, operation: operation, reason: Files.text(of: code))
    }

    private static func full(_ path: String, _ needed: Int?, _ free: Int?) -> String {
        let room = "make room or set HF_HOME to another disk, then run the same command again"
        guard let needed, let free else {
            return "the disk is full (or a limit on file sizes is reached) at \(path): what arrived is kept; \(room)"
        }
        return "the disk is too small at \(path): \(needed) bytes are needed, \(free) are free; \(room)"
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? shown + " and \(names.count - 12) more" : shown
    }
}
