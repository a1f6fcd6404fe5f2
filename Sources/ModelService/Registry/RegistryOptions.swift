public import Kite

/// How a ``ModelRegistry`` keeps its models.
public struct RegistryOptions: Sendable, Hashable {
    /// How models are run that do not say it themselves.
    public var loadOptions: LoadOptions
    /// Most bytes for the weights and the contexts of all loaded models; nil sets no limit, and nothing is unloaded
    /// for another model's sake.
    public var memoryBudget: Int?
    /// A model that nobody has used for so long is unloaded; nil keeps it.
    public var idleTime: Duration?
    /// How long a request waits for other requests to end so that its model finds room.
    public var roomWaitLimit: Duration
    /// Most requests that wait for a model; further ones are refused.
    public var maximumWaiting: Int

    /// The defaults, or others.
    public init(
        loadOptions: LoadOptions = .init(), memoryBudget: Int? = nil, idleTime: Duration? = nil,
        roomWaitLimit: Duration = .seconds(60), maximumWaiting: Int = 1024
    ) {
        self.loadOptions = loadOptions
        self.memoryBudget = memoryBudget
        self.idleTime = idleTime
        self.roomWaitLimit = roomWaitLimit
        self.maximumWaiting = maximumWaiting
    }
}
