/// What a registry knows of one of its models.
public struct ModelStatus: Sendable, Hashable {
    /// Whether a model can answer at once.
    public enum State: Sendable, Hashable {
        /// Not in memory; the first request loads it.
        case unloaded
        /// On its way into memory, or waiting for room there.
        case loading
        /// Ready.
        case loaded
        /// Loading failed the last time: why, without paths. The next request tries again.
        case failed(String)

        /// The state in a word: `unloaded`, `loading`, `loaded`, `failed`.
        public var name: String {
            switch self {
            case .unloaded: "unloaded"
            case .loading: "loading"
            case .loaded: "loaded"
            case .failed: "failed"
            }
        }
    }

    /// The model's name.
    public var name: String
    /// Its other names.
    public var aliases: [String]
    /// Whether it is ready.
    public var state: State
    /// Names of its adapters; each model and adapter together is `name:adapter`.
    public var adapters: [String]
    /// Bytes it is counted with against the budget; 0 when it is not in memory.
    public var bytes: Int
    /// Most tokens of prompt and answer; nil until it was loaded.
    public var contextLength: Int?
    /// Requests that use it now.
    public var leases: Int
}

/// What a registry is doing and has done.
public struct RegistryStatistics: Sendable, Hashable {
    /// Requests that use a model now, those that keep a guard's model in memory included.
    public var leases = 0
    /// Requests that wait for a model.
    public var waiting = 0
    /// Models in memory.
    public var loaded = 0
    /// Bytes that the models in memory, and those on their way, are counted with.
    public var bytes = 0
    /// Models loaded so far.
    public var loads = 0
    /// Loads that failed so far.
    public var failures = 0
    /// Models unloaded so far.
    public var unloads = 0
}
