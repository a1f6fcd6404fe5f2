internal import ModelFiles

/// The files of a repository at one commit.
struct RepositoryListing: Equatable {
    /// A file.
    struct File: Equatable {
        /// Its path in the repository.
        var name: String
        /// Its bytes, where the server says.
        var size: Int?
        /// SHA-256 of its contents, where it is in large file storage.
        var sha256: String?
        /// What git calls its contents.
        var blob: String?
    }

    var commit: String
    var files: [File]

    init(commit: String, files: [File]) {
        self.commit = commit
        self.files = files
    }

    /// Reads the answer to `GET /api/models/owner/repo/revision/main?blobs=true`.
    /// - Throws: ``HubError/unexpectedAnswer(what:detail:)``, ``HubError/unsafe(what:text:)``.
    init(parsing bytes: [UInt8], of repository: String) throws(HubError) {
        let what = "the list of files of \(repository)"
        do {
            let object = try JSONValue(parsing: bytes).asObject()
            commit = try object.string("sha") ?? ""
            files = try (object.array("siblings") ?? []).map { value in
                let file = try value.asObject()
                let storage = try file.object("lfs")
                return File(
                    name: try file.string("rfilename") ?? "", size: try file.int("size") ?? storage?.int("size"),
                    sha256: try storage?.string("sha256") ?? storage?.string("oid"), blob: try file.string("blobId"))
            }
        } catch {
            throw .unexpectedAnswer(what: what, detail: "\(error)")
        }
        guard SafePath.isCommit(commit) else {
            throw commit.isEmpty
                ? .unexpectedAnswer(what: what, detail: "no commit is named") : .unsafe(what: "a commit", text: commit)
        }
        for file in files where !SafePath.isFileName(file.name) { throw .unsafe(what: "a file name", text: file.name) }
    }
}
