/// A model on the Hub, as people write it: `owner/repo`, `owner/repo:Q4_K_M`, `owner/repo@revision:Q4_K_M`.
package struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    /// User or organization.
    package var owner: String
    /// Name of the repository.
    package var name: String
    /// Branch, tag or commit; nil is `main`.
    package var revision: String?
    /// Which of the GGUF files, by its type (`Q4_K_M`, upper or lower case) or its name; nil leaves the choice to Kite.
    package var quantization: String?

    /// `owner/repo`.
    package var repository: String { "\(owner)/\(name)" }

    /// As it is written.
    package var description: String {
        repository + (revision.map { "@\($0)" } ?? "") + (quantization.map { ":\($0)" } ?? "")
    }

    /// Reads `text`; nil when it names no repository. Addresses (`https://huggingface.co/owner/repo`, `hf.co/owner/repo`)
    /// stand for their repository.
    package init?(_ text: String) {
        var rest = Self.withoutHost(text)
        if let colon = rest.lastIndex(of: ":") {
            quantization = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
            guard let quantization, !quantization.isEmpty, SafePath.isFileName(quantization) else { return nil }
        }
        if let at = rest.firstIndex(of: "@") {
            revision = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
            guard let revision, SafePath.isRevision(revision) else { return nil }
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        owner = String(parts[0])
        name = String(parts[1])
    }

    /// The file that a page of the Hub shows, `https://huggingface.co/owner/repo/blob/main/model.gguf` (or `resolve`, `raw`), as
    /// people copy it; nil for anything else.
    package static func file(at text: String) -> (reference: ModelReference, name: String)? {
        let rest = withoutHost(text).prefix { $0 != "?" && $0 != "#" }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard rest.count < text.count, parts.count > 4, ["blob", "resolve", "raw"].contains(parts[2]) else {
            return nil
        }
        let name = parts[4...].joined(separator: "/")
        guard SafePath.isFileName(name), let reference = ModelReference("\(parts[0])/\(parts[1])@\(parts[3])") else {
            return nil
        }
        return (reference, name)
    }

    /// Whether `text`, which is no path of anything here, was meant as a repository rather than as a file.
    package static func isPlausible(_ text: String) -> Bool {
        guard let reference = ModelReference(text) else { return false }
        let name = reference.name.lowercased()
        return ![".gguf", ".safetensors", ".json", ".model", ".bin"].contains(where: name.hasSuffix)
    }

    /// Names that the Hub gives to users and repositories.
    private static func isName(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 96 else { return false }
        return ![0x2D, 0x2E].contains(first) && ![0x2D, 0x2E].contains(last) && !text.contains("--")
            && !text.contains("..")
            && bytes.allSatisfy { SafePath.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    private static func withoutHost(_ text: String) -> Substring {
        var rest = text[...]
        for prefix in ["https://", "http://", "hf://", "huggingface.co/", "hf.co/", "models/"]
        where rest.hasPrefix(prefix) {
            // `models/x` alone may be an owner of that name; only `hf://models/owner/repo` has a kind.
            if prefix == "models/", !text.hasPrefix("hf://") { continue }
            rest = rest.dropFirst(prefix.count)
        }
        if rest.count < text.count, rest.hasSuffix("/") { rest.removeLast() }
        return rest
    }
}
