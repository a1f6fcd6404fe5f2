import ArgumentParser
import Kite
import KiteHub
import ModelService

/// Which models a server has, and how it keeps them.
struct ServedModelArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Models: GGUF files, checkpoint folders, owner/repo[:type] of the Hub; NAME=MODEL gives one a name. The first "
                + "answers requests that name none. (default: the built-in model)", valueName: "model"))
    var models: [String] = []

    @Option(help: ArgumentHelp("More names for the first model, separated by commas.", valueName: "names"))
    var alias: String?

    @Option(
        help: ArgumentHelp(
            "A LoRA adapter that requests may choose, a GGUF file or a PEFT folder. May come several times.",
            valueName: "[[model:]name=]path"))
    var lora: [String] = []

    @Option(
        help: ArgumentHelp(
            "Most memory for weights and contexts of all models; those unused the longest are unloaded for others.",
            valueName: "size"))
    var memoryBudget: String?

    @Option(help: ArgumentHelp("Memory for the contexts of each model.", valueName: "size"))
    var kvMemory: String?

    @Option(help: ArgumentHelp("Unload a model that nobody has used for so long: 90s, 10m, 2h.", valueName: "time"))
    var idleUnload: String?

    /// The registry of these models.
    func registry(_ loadOptions: LoadOptions) throws -> ModelRegistry {
        var loadOptions = loadOptions
        if let kvMemory { loadOptions.kvMemory = try Self.size(kvMemory, "--kv-memory") }
        let options = RegistryOptions(
            loadOptions: loadOptions, memoryBudget: try memoryBudget.map { try Self.size($0, "--memory-budget") },
            idleTime: try idleUnload.map { try Self.time($0, "--idle-unload") })
        do {
            return try ModelRegistry(try entries(), options: options)
        } catch let error as RegistryError {
            throw CLIError.usage(error.description)
        }
    }

    /// The models in order.
    func entries() throws -> [ModelEntry] {
        var entries = models.isEmpty ? [ModelEntry.nano] : try models.map(Self.entry)
        if let alias { entries[0].aliases = alias.split(separator: ",").map { String($0) } }
        for text in lora { try Self.add(text, to: &entries) }
        return entries
    }

    private static func entry(_ text: String) throws -> ModelEntry {
        var (name, model): (String?, String) = (nil, text)
        if !SystemIO.exists(text), let equals = text.firstIndex(of: "="), !text[..<equals].contains("/") {
            (name, model) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
            guard name?.isEmpty == false else { throw CLIError.usage("'\(text)': there is no name before the =") }
        }
        if SystemIO.exists(model) {
            let path = SystemIO.expandingTilde(model)
            return ModelEntry(name: name ?? ModelEntry.name(ofPath: path), source: .files(.path(path)))
        }
        guard ModelReference.isPlausible(model), let reference = ModelReference(model) else {
            throw CLIError.failure(
                "there is no file or folder '\(model)'; give the path of a GGUF file or a checkpoint folder, "
                    + "or owner/repo[:QUANT] of the Hub")
        }
        return ModelEntry(name: name ?? model, source: .resolved { try await path(of: reference) })
    }

    /// Where a model of the Hub is; fetches it when it is not here yet.
    private static func path(of reference: ModelReference) async throws -> String {
        let hub = try ModelResolver.hub()
        if let stored = try hub.store.find(reference, prefersCheckpoint: false) { return stored.path }
        return try await hub.pull(PullRequest(reference)) { _ in }.path
    }

    /// `PATH`, `NAME=PATH` or `MODEL:NAME=PATH`.
    private static func add(_ text: String, to entries: inout [ModelEntry]) throws {
        var (index, name, path): (Int, String?, String) = (0, nil, text)
        if !SystemIO.exists(text), let equals = text.firstIndex(of: "=") {
            path = String(text[text.index(after: equals)...])
            var key = text[..<equals]
            if let colon = key.lastIndex(of: ":") {
                let model = key[..<colon]
                guard let found = entries.firstIndex(where: { $0.name == model || $0.aliases.contains(String(model)) })
                else { throw CLIError.usage("--lora \(text): there is no model '\(model)'") }
                index = found
                key = key[key.index(after: colon)...]
            }
            guard !key.isEmpty else { throw CLIError.usage("--lora \(text): there is no name before the =") }
            name = String(key)
        }
        guard SystemIO.exists(path) else { throw CLIError.failure("--lora: there is no file or folder '\(path)'") }
        path = SystemIO.expandingTilde(path)
        entries[index].adapters.append(.init(name: name ?? ModelEntry.name(ofPath: path), path: path))
    }

    /// A size with a unit of 1024s, as memory is counted: `800M`, `12G`; a plain number is bytes.
    static func size(_ text: String, _ option: String) throws -> Int {
        var digits = text.uppercased()[...]
        for ending in ["IB", "B"] where digits.hasSuffix(ending) {
            digits = digits.dropLast(ending.count)
            break
        }
        let shift = ["K": 10, "M": 20, "G": 30, "T": 40][digits.suffix(1)]
        if shift != nil { digits = digits.dropLast() }
        guard let number = Double(digits), number > 0, number * Double(1 << (shift ?? 0)) < 0x1p62 else {
            throw CLIError.usage("\(option) wants a size such as 800M or 12G, not \"\(text)\"")
        }
        return Int(number * Double(1 << (shift ?? 0)))
    }

    /// A time with a unit: `90s`, `10m`, `2h`; a plain number is seconds.
    static func time(_ text: String, _ option: String) throws -> Duration {
        let factor = ["s": 1, "m": 60, "h": 3600][text.suffix(1)]
        let digits = factor == nil ? text[...] : text.dropLast()
        guard let number = Int(digits), (1...10_000_000).contains(number) else {
            throw CLIError.usage("\(option) wants a time such as 90s, 10m or 2h, not \"\(text)\"")
        }
        return .seconds(number * (factor ?? 1))
    }
}
