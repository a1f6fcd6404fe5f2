/// What is to be fetched.
package struct PullRequest: Sendable {
    /// From where, and which model of it.
    package var reference: ModelReference
    /// Files by their names in the repository; none means what the reference names.
    package var files: [String] = []
    /// Patterns of files, as Python's `fnmatch` has them.
    package var include: [String] = []
    /// Patterns of files to leave out.
    package var exclude: [String] = []
    /// A folder for the files, instead of the store.
    package var localFolder: String?

    /// Whether a repository that has both GGUF files and a checkpoint means the latter.
    package var prefersCheckpoint = false

    /// Everything that `reference` names.
    package init(_ reference: ModelReference) { self.reference = reference }

    /// The files of `listing` that are meant, the one to open first.
    /// - Throws: ``HubError`` when a file is not there, or nothing is left.
    func choice(from listing: RepositoryListing) throws(HubError) -> ModelChoice {
        let names = listing.files.map(\.name)
        let repository = reference.repository
        if files.isEmpty, include.isEmpty, exclude.isEmpty { return try model(among: names) }
        for file in files where !names.contains(file) {
            throw .fileNotFound(repository: repository, file: file, near: Self.near(file, names))
        }
        let included = include.map(GlobPattern.init)
        let excluded = exclude.map(GlobPattern.init)
        let named = files.isEmpty && include.isEmpty ? names : files
        let chosen = names.filter { name in
            (named.contains(name) || included.contains { $0.matches(name) })
                && (files.contains(name) || !excluded.contains { $0.matches(name) })
        }
        guard !chosen.isEmpty else {
            throw .fileNotFound(
                repository: repository, file: include.joined(separator: " "), near: Array(names.prefix(8)))
        }
        return ModelChoice(files: files + chosen.filter { !files.contains($0) })
    }

    private func model(among names: [String]) throws(HubError) -> ModelChoice {
        if prefersCheckpoint, reference.quantization == nil, let model = ModelChoice.checkpoint(among: names) {
            return model
        }
        if let model = try ModelChoice.gguf(
            among: names, wanted: reference.quantization, of: reference.repository)
        {
            guard model.isWhole else {
                throw .nothingToPull(
                    repository: reference.repository,
                    detail: "only \(model.files.count) parts of \(model.files[0]): ask its owner")
            }
            return model
        }
        if let wanted = reference.quantization {
            throw .nothingToPull(
                repository: reference.repository,
                detail: "no GGUF files, so no \(wanted): pull \(reference.repository) without it, then 'kite quantize'")
        }
        if let checkpoint = ModelChoice.checkpoint(among: names) { return checkpoint }
        let pickled = names.contains { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }
        throw .nothingToPull(
            repository: reference.repository,
            detail: pickled
                ? "only pickled weights, which are programs: look for a repository with safetensors or GGUF files"
                : "neither GGUF files nor safetensors; name the files you want")
    }

    /// Files that are spelled alike, else some of those there are.
    private static func near(_ wanted: String, _ names: [String]) -> [String] {
        let lower = wanted.lowercased()
        let alike = names.filter { $0.lowercased() == lower || $0.lowercased().hasSuffix("/" + lower) }
        let ending = names.filter { name in
            lower.split(separator: ".").last.map { name.lowercased().hasSuffix($0) } ?? false
        }
        return alike.isEmpty ? Array((ending.isEmpty ? names : ending).prefix(8)) : alike
    }
}
