import TensorCore

/// Pages are taken as sequences grow. When there are none left, pages that only a later request might want go first, then
/// the youngest sequence makes room and is read again later. The oldest always goes on.
extension Scheduler {
    /// Refuses a request that could not be answered even alone.
    func checkFits(_ request: ActiveRequest, _ promptTokens: Int) throws {
        // Without a limit of its own an answer ends where memory does.
        let most = request.isEmbedding ? 0 : request.options.maximumResponseTokens ?? 1
        let tokens = min(promptTokens + min(most, limits.contextLength), max(limits.contextLength, promptTokens))
        let layout = transformer.kvLayout
        guard layout.pages(for: tokens) > pages.limit else { return }
        throw GenerationError.requestTooLarge(
            "\(tokens) tokens need \(Self.size(layout.pages(for: tokens) * layout.pageBytes)) for keys and values, "
                + "\(Self.size(pages.limit * layout.pageBytes)) are allowed (kvMemory)")
    }

    private static func size(_ bytes: Int) -> String {
        bytes >> 20 > 0 ? "\(bytes >> 20) MiB" : "\((bytes + 1023) >> 10) KiB"
    }

    /// Whether `sequence` can read its tokens beside those that run, each of which may soon want another page.
    /// - Parameter isLeaving: Which of them are to be set back first.
    func hasRoom(for sequence: RunningSequence, without isLeaving: (RunningSequence) -> Bool = { _ in false }) -> Bool {
        let layout = transformer.kvLayout
        let active = running.filter { !$0.isSetBack && !isLeaving($0) }
        guard !active.isEmpty else { return true }
        let wanted = active.reduce(layout.pages(for: sequence.tokens.count + 1)) { sum, other in
            sum + max(layout.pages(for: other.tokens.count + 1) - other.cache.pages.count, 0)
        }
        // Pages that several share are counted for each: setting them back may free fewer.
        let leaving = running.reduce(0) { $0 + (isLeaving($1) ? $1.cache.pages.count : 0) }
        let free = pages.limit - pages.pageCount + prefixes.unusedCount + leaving
        return wanted + active.count <= free
    }

    /// Sets sequences back whose readers do not keep up, if `sequence` can go on then.
    func makeRoom(for sequence: RunningSequence) -> Bool {
        func isIdle(_ other: RunningSequence) -> Bool { !other.isSetBack && !other.isReady }
        guard hasRoom(for: sequence) || hasRoom(for: sequence, without: isIdle) else { return false }
        while !hasRoom(for: sequence) {
            guard let idle = running.last(where: isIdle) else { return false }
            setBack(idle)
        }
        return true
    }

    /// Makes sure that `sequence` can read up to `end`; younger ones are set back if they must.
    /// - Returns: false when the sequence itself was set back or ended.
    func reserve(_ sequence: RunningSequence, upTo end: Int) -> Bool {
        while true {
            do {
                try sequence.cache.reserve(upTo: end)
                return true
            } catch {
                if prefixes.evict() { continue }
                let place = running.firstIndex { $0 === sequence } ?? running.endIndex
                if let youngest = running[place...].dropFirst().last(where: { !$0.cache.pages.isEmpty }) {
                    setBack(youngest)
                } else if running[..<place].contains(where: { !$0.cache.pages.isEmpty }) {
                    setBack(sequence)
                    return false
                } else {
                    endForLackOfMemory(sequence, error)
                    return false
                }
            }
        }
    }

    /// Makes room for tokens that no request reads.
    func reserve(_ sequence: inout KVSequence, upTo end: Int) throws(AllocationError) {
        while true {
            do {
                return try sequence.reserve(upTo: end)
            } catch {
                if prefixes.evict() { continue }
                guard let youngest = running.last(where: { !$0.cache.pages.isEmpty }) else { throw error }
                setBack(youngest)
            }
        }
    }

    private func setBack(_ sequence: RunningSequence) {
        sequence.releasePages(to: prefixes)
        sequence.isSetBack = true
        sequence.hidden = []
        statistics.setBack += 1
    }

    /// There is nobody left to make room: an answer ends as if the context were full.
    private func endForLackOfMemory(_ sequence: RunningSequence, _ error: AllocationError) {
        if let answer = sequence.answer, !answer.tokens.isEmpty {
            finish(sequence, .contextFull)
        } else {
            fail(sequence.request, GenerationError.outOfMemory(error.description))
        }
    }
}
