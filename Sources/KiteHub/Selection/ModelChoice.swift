internal import ModelFiles

/// A model among the files of a repository: a GGUF file, the parts of a split one, or a checkpoint.
struct ModelChoice: Equatable {
    /// The files it needs, the one to open first.
    var files: [String]
    /// What its type is called; nil for a checkpoint and for names that tell none.
    var quantization: String?
    /// Whether it is a checkpoint folder.
    var isCheckpoint = false

    /// All GGUF models among `names`, by name. Parts of a split model stand together, also when some are missing.
    static func ggufModels(among names: [String]) -> [ModelChoice] {
        var parts: [String: [String]] = [:]
        for name in names.sorted() where isModelGGUF(name) {
            parts[GGUFSplitName(name)?.prefix ?? name, default: []].append(name)
        }
        return parts.sorted { $0.key < $1.key }.map {
            ModelChoice(files: $0.value, quantization: QuantizationTag.of($0.key))
        }
    }

    /// Whether all parts are among its files.
    var isWhole: Bool {
        guard let first = files.first, let split = GGUFSplitName(first) else { return true }
        return files == (0..<split.count).map { split.path($0) }
    }

    /// What people call it: its type, else its name.
    var label: String { quantization ?? files.first ?? "" }

    /// The model of `names` that `wanted` means; the preferred one for nil. Nil when there is no GGUF file at all.
    /// - Throws: ``HubError/quantization(repository:wanted:isAmbiguous:candidates:)``.
    static func gguf(among names: [String], wanted: String?, of repository: String) throws(HubError) -> ModelChoice? {
        let models = ggufModels(among: names)
        guard !models.isEmpty else { return nil }
        guard let wanted else { return preferred(models) }
        let lower = wanted.lowercased()
        let exact = models.filter { model in
            model.files.contains { file in
                let name = file.lowercased()
                return name == lower || name.hasSuffix("/" + lower) || name == lower + ".gguf"
                    || name.hasSuffix("/\(lower).gguf")
            }
        }
        if exact.count == 1 { return exact[0] }
        let tagged = models.filter { $0.quantization?.lowercased() == lower }
        let matching = tagged.isEmpty ? models.filter { contains(lower, $0.files[0].lowercased()) } : tagged
        if matching.count == 1 { return matching[0] }
        // `model-Q4_K_M` beside `model-UD-Q4_K_M`: the plain one, when its name is the other's without an insertion.
        if let plain = matching.min(by: { $0.files[0].count < $1.files[0].count }),
            matching.allSatisfy({ $0 == plain || isInsertion(plain.files[0], $0.files[0]) })
        {
            return plain
        }
        let candidates = matching.isEmpty ? models.map(\.label) : matching.map { $0.files[0] }
        throw .quantization(
            repository: repository, wanted: wanted, isAmbiguous: !matching.isEmpty, candidates: candidates)
    }

    /// The model that is taken when nobody says which.
    static func preferred(_ models: [ModelChoice]) -> ModelChoice? {
        for tag in QuantizationTag.preferred {
            let tagged = models.filter { $0.quantization == tag }
            if let shortest = tagged.min(by: { ($0.files[0].count, $0.files[0]) < ($1.files[0].count, $1.files[0]) }) {
                return shortest
            }
        }
        return models.first
    }

    /// The files of a checkpoint as Kite reads it; nil when there are no safetensors.
    static func checkpoint(among names: [String]) -> ModelChoice? {
        let top = names.filter { !$0.contains("/") }
        var weights = top.filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
        if weights.isEmpty { weights = top.filter { $0.hasSuffix(".safetensors") } }
        guard !weights.isEmpty else { return nil }
        // Where the shards are there and also one file with everything, one of them is enough.
        if weights.contains("model.safetensors"), weights.count > 1 { weights = ["model.safetensors"] }
        let index = weights == ["model.safetensors"] ? [] : top.filter { $0.hasSuffix(".safetensors.index.json") }
        let side = top.filter { sideFiles.contains($0) || $0.hasPrefix("chat_template") }
        return ModelChoice(files: (side + index + weights).sorted { rank($0) < rank($1) }, isCheckpoint: true)
    }

    /// Files beside the weights that say how to use them.
    private static let sideFiles: Set<String> = Set(
        HuggingFaceFolder.SideFile.allCases.map(\.rawValue) + [
            "config.json", "adapter_config.json", "quantize_config.json", "vocab.json", "merges.txt", "LICENSE",
            "LICENSE.md",
        ])

    private static func rank(_ name: String) -> (Int, String) {
        (name == "config.json" ? 0 : name.hasSuffix(".safetensors") ? 2 : 1, name)
    }

    /// Projectors of pictures and importance matrices are GGUF files, but no language models.
    private static func isModelGGUF(_ name: String) -> Bool {
        let lower = name.lowercased()
        let file = lower.split(separator: "/").last ?? ""
        return lower.hasSuffix(".gguf") && !file.hasPrefix("mmproj") && !file.contains("imatrix")
    }

    /// Whether `part` stands in `name` as a word of its own.
    private static func contains(_ part: String, _ name: String) -> Bool {
        let part = Array(part.utf8)
        let name = Array(name.utf8)
        guard !part.isEmpty, part.count <= name.count else { return false }
        func isWord(_ index: Int) -> Bool {
            name.indices.contains(index) && (SafePath.isAlphanumeric(name[index]) || name[index] == 0x5F)
        }
        return (0...(name.count - part.count)).contains { start in
            name[start..<(start + part.count)].elementsEqual(part) && !isWord(start - 1) && !isWord(start + part.count)
        }
    }

    /// Whether `long` is `short` with one piece put in.
    private static func isInsertion(_ short: String, _ long: String) -> Bool {
        let prefix = zip(short, long).prefix { $0 == $1 }.count
        let suffix = zip(short.reversed(), long.reversed()).prefix { $0 == $1 }.count
        return long.count > short.count && prefix + suffix >= short.count
    }
}
