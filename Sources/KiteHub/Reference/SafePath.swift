/// Checks on text from a server that becomes part of a path.
enum SafePath {
    /// Whether `name`, a path inside a repository, stays inside the folder it is appended to.
    static func isFileName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 1024, !hasUnusable(name) else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
        }
    }

    /// Whether `text` can name a blob: an entity tag of the Hub is a hash.
    static func isBlobName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// Whether `text` is a commit.
    static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && isHexadecimal(text) }

    /// Whether `text` has lower-case hexadecimal digits only.
    static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Whether `text` can be a branch, tag or commit: `main`, `refs/pr/3`, `v1.0`.
    static func isRevision(_ text: String) -> Bool {
        isFileName(text) && !text.hasSuffix(".lock") && !text.utf8.contains { " ~^:?*[".utf8.contains($0) }
            && !text.hasPrefix("-")
    }

    /// Letters, digits.
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Backslashes and control characters, which mean something to some system or terminal.
    private static func hasUnusable(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || $0 == "\\" || (0x7F..<0xA0).contains($0.value) }
    }
}
