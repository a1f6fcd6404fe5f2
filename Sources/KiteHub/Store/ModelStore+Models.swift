internal import ModelFiles

/// A model in the store.
package struct StoredModel: Sendable, Equatable {
    /// `owner/repo`.
    package var repository: String
    /// The commit it is of.
    package var commit: String
    /// Its type, `Q4_K_M`; nil for a checkpoint and for a file whose name tells none.
    package var quantization: String?
    /// Whether it is a checkpoint folder rather than a GGUF file.
    package var isCheckpoint: Bool
    /// What a command opens: the GGUF file, of a split one the first part, or the folder.
    package var path: String
    /// Its files by their names in the repository.
    package var files: [String]
    /// Bytes of all files.
    package var bytes: Int
    /// When it was fetched, in seconds since 1970.
    package var modified: Double
    /// What to write where a MODEL is asked for.
    package var name: String
}

extension ModelStore {
    /// All models that are complete, by name. Of a model that several commits have, the newest.
    package func models() -> [StoredModel] {
        repositories.flatMap { repository -> [StoredModel] in
            var found: [StoredModel] = []
            for commit in commits(of: repository) {
                for model in models(of: commit, in: repository) where !found.contains(where: { $0.name == model.name })
                {
                    found.append(model)
                }
            }
            return found.sorted { $0.name < $1.name }
        }
    }

    /// The model that `reference` means, when it is here and complete.
    /// - Parameter prefersCheckpoint: Whether a reference without a type means a checkpoint rather than a GGUF file.
    /// - Throws: ``HubError/quantization(repository:wanted:isAmbiguous:candidates:)`` when it can mean several.
    package func find(
        _ reference: ModelReference, prefersCheckpoint: Bool = false
    ) throws(HubError) -> StoredModel? {
        let repository = reference.repository
        let commits: [String] =
            if let revision = reference.revision {
                commit(of: revision, in: repository).map { [$0] } ?? []
            } else {
                self.commits(of: repository)
            }
        var ambiguity: HubError?
        for commit in commits {
            let models = models(of: commit, in: repository)
            if prefersCheckpoint, reference.quantization == nil {
                if let model = models.first(where: \.isCheckpoint) { return model }
                continue
            }
            let names = models.filter { !$0.isCheckpoint }.flatMap(\.files)
            do {
                if let choice = try ModelChoice.gguf(among: names, wanted: reference.quantization, of: repository),
                    let model = models.first(where: { $0.files == choice.files })
                {
                    return model
                }
            } catch {
                if case .quantization(_, _, isAmbiguous: true, _) = error { ambiguity = error }
            }
            if reference.quantization == nil, let model = models.first(where: \.isCheckpoint) { return model }
        }
        if let ambiguity { throw ambiguity }
        return nil
    }

    /// The complete models of a commit.
    func models(of commit: String, in repository: String) -> [StoredModel] {
        let folder = snapshot(commit, of: repository)
        let names = files(of: commit, in: repository)
        let gguf = ModelChoice.ggufModels(among: names).filter(\.isWhole)
        let labels = gguf.map(\.label)
        var models = gguf.map { choice in
            // A type that two files have does not tell them apart.
            let isUnique = labels.filter { $0 == choice.label }.count == 1
            return model(choice, "\(folder)/\(choice.files[0])", isUnique ? choice.label : choice.files[0])
        }
        if let checkpoint = ModelChoice.checkpoint(among: names), hasAllShards(checkpoint, folder) {
            models.append(model(checkpoint, folder, nil))
        }
        return models

        func model(_ choice: ModelChoice, _ path: String, _ label: String?) -> StoredModel {
            let status = choice.files.compactMap { Files.status("\(folder)/\($0)") }
            return StoredModel(
                repository: repository, commit: commit, quantization: choice.quantization,
                isCheckpoint: choice.isCheckpoint, path: path, files: choice.files,
                bytes: status.reduce(0) { $0 + $1.size }, modified: status.map(\.modified).max() ?? 0,
                name: repository + (label.map { ":\($0)" } ?? ""))
        }
    }

    /// Whether a checkpoint has `config.json` and every file its index of weights names.
    private func hasAllShards(_ checkpoint: ModelChoice, _ folder: String) -> Bool {
        let names = Set(checkpoint.files)
        guard names.contains("config.json") || names.contains("adapter_config.json") else { return false }
        if names.contains("model.safetensors") || names.contains("adapter_model.safetensors") { return true }
        guard names.contains("model.safetensors.index.json"),
            let index = try? ByteStoreText.json(at: "\(folder)/model.safetensors.index.json"),
            case .object(let map)? = index["weight_map"]
        else { return false }
        return map.members.allSatisfy { (try? $0.value.asString()).map(names.contains) ?? false }
    }
}
