/// A folder of the user's that files of a repository are put into, with notes beside them that `huggingface_hub` reads
/// too: `.cache/huggingface/download/NAME.metadata` holds commit, entity tag and time.
struct LocalFolder: Sendable {
    /// Where it is.
    let path: String

    private var notes: String { "\(path)/.cache/huggingface/download" }

    /// Where a file belongs.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Where its contents are collected.
    func partial(_ name: String, tag: String) -> String { "\(notes)/\(name).\(tag)\(ModelStore.partialSuffix)" }

    /// The lock that whoever writes it holds.
    func lock(_ name: String) -> String { "\(notes)/\(name).lock" }

    /// Makes the folder for a file and for its notes.
    func prepare(_ name: String) throws(HubError) {
        try Files.makeFolder(Files.folder(of: file(name)))
        try Files.makeFolder(Files.folder(of: "\(notes)/\(name)"))
        let ignore = "\(path)/.cache/huggingface/.gitignore"
        if !Files.hasEntry(ignore) { try Files.write("*", to: ignore) }
    }

    /// Whether the file is there with the contents `tag`, unchanged since.
    func isCurrent(_ name: String, tag: String, size: Int?) -> Bool {
        guard let status = Files.status(file(name)), !status.isFolder, size == nil || status.size == size,
            let note = Files.text(at: "\(notes)/\(name).metadata")
        else { return false }
        let lines = note.split(separator: "\n")
        guard lines.count >= 3, lines[1] == tag, let time = Double(lines[2]) else { return false }
        // As coarse as the times of some file systems.
        return status.modified <= time + 1
    }

    /// Notes what a file holds.
    func note(_ name: String, tag: String, commit: String) throws(HubError) {
        try Files.write("\(commit)\n\(tag)\n\(Files.now)\n", to: "\(notes)/\(name).metadata")
    }
}
