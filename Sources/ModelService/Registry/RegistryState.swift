internal import Kite

/// What a ``ModelRegistry`` knows, and what follows from it. Held under a lock; nothing here waits or calls out: what is
/// to be done outside the lock is returned as ``RegistryAction``s.
struct RegistryState: Sendable {
    /// A request that waits for a model.
    struct Waiter: Sendable {
        var id: UInt64
        var isPinned: Bool
        var continuation: CheckedContinuation<LoadedModel, any Error>
    }

    /// How far a model is.
    enum Phase: Sendable {
        case unloaded
        /// Its files are being looked up and opened.
        case opening
        /// It is open and waits for room.
        case waiting(OpenedModel)
        /// It is being loaded, and counted with so many bytes.
        case loading(bytes: Int)
        case loaded(LoadedModel)
    }

    /// One model.
    struct Slot: Sendable {
        var phase = Phase.unloaded
        var leases = 0
        /// Those of the leases that are never given back while the server runs.
        var pins = 0
        /// Whether it was given loaded, and stays so.
        var isPermanent = false
        var waiters: [Waiter] = []
        /// Room is being made for another model: no new lease until that is loaded.
        var isDraining = false
        /// When it was used last; larger is later.
        var lastUse: UInt64 = 0
        var lastRelease = ContinuousClock.now
        var hasIdleTimer = false
        /// Which time of waiting for room this is, for timers that come late.
        var wait: UInt64 = 0
        var lastFailure: RegistryError?
        var contextLength: Int?

        /// Bytes it is counted with.
        var bytes: Int {
            switch phase {
            case .loading(let bytes): bytes
            case .loaded(let loaded): loaded.bytes
            default: 0
            }
        }

        var isLoaded: Bool { if case .loaded = phase { true } else { false } }
    }

    var slots: [Slot]
    let names: [String]
    let budget: Int?
    let idleTime: Duration?
    let maximumWaiting: Int
    /// Models that wait for room, first come first served.
    var queue: [Int] = []
    var isClosed = false
    var statistics = RegistryStatistics()
    private var clock: UInt64 = 0

    init(entries: [ModelEntry], options: RegistryOptions) {
        names = entries.map(\.name)
        budget = options.memoryBudget
        idleTime = options.idleTime
        maximumWaiting = options.maximumWaiting
        slots = entries.map { entry in
            var slot = Slot()
            if case .loaded(let model) = entry.source {
                slot.phase = .loaded(LoadedModel(model: model, bytes: model.weightBytes))
                slot.isPermanent = true
                slot.contextLength = model.contextLength
            }
            return slot
        }
    }

    /// A number that was not given before.
    mutating func tick() -> UInt64 {
        clock += 1
        return clock
    }

    /// A lease, where one can be had at once.
    mutating func lease(_ index: Int, isPinned: Bool) -> LoadedModel? {
        guard case .loaded(let loaded) = slots[index].phase, !slots[index].isDraining, !isClosed else { return nil }
        slots[index].leases += 1
        if isPinned { slots[index].pins += 1 }
        slots[index].lastUse = tick()
        return loaded
    }

    /// Gives all who wait for a model their lease.
    mutating func grant(_ index: Int, _ loaded: LoadedModel, _ actions: inout [RegistryAction]) {
        for waiter in slots[index].waiters {
            slots[index].leases += 1
            if waiter.isPinned { slots[index].pins += 1 }
            slots[index].lastUse = tick()
            actions.append(.grant(waiter, loaded))
        }
        slots[index].waiters = []
    }

    /// Puts a request in line.
    mutating func wait(_ index: Int, _ waiter: Waiter) -> [RegistryAction] {
        if isClosed { return [.fail(waiter, .closed)] }
        if let loaded = lease(index, isPinned: waiter.isPinned) { return [.grant(waiter, loaded)] }
        guard slots.reduce(0, { $0 + $1.waiters.count }) < maximumWaiting else {
            return [.fail(waiter, .tooManyWaiting(retryAfterSeconds: RegistryState.retryAfterSeconds))]
        }
        slots[index].waiters.append(waiter)
        return settled()
    }

    /// Takes a request out of line whose client has left.
    mutating func cancel(_ index: Int, waiter id: UInt64) -> [RegistryAction] {
        guard let place = slots[index].waiters.firstIndex(where: { $0.id == id }) else { return [] }
        let waiter = slots[index].waiters.remove(at: place)
        if slots[index].waiters.isEmpty, case .waiting = slots[index].phase {
            // Nobody wants it any more, so nobody makes room for it.
            slots[index].phase = .unloaded
            queue.removeAll { $0 == index }
        }
        return [.fail(waiter, nil)] + settled()
    }

    /// A lease was given back.
    mutating func release(_ index: Int, isPinned: Bool) -> [RegistryAction] {
        slots[index].leases -= 1
        if isPinned { slots[index].pins -= 1 }
        slots[index].lastRelease = .now
        return settled()
    }

    /// The files of a model are open.
    mutating func opened(_ index: Int, _ opened: OpenedModel) -> [RegistryAction] {
        if isClosed || slots[index].waiters.isEmpty {
            slots[index].phase = .unloaded
            return settled()
        }
        slots[index].phase = .waiting(opened)
        slots[index].wait = tick()
        queue.append(index)
        let actions = settled()
        guard case .waiting = slots[index].phase else { return actions }
        return actions + [.timeRoom(index, wait: slots[index].wait)]
    }

    /// A model is in memory.
    mutating func loaded(_ index: Int, _ loaded: LoadedModel) -> [RegistryAction] {
        statistics.loads += 1
        slots[index].phase = .loaded(loaded)
        slots[index].lastUse = tick()
        slots[index].lastRelease = .now
        slots[index].lastFailure = nil
        slots[index].contextLength = loaded.model.contextLength
        // Those who waited for it come first, or two models could take each other's room for ever and nobody be served.
        var actions: [RegistryAction] = []
        if !isClosed { grant(index, loaded, &actions) }
        return actions + settled()
    }

    /// A model could not be opened or loaded.
    mutating func failed(_ index: Int, _ error: RegistryError) -> [RegistryAction] {
        statistics.failures += 1
        return fail(index, error) + settled()
    }

    /// A model has waited for room long enough.
    mutating func roomTimeEnded(_ index: Int, wait: UInt64) -> [RegistryAction] {
        guard case .waiting = slots[index].phase, slots[index].wait == wait else { return [] }
        return fail(
            index, .noRoom(model: names[index], retryAfterSeconds: RegistryState.retryAfterSeconds), isRemembered: false
        ) + settled()
    }

    /// No more leases; models go as their last lease ends.
    mutating func close() -> [RegistryAction] {
        isClosed = true
        queue = []
        var actions: [RegistryAction] = []
        for index in slots.indices {
            if case .waiting = slots[index].phase { slots[index].phase = .unloaded }
            actions += slots[index].waiters.map { .fail($0, .closed) }
            slots[index].waiters = []
        }
        return actions + settled()
    }

    /// Tells those who wait for a model that they will not get it; the next request tries again.
    mutating func fail(_ index: Int, _ error: RegistryError, isRemembered: Bool = true) -> [RegistryAction] {
        slots[index].phase = .unloaded
        if isRemembered { slots[index].lastFailure = error }
        queue.removeAll { $0 == index }
        let waiters = slots[index].waiters
        slots[index].waiters = []
        return waiters.map { .fail($0, error) }
    }

    /// What is said to clients that may try again.
    static let retryAfterSeconds = 10
}

/// What a registry has to do once its lock is open.
enum RegistryAction: Sendable {
    /// Give a waiting request its model, whose lease is counted already.
    case grant(RegistryState.Waiter, LoadedModel)
    /// Tell a waiting request that there is no model for it; nil when its client has left.
    case fail(RegistryState.Waiter, RegistryError?)
    /// Open the files of a model.
    case open(Int)
    /// Load a model that is open.
    case load(Int, OpenedModel)
    /// Look again at the time limit for waiting for room.
    case timeRoom(Int, wait: UInt64)
    /// Look again after the idle time.
    case timeIdle(Int, Duration)
    /// Let go of a model, which takes the system some time.
    case drop(LoadedModel)
}
