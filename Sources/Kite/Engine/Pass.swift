import Tokenization

/// What one pass over the model computes.
struct Pass {
    /// What a sequence takes part with.
    struct Part {
        let sequence: RunningSequence
        /// Tokens it has read before.
        let start: Int
        /// Tokens it reads.
        let count: Int
        /// Whether it reads what it was given, rather than the token chosen last.
        let isReading: Bool
        /// Guesses of what follows them, read too.
        var draft: [TokenID] = []

        /// Whether all its tokens are read then, so that the next one can be chosen.
        var isComplete: Bool { start + count == sequence.tokens.count }

        /// The tokens to read.
        var tokens: [TokenID] { sequence.tokens[start..<start + count] + draft }

        /// Which of the tokens read have their logits (or hidden states) looked at.
        var rows: Range<Int> {
            if sequence.request.isEmbedding { return 0..<count }
            let last = isComplete && sequence.answer?.tokensLeft != 0 ? count + draft.count : count - 1
            if sequence.wantsPromptLogprobs { return 0..<(isComplete ? last : count) }
            return isComplete && last >= count ? count - 1..<last : 0..<0
        }
    }

    var parts: [Part] = []

    /// Columns of all products.
    var tokenCount: Int { parts.reduce(0) { $0 + $1.count + $1.draft.count } }
}

extension Scheduler {
    /// Answers beside which guesses still pay: more of them fill a pass by themselves.
    private static let mostDrafting = 4

    /// Shares the next pass among the sequences that are ready.
    ///
    /// Every answer gets its next token. While there are answers, prompts get a share small enough that the streams go on
    /// smoothly, else they get all. Of the prompts the one with the fewest tokens left goes first, and each pass spent
    /// waiting counts as a share read: so a short prompt does not wait for a long one, nor the long one forever.
    func composePass() -> Pass {
        var ready = readySequences.filter { !$0.request.isEmbedding }
        for sequence in ready where !sequence.isAnswering { adopt(sequence) }
        let most = limits.promptChunk
        var answering = ready.filter(\.isAnswering)
        ready.removeAll(where: \.isAnswering)
        let share = readersShare(most, readers: ready.count, answering: answering.count)
        var plan: [ObjectIdentifier: Pass.Part] = [:]

        if answering.count > most - share {
            let first = rotation % answering.count
            answering = Array((answering[first...] + answering[..<first]).prefix(most - share))
            rotation = first + answering.count
        }
        var spare = ready.isEmpty && answering.count <= Self.mostDrafting ? most - answering.count : 0
        for sequence in answering {
            let draft = spare > 0 ? self.draft(sequence, atMost: spare) : []
            spare -= draft.count
            plan[ObjectIdentifier(sequence)] = .init(
                sequence: sequence, start: sequence.cache.length, count: 1, isReading: false, draft: draft)
        }

        var left = share
        let order = ready.enumerated().map { (key: $1.pending - $1.passesWaited * max(share, 1), place: $0) }
            .sorted { $0 < $1 }
        for (_, place) in order {
            let sequence = ready[place]
            let count = min(sequence.pending, left)
            left -= count
            guard count > 0 else {
                sequence.passesWaited += 1
                continue
            }
            plan[ObjectIdentifier(sequence)] = .init(
                sequence: sequence, start: sequence.cache.length, count: count, isReading: true)
        }
        // Oldest first: who comes later makes room.
        return Pass(parts: running.compactMap { plan[ObjectIdentifier($0)] })
    }

    private func readersShare(_ most: Int, readers: Int, answering: Int) -> Int {
        if readers == 0 { return 0 }
        if answering == 0 { return most }
        if most == 1 {
            isReadersTurn.toggle()
            return isReadersTurn ? 1 : 0
        }
        return max(min(promptPace.share(atMost: most), max(most - answering, most / 4)), 1)
    }

    /// Takes over for `sequence` what others have read.
    private func adopt(_ sequence: RunningSequence) {
        let saved = sequence.adopt(from: prefixes)
        guard !sequence.request.isPromptRead else { return }
        sequence.request.cachedTokens += saved
        statistics.cachedPromptTokens += saved
    }

    private func draft(_ sequence: RunningSequence, atMost room: Int) -> [TokenID] {
        guard let answer = sequence.answer, answer.drafter != nil else { return [] }
        let wanted = answer.tokensLeft.map { $0 - 1 } ?? .max
        let limit = min(wanted, limits.contextLength - sequence.tokens.count, room)
        guard limit > 0 else { return [] }
        return answer.drafter?.draft(atMost: limit) ?? []
    }
}
