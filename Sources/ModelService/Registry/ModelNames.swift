/// Finds what a request's `model` means.
struct ModelNames: Sendable {
    /// A model and the adapters that its name chose.
    struct Match: Sendable {
        var index: Int
        /// The name to answer with.
        var name: String
        /// Number of the adapter that was part of the name.
        var adapter: Int?
    }

    private let indices: [String: Int]
    private let entries: [(name: String, adapters: [String])]

    /// - Throws: ``RegistryError/noModels``, ``RegistryError/duplicateName(_:)``.
    init(_ entries: [ModelEntry]) throws(RegistryError) {
        guard !entries.isEmpty else { throw .noModels }
        var indices: [String: Int] = [:]
        for (index, entry) in entries.enumerated() {
            for name in [entry.name] + entry.aliases where indices.updateValue(index, forKey: name) != nil {
                throw .duplicateName(name)
            }
        }
        for entry in entries {
            var seen: Set<String> = []
            for adapter in entry.adapters {
                let name = "\(entry.name):\(adapter.name)"
                guard seen.insert(adapter.name).inserted, indices[name] == nil else { throw .duplicateName(name) }
            }
        }
        self.indices = indices
        self.entries = entries.map { ($0.name, $0.adapters.map(\.name)) }
    }

    /// One model without adapters.
    init(only name: String) {
        indices = [name: 0]
        entries = [(name, [])]
    }

    /// Every name that stands in lists: models, and models with an adapter.
    var known: [String] { entries.flatMap { entry in [entry.name] + entry.adapters.map { "\(entry.name):\($0)" } } }

    /// The model that `name` means: nil and the empty name the first one.
    func find(_ name: String?) throws(RegistryError) -> Match {
        guard let name, !name.isEmpty else { return Match(index: 0, name: entries[0].name) }
        if let index = indices[name] { return Match(index: index, name: entries[index].name) }
        if let colon = name.lastIndex(of: ":"), let index = indices[String(name[..<colon])],
            let adapter = entries[index].adapters.firstIndex(of: String(name[name.index(after: colon)...]))
        {
            return Match(
                index: index, name: "\(entries[index].name):\(entries[index].adapters[adapter])", adapter: adapter)
        }
        throw .unknownModel(name.count > 200 ? String(name.prefix(200)) + "…" : name, known: known)
    }

    /// The numbers and scales of the adapters that a name and a request's list choose together.
    func adapters(_ match: Match, _ selections: [AdapterSelection]) throws(RegistryError) -> [(
        index: Int, scale: Float
    )] {
        var chosen: [(index: Int, scale: Float)] = []
        if let adapter = match.adapter { chosen.append((adapter, 1)) }
        let (model, names) = entries[match.index]
        for selection in selections {
            let index: Int?
            let shown: String
            switch selection.key {
            case .name(let name):
                index = names.firstIndex(of: name)
                shown = name.count > 200 ? String(name.prefix(200)) + "…" : name
            case .number(let number):
                index = names.indices.contains(number) ? number : nil
                shown = "\(number)"
            }
            guard let index else { throw .unknownAdapter(shown, model: model, known: names) }
            guard selection.scale.isFinite else {
                throw .invalidAdapter("the scale of adapter '\(shown)' is not a finite number")
            }
            guard !chosen.contains(where: { $0.index == index }) else {
                throw .invalidAdapter("adapter '\(names[index])' is chosen twice")
            }
            chosen.append((index, selection.scale))
        }
        return chosen
    }
}
