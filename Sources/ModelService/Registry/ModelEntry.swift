public import Kite

/// A model that a ``ModelRegistry`` can load: its names, where it is, and the adapters that go with it.
public struct ModelEntry: Sendable {
    /// Where a model comes from.
    public enum Source: Sendable {
        /// A file, a folder, or the built-in model.
        case files(ModelSource)
        /// A path that is looked up, or fetched, when the model is first needed.
        case resolved(@Sendable () async throws -> String)
        /// A model that is loaded already and stays so.
        case loaded(LanguageModel)
    }

    /// A LoRA adapter of the model.
    public struct Adapter: Sendable, Hashable {
        /// What requests call it.
        public var name: String
        /// A GGUF adapter or a PEFT folder.
        public var path: String

        /// An adapter.
        public init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }

    /// What requests call it, and what replies and lists call it.
    public var name: String
    /// Other names that requests may use.
    public var aliases: [String]
    /// Where it comes from.
    public var source: Source
    /// How it is run; nil for ``RegistryOptions/loadOptions``.
    public var loadOptions: LoadOptions?
    /// Adapters that requests may choose, in the order of their numbers (`id`).
    public var adapters: [Adapter]

    /// A model.
    public init(
        name: String, aliases: [String] = [], source: Source, loadOptions: LoadOptions? = nil, adapters: [Adapter] = []
    ) {
        self.name = name
        self.aliases = aliases
        self.source = source
        self.loadOptions = loadOptions
        self.adapters = adapters
    }

    /// The model at `path`, called like its file without `.gguf` (and without the number of a part), or like its folder.
    public init(path: String, adapters: [Adapter] = []) {
        self.init(name: Self.name(ofPath: path), source: .files(.path(path)), adapters: adapters)
    }

    /// The built-in model.
    public static let nano = ModelEntry(name: "nano", source: .files(.nano))

    /// What a model at `path` is called: `zephyr.Q4_K_M` for `models/zephyr.Q4_K_M-00001-of-00003.gguf`.
    public static func name(ofPath path: String) -> String {
        var name = path.split(separator: "/").last.map { $0[...] } ?? path[...]
        guard name.lowercased().hasSuffix(".gguf"), name.count > 5 else { return String(name) }
        name = name.dropLast(5)
        // `-00001-of-00003`
        let tail = name.suffix(15)
        let digits = tail.filter(\.isNumber)
        if tail.count == 15, name.count > 15, digits.count == 10, tail.hasPrefix("-"), tail.contains("-of-") {
            name = name.dropLast(15)
        }
        return String(name)
    }
}

/// An adapter as a request chooses it.
public struct AdapterSelection: Sendable, Hashable {
    /// How the request names it.
    public enum Key: Sendable, Hashable {
        /// By name.
        case name(String)
        /// By its place among the model's adapters, from 0.
        case number(Int)
    }

    /// Which adapter.
    public var key: Key
    /// How much of it: 1 for what it was trained to be, 0 for nothing.
    public var scale: Float

    /// A choice.
    public init(_ key: Key, scale: Float = 1) {
        self.key = key
        self.scale = scale
    }
}
