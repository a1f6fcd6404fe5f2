extension RegistryState {
    /// Does all that can be done now: makes room for the first model in line, hands out leases, starts opening what is
    /// waited for, unloads what has been idle.
    ///
    /// Models wait for room first come, first served. To make room, those unused the longest go first; one in use gives
    /// no new leases until its present ones have ended (it drains), so that a busy model cannot keep another out.
    mutating func settled() -> [RegistryAction] {
        var actions: [RegistryAction] = []
        for index in slots.indices { slots[index].isDraining = false }
        while makeRoom(&actions) {}
        for index in slots.indices {
            if !isClosed, !slots[index].isDraining, case .loaded(let loaded) = slots[index].phase {
                grant(index, loaded, &actions)
            }
            if case .unloaded = slots[index].phase, !slots[index].waiters.isEmpty {
                slots[index].phase = .opening
                actions.append(.open(index))
            }
            watchIdle(index, &actions)
        }
        return actions
    }

    /// Takes one step for the first model in line.
    /// - Returns: Whether there is another step to take.
    private mutating func makeRoom(_ actions: inout [RegistryAction]) -> Bool {
        guard let first = queue.first, case .waiting(let opened) = slots[first].phase else { return false }
        guard let budget else { return start(first, opened, &actions) }
        let used = slots.reduce(0) { $0 + $1.bytes }
        if used + opened.bytes <= budget { return start(first, opened, &actions) }

        let staying = slots.reduce(0) { $0 + ($1.isPermanent || $1.pins > 0 ? $1.bytes : 0) }
        if staying + opened.bytes > budget {
            statistics.failures += 1
            actions += fail(first, .tooLarge(model: names[first], bytes: staying + opened.bytes, budget: budget))
            return true
        }
        // What is being loaded becomes a candidate when it is there.
        let candidates = slots.indices.filter {
            slots[$0].isLoaded && !slots[$0].isPermanent && slots[$0].pins == 0
        }.sorted { slots[$0].lastUse < slots[$1].lastUse }
        let idle = candidates.filter { slots[$0].leases == 0 }
        let missing = used + opened.bytes - budget
        // Unused ones where they suffice; else in order of their last use, used or not.
        let victims = idle.reduce(0) { $0 + slots[$1].bytes } >= missing ? idle : candidates
        var gained = 0
        var hasUnloaded = false
        for victim in victims where gained < missing {
            gained += slots[victim].bytes
            if slots[victim].leases == 0 {
                unload(victim, &actions)
                hasUnloaded = true
            } else {
                slots[victim].isDraining = true
            }
        }
        return hasUnloaded
    }

    private mutating func start(_ index: Int, _ opened: OpenedModel, _ actions: inout [RegistryAction]) -> Bool {
        queue.removeFirst()
        slots[index].phase = .loading(bytes: opened.bytes)
        actions.append(.load(index, opened))
        return true
    }

    private mutating func unload(_ index: Int, _ actions: inout [RegistryAction]) {
        guard case .loaded(let loaded) = slots[index].phase else { return }
        slots[index].phase = .unloaded
        slots[index].isDraining = false
        statistics.unloads += 1
        actions.append(.drop(loaded))
    }

    /// Unloads a model that has been unused for long enough, or sees to it that somebody looks again.
    private mutating func watchIdle(_ index: Int, _ actions: inout [RegistryAction]) {
        guard slots[index].isLoaded, slots[index].leases == 0, !slots[index].isPermanent else { return }
        if isClosed { return unload(index, &actions) }
        guard let idleTime, !slots[index].hasIdleTimer else { return }
        let left = idleTime - (ContinuousClock.now - slots[index].lastRelease)
        if left <= .zero { return unload(index, &actions) }
        slots[index].hasIdleTimer = true
        actions.append(.timeIdle(index, left))
    }

    /// The idle time that was waited for is over.
    mutating func idleTimeEnded(_ index: Int) -> [RegistryAction] {
        slots[index].hasIdleTimer = false
        return settled()
    }
}
