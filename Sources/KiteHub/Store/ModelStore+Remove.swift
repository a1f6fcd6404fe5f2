/// What was, or would be, taken away.
package struct Removal: Sendable, Equatable {
    /// Models that are no longer there.
    package var models: [String]
    /// Bytes that are free again. What another model still uses stays.
    package var bytes: Int
}

extension ModelStore {
    /// Takes away a model, or with a reference that names no type all of a repository.
    /// - Parameter isDryRun: Only tell what would go.
    /// - Throws: ``HubError/notStored(_:)`` when there is nothing of it, ``HubError`` when it is ambiguous or in use.
    package func remove(_ reference: ModelReference, isDryRun: Bool = false) throws(HubError) -> Removal {
        let repository = reference.repository
        let folder = folder(of: repository)
        guard Files.status(folder)?.isFolder == true else { throw .notStored(reference.description) }
        if reference.quantization == nil, reference.revision == nil {
            let names = commits(of: repository).flatMap { models(of: $0, in: repository).map(\.name) }
            let bytes = blobs(of: repository).values.reduce(0, +)
            if !isDryRun { try removeAll(of: repository) }
            return Removal(models: Set(names).sorted(), bytes: bytes)
        }
        guard let model = try find(reference) else { throw .notStored(reference.description) }
        // The same model may be in several commits; a reference to none of them means all.
        let commits = reference.revision == nil ? self.commits(of: repository) : [model.commit]
        var links: [String] = []
        for commit in commits {
            let held = Set(files(of: commit, in: repository))
            links += model.files.filter(held.contains).map { "\(snapshot(commit, of: repository))/\($0)" }
        }
        let before = blobs(of: repository)
        let used = usedBlobs(of: repository, without: Set(links))
        let unused = before.keys.filter { name in
            !used.contains(name) && links.contains { Files.linkTarget($0)?.hasSuffix("blobs/\(name)") == true }
        }
        let bytes = unused.reduce(0) { $0 + (before[$1] ?? 0) }
        let copies = links.filter { Files.linkTarget($0) == nil }.compactMap { Files.status($0)?.size }.reduce(0, +)
        guard !isDryRun else { return Removal(models: [model.name], bytes: bytes + copies) }
        let locks = try locked(unused, of: repository)
        // Links first: what is listed is whole at every moment.
        for link in links { Files.remove(link) }
        for name in unused { Files.remove(blob(name, of: repository)) }
        withExtendedLifetime(locks) {}
        removeEmptyFolders(of: repository)
        return Removal(models: [model.name], bytes: bytes + copies)
    }

    /// Bytes by name of the contents of a repository, arriving ones included.
    private func blobs(of repository: String) -> [String: Int] {
        let folder = "\(folder(of: repository))/blobs"
        var sizes: [String: Int] = [:]
        for name in Files.names(in: folder) { sizes[name] = Files.status("\(folder)/\(name)")?.size ?? 0 }
        return sizes
    }

    /// The contents that links other than `removed` point to.
    private func usedBlobs(of repository: String, without removed: Set<String>) -> Set<String> {
        var used: Set<String> = []
        for commit in commits(of: repository) {
            let folder = snapshot(commit, of: repository)
            for name in Files.tree(folder) where !removed.contains("\(folder)/\(name)") {
                if let target = Files.linkTarget("\(folder)/\(name)")?.split(separator: "/").last {
                    used.insert(String(target))
                }
            }
        }
        return used
    }

    private func removeAll(of repository: String) throws(HubError) {
        let folder = folder(of: repository)
        let locks = try locked(Array(blobs(of: repository).keys), of: repository)
        for part in ["refs", "snapshots", "blobs", ""] { removeTree(part.isEmpty ? folder : "\(folder)/\(part)") }
        withExtendedLifetime(locks) {}
        removeTree(Files.folder(of: lock("x", of: repository)))
        if Files.hasEntry(folder) { throw .file(path: folder, operation: "remove", reason: "something in it stays") }
    }

    /// Contents that someone fetches are not taken away under their hands: nobody begins to while these locks are held.
    private func locked(_ blobs: [String], of repository: String) throws(HubError) -> [StoreLock] {
        var locks: [StoreLock] = []
        // Contents and what has arrived of them have one lock, which can be taken only once.
        let suffix = Self.partialSuffix
        for tag in Set(blobs.map { $0.hasSuffix(suffix) ? String($0.dropLast(suffix.count)) : $0 }) {
            let path = lock(tag, of: repository)
            let isThere = Files.status(path) != nil
            let lock: StoreLock?
            do {
                lock = try StoreLock.take(path)
            } catch {
                // On a full disk there may be no room for a lock, and all the more reason to remove something.
                if isThere { throw error }
                continue
            }
            guard let lock else {
                throw .file(
                    path: blob(tag, of: repository), operation: "remove",
                    reason: "another program is downloading it; try again when it is done")
            }
            locks.append(lock)
        }
        return locks
    }

    private func removeTree(_ folder: String) {
        for name in Files.names(in: folder) {
            let path = "\(folder)/\(name)"
            if Files.linkTarget(path) == nil, Files.status(path)?.isFolder == true {
                removeTree(path)
            } else {
                Files.remove(path)
            }
        }
        Files.remove(folder)
    }

    /// Folders of commits without files, and all of a repository without commits.
    private func removeEmptyFolders(of repository: String) {
        let root = folder(of: repository)
        func prune(_ folder: String) {
            for name in Files.names(in: folder) {
                let path = "\(folder)/\(name)"
                if Files.linkTarget(path) == nil, Files.status(path)?.isFolder == true { prune(path) }
            }
            Files.remove(folder)
        }
        for name in Files.names(in: "\(root)/snapshots") { prune("\(root)/snapshots/\(name)") }
        guard Files.names(in: "\(root)/snapshots").isEmpty, blobs(of: repository).isEmpty else { return }
        try? removeAll(of: repository)
    }
}
