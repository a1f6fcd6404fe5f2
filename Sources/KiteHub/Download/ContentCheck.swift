internal import ModelFiles

/// Whether contents are the ones that were promised, found out while they arrive.
struct ContentCheck {
    private enum Hash {
        case sha256(SHA256)
        case git(GitBlobHash)
        case none
    }

    private var hash: Hash
    /// What the hash should be, for messages: `SHA-256 1f3a…`.
    let expected: String
    private let value: String
    /// Bytes that were looked at.
    private(set) var count = 0

    /// - Parameters:
    ///   - tag: The entity tag: SHA-256 of large files, git's hash of others.
    ///   - blob: Git's hash according to the list of files. Where it is not the tag, only the size can be checked.
    ///   - size: Bytes of the contents.
    init(tag: String, blob: String?, size: Int) {
        value = tag
        if tag.utf8.count == 64, SafePath.isHexadecimal(tag) {
            hash = .sha256(SHA256())
            expected = "SHA-256 \(tag)"
        } else if tag.utf8.count == 40, tag == blob {
            hash = .git(GitBlobHash(size: size))
            expected = "git hash \(tag)"
        } else {
            hash = .none
            expected = "\(size) bytes"
        }
    }

    /// Looks at the next bytes.
    mutating func update(_ bytes: RawSpan) {
        count += bytes.byteCount
        switch hash {
        case .sha256(var state):
            hash = .none
            state.update(bytes)
            hash = .sha256(state)
        case .git(var state):
            hash = .none
            state.update(bytes)
            hash = .git(state)
        case .none: break
        }
    }

    /// What the contents have instead of ``expected``; nil when they are as promised.
    func mismatch() -> String? {
        switch hash {
        case .sha256(let state):
            let found = state.finish()
            return found == value ? nil : "SHA-256 \(found)"
        case .git(let state):
            let found = state.finish()
            return found == value ? nil : "git hash \(found)"
        case .none: return nil
        }
    }
}
