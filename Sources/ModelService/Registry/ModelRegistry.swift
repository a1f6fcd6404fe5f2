public import Kite
internal import Synchronization

/// The models there are, by name: loaded when they are first asked for, unloaded when others need their room.
///
/// A request holds a ``ModelLease`` for as long as it uses its model; a model with leases is never unloaded. Files are
/// opened and loaded once for all who wait, on threads of their own. A load that fails fails for all who wait, and is
/// tried again by the next request.
public final class ModelRegistry: Sendable {
    /// The models, in order; the first answers requests that name none.
    public let entries: [ModelEntry]
    /// How they are kept.
    public let options: RegistryOptions
    private let index: ModelNames
    private let loader: ModelLoader
    private let state: Mutex<RegistryState>

    /// Models that are loaded when they are needed.
    /// - Throws: ``RegistryError/noModels``, ``RegistryError/duplicateName(_:)``.
    public convenience init(_ entries: [ModelEntry], options: RegistryOptions = .init()) throws(RegistryError) {
        try self.init(entries, options: options, loader: .files)
    }

    /// One model that is loaded already.
    public convenience init(_ model: LanguageModel, name: String) {
        self.init(only: ModelEntry(name: name, source: .loaded(model)))
    }

    /// Models that `loader` opens.
    package init(_ entries: [ModelEntry], options: RegistryOptions, loader: ModelLoader) throws(RegistryError) {
        index = try ModelNames(entries)
        self.entries = entries
        self.options = options
        self.loader = loader
        state = Mutex(RegistryState(entries: entries, options: options))
    }

    private init(only entry: ModelEntry) {
        index = ModelNames(only: entry.name)
        entries = [entry]
        options = .init()
        loader = .files
        state = Mutex(RegistryState(entries: [entry], options: .init()))
    }

    /// What a request's `model` means.
    func match(_ name: String?) throws(RegistryError) -> ModelNames.Match { try index.find(name) }

    /// The names, in order.
    public var names: [String] { entries.map(\.name) }

    /// A model to work with: loads it when it is not in memory, and waits for room where a budget asks for it.
    /// - Parameters:
    ///   - name: Its name or alias, also `name:adapter`; nil takes the first model.
    ///   - adapters: Adapters to apply.
    ///   - isPinned: Whether it is wanted for as long as the server runs. Nobody then waits for the lease to end.
    /// - Throws: ``RegistryError``; `CancellationError`.
    public func acquire(
        _ name: String?, adapters: [AdapterSelection] = [], isPinned: Bool = false
    ) async throws -> ModelLease {
        let match = try index.find(name)
        let chosen = try index.adapters(match, adapters)
        try Task.checkCancellation()
        let loaded = try await leased(match.index, isPinned: isPinned)
        // From here on the lease's end gives back what was counted.
        return try ModelLease(self, match, loaded, chosen, isPinned: isPinned)
    }

    private func leased(_ slot: Int, isPinned: Bool) async throws -> LoadedModel {
        let (ready, id) = state.withLock { ($0.lease(slot, isPinned: isPinned), $0.tick()) }
        if let ready { return ready }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiter = RegistryState.Waiter(id: id, isPinned: isPinned, continuation: continuation)
                perform(state.withLock { $0.wait(slot, waiter) })
                // The handler may have run before the request stood in line.
                if Task.isCancelled { cancel(slot, id) }
            }
        } onCancel: {
            cancel(slot, id)
        }
    }

    private func cancel(_ slot: Int, _ id: UInt64) {
        perform(state.withLock { $0.cancel(slot, waiter: id) })
    }

    /// Gives back a lease.
    func release(_ slot: Int, isPinned: Bool) {
        perform(state.withLock { $0.release(slot, isPinned: isPinned) })
    }

    /// Ends all waiting with ``RegistryError/closed``, gives no more leases, and unloads models as their last lease ends.
    public func close() { perform(state.withLock { $0.close() }) }

    // MARK: What is known

    /// What is known of each model, in order.
    public var status: [ModelStatus] {
        state.withLock { state in
            zip(entries, state.slots).map { entry, slot in
                let now: ModelStatus.State =
                    switch slot.phase {
                    case .loaded: .loaded
                    case .opening, .waiting, .loading: .loading
                    case .unloaded: slot.lastFailure.map { .failed($0.description) } ?? .unloaded
                    }
                return ModelStatus(
                    name: entry.name, aliases: entry.aliases, state: now, adapters: entry.adapters.map(\.name),
                    bytes: slot.bytes, contextLength: slot.contextLength, leases: slot.leases)
            }
        }
    }

    /// What the registry is doing and has done.
    public var statistics: RegistryStatistics {
        state.withLock { state in
            var statistics = state.statistics
            for slot in state.slots {
                statistics.leases += slot.leases
                statistics.waiting += slot.waiters.count
                statistics.loaded += slot.isLoaded ? 1 : 0
                statistics.bytes += slot.bytes
            }
            return statistics
        }
    }

    /// The models that are in memory, by name, without waiting for any and without keeping them there.
    public var loaded: [(name: String, model: LanguageModel)] {
        state.withLock { state in
            zip(entries, state.slots).compactMap { entry, slot in
                guard case .loaded(let loaded) = slot.phase else { return nil }
                return (entry.name, loaded.model)
            }
        }
    }

    // MARK: What is done outside the lock

    private func perform(_ actions: [RegistryAction]) {
        for action in actions {
            switch action {
            case .grant(let waiter, let loaded): waiter.continuation.resume(returning: loaded)
            case .fail(let waiter, let error):
                waiter.continuation.resume(throwing: error.map { $0 as any Error } ?? CancellationError())
            case .open(let slot):
                Task {
                    do {
                        let opened = try await loader.open(entries[slot], options)
                        perform(state.withLock { $0.opened(slot, opened) })
                    } catch {
                        let known = RegistryError(error, model: entries[slot].name)
                        perform(state.withLock { $0.failed(slot, known) })
                    }
                }
            case .load(let slot, let opened):
                Task {
                    do {
                        let loaded = try await opened.load()
                        perform(state.withLock { $0.loaded(slot, loaded) })
                    } catch {
                        let known = RegistryError(error, model: entries[slot].name)
                        perform(state.withLock { $0.failed(slot, known) })
                    }
                }
            case .timeRoom(let slot, let wait):
                // Detached: what belongs to the request that happens to be answered must not wait along.
                Task.detached { [weak self, limit = options.roomWaitLimit] in
                    try? await Task.sleep(for: limit)
                    guard let self else { return }
                    perform(state.withLock { $0.roomTimeEnded(slot, wait: wait) })
                }
            case .timeIdle(let slot, let time):
                Task.detached { [weak self] in
                    try? await Task.sleep(for: time)
                    guard let self else { return }
                    perform(state.withLock { $0.idleTimeEnded(slot) })
                }
            case .drop: break  // The action held the last reference; it goes with the list, outside the lock.
            }
        }
    }
}
