/// The models on this machine, in the layout that `huggingface_hub` has, so that both find what either fetched:
///
///     models--OWNER--REPO/refs/main                     the commit a branch was last seen at
///     models--OWNER--REPO/blobs/HASH                    contents
///     models--OWNER--REPO/snapshots/COMMIT/PATH         a link to the contents
///     .locks/models--OWNER--REPO/HASH.lock              held (flock) while contents arrive
///
/// Contents that are still arriving are `blobs/HASH.kite-partial`; no link points there.
package struct ModelStore: Sendable {
    /// Where the store is.
    package let path: String

    /// The store at `path`, which need not exist.
    package init(path: String) { self.path = path }

    /// Ending of contents that are not complete.
    static let partialSuffix = ".kite-partial"

    /// The folder of a repository.
    func folder(of repository: String) -> String {
        "\(path)/models--" + repository.split(separator: "/").joined(separator: "--")
    }

    /// Where the contents named `tag` belong.
    func blob(_ tag: String, of repository: String) -> String { "\(folder(of: repository))/blobs/\(tag)" }

    /// The folder with the files of a commit.
    func snapshot(_ commit: String, of repository: String) -> String {
        "\(folder(of: repository))/snapshots/\(commit)"
    }

    /// The lock of contents.
    func lock(_ tag: String, of repository: String) -> String {
        "\(path)/.locks/models--" + repository.split(separator: "/").joined(separator: "--") + "/\(tag).lock"
    }

    /// The commit that `revision` was last seen at; a commit stands for itself.
    func commit(of revision: String, in repository: String) -> String? {
        guard SafePath.isRevision(revision) else { return nil }
        if let text = Files.text(at: "\(folder(of: repository))/refs/\(revision)") {
            let commit = text.filter { !$0.isWhitespace }
            return SafePath.isCommit(commit) ? commit : nil
        }
        return SafePath.isCommit(revision) ? revision : nil
    }

    /// Names of the repositories that have a folder.
    var repositories: [String] {
        Files.names(in: path).compactMap { name in
            guard name.hasPrefix("models--") else { return nil }
            let rest = Array(name.dropFirst(8).utf8)
            // The first double dash: names of the Hub have none.
            guard let dash = (0..<max(rest.count - 1, 0)).first(where: { rest[$0] == 0x2D && rest[$0 + 1] == 0x2D })
            else {
                return nil
            }
            let repository =
                String(decoding: rest[..<dash], as: UTF8.self) + "/"
                + String(decoding: rest[(dash + 2)...], as: UTF8.self)
            return ModelReference(repository) == nil ? nil : repository
        }
    }

    /// The commits there are files of, the one of `main` first, then the others by age, newest first.
    func commits(of repository: String) -> [String] {
        let folder = "\(folder(of: repository))/snapshots"
        let main = commit(of: "main", in: repository)
        let dated = Files.names(in: folder).filter(SafePath.isCommit).map { name in
            (name, name == main ? Double.infinity : Files.status("\(folder)/\(name)")?.modified ?? 0)
        }
        return dated.sorted { ($0.1, $0.0) > ($1.1, $1.0) }.map(\.0)
    }

    /// The files of a commit whose contents are there.
    func files(of commit: String, in repository: String) -> [String] {
        let folder = snapshot(commit, of: repository)
        return Files.tree(folder).filter { Files.status("\(folder)/\($0)")?.isFolder == false }
    }

    /// Puts files of a commit under their names, contents first, and notes the commit of a branch.
    func publish(
        _ files: [(name: String, tag: String)], commit: String, revision: String, repository: String
    ) throws(HubError) {
        for file in files {
            let path = "\(snapshot(commit, of: repository))/\(file.name)"
            try Files.makeFolder(Files.folder(of: path))
            let up = String(repeating: "../", count: 2 + file.name.split(separator: "/").count - 1)
            let target = "\(up)blobs/\(file.tag)"
            if Files.linkTarget(path) != target || Files.status(path) == nil { try Files.link(path, to: target) }
        }
        guard revision != commit else { return }
        let reference = "\(folder(of: repository))/refs/\(revision)"
        if Files.text(at: reference) == commit { return }
        try Files.makeFolder(Files.folder(of: reference))
        try Files.write(commit, to: reference)
    }

    /// Marks the store for programs that make backups (CACHEDIR.TAG).
    func prepare() throws(HubError) {
        try Files.makeFolder(path)
        let tag = "\(path)/CACHEDIR.TAG"
        guard !Files.hasEntry(tag) else { return }
        try Files.write("Signature: 8a477f597d28d172789f06886806bc55\n# Models that can be fetched again.\n", to: tag)
    }
}
