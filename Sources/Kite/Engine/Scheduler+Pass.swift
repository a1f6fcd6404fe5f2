import Synchronization
import TensorCore
import Tokenization

extension Scheduler {
    /// Composes a pass, runs it, and does what follows from it.
    /// - Returns: Whether anything was done.
    func runPass() -> Bool {
        let isForHidden = readySequences.contains { $0.request.isEmbedding } && takesTurn()
        var pass = isForHidden ? composeHiddenPass() : composePass()
        guard !pass.parts.isEmpty else { return false }
        var parts: [Pass.Part] = []
        for part in pass.parts where !part.sequence.isSetBack && !part.sequence.isGone {
            if reserve(part.sequence, upTo: part.start + part.count + part.draft.count) { parts.append(part) }
        }
        pass.parts = parts.filter { !$0.sequence.isSetBack && !$0.sequence.isGone }
        guard !pass.parts.isEmpty else { return true }
        var steps = pass.parts.map {
            Transformer.Step(
                tokens: $0.tokens, sequence: $0.sequence.cache, wanted: .range($0.rows),
                adapters: $0.sequence.request.adapters)
        }
        // The steps hold the only references while they run, so that no page is taken for a shared one.
        for part in pass.parts { part.sequence.cache = makeCache() }
        let start = ContinuousClock.now
        var guessed: [Int: [Int: [Float]]] = [:]
        do {
            if isForHidden { try readHidden(pass, &steps) } else { guessed = try read(pass, &steps) }
        } catch {
            for part in pass.parts { part.sequence.cache = makeCache() }
            for part in pass.parts where !part.sequence.isGone { fail(part.sequence.request, error) }
            return true
        }
        for (part, step) in zip(pass.parts, steps) { part.sequence.cache = step.sequence }
        steps = []
        note(pass, seconds: (ContinuousClock.now - start).seconds)
        for (index, part) in pass.parts.enumerated() where !part.sequence.isGone {
            conclude(part, guessed: guessed[index] ?? [:])
        }
        return true
    }

    /// Runs a pass and chooses the next tokens on the threads that computed the logits.
    /// - Returns: The logits of parts with guesses, by part, then by token.
    private func read(_ pass: Pass, _ steps: inout [Transformer.Step]) throws -> [Int: [Int: [Float]]] {
        let places = pass.parts.enumerated().flatMap { index, part in part.rows.map { (part: index, token: $0) } }
        let guessed = Mutex<[Int: [Int: [Float]]]>([:])
        let known = Mutex<[(request: Int, token: Int, logprob: TokenLogprob)]>([])
        func look(_ row: Int, _ logits: Span<Float>) {
            let (index, token) = places[row]
            let part = pass.parts[index]
            let request = part.sequence.request
            let position = part.start + token
            if position + 1 < part.sequence.tokens.count {
                let logprob = TokenLogprob(
                    part.sequence.tokens[position + 1], in: logits, alternatives: request.promptLogprobs ?? 0,
                    request.model.tokenizer)
                known.withLock { $0.append((index, position + 1, logprob)) }
            } else if !part.draft.isEmpty {
                let copy = logits.withUnsafeBufferPointer { Array($0) }
                guessed.withLock { $0[index, default: [:]][token] = copy }
            } else {
                // The prompt of several answers has them all begin here.
                let answers = request.isPromptRead ? [part.sequence.answer].compactMap(\.self) : request.answers
                for answer in answers { answer.choice = Result { try answer.choose(by: logits, scratch) } }
            }
        }
        try transformer.forward(&steps, visitingLogits: look)
        for (index, token, logprob) in known.withLock({ $0 }) {
            pass.parts[index].sequence.request.promptLogprobsKnown[token] = logprob
        }
        return guessed.withLock { $0 }
    }

    private func note(_ pass: Pass, seconds: Double) {
        statistics.passes += 1
        statistics.passSeconds += seconds
        let read = pass.parts.reduce(0) { $0 + ($1.isReading ? $1.count : 0) }
        statistics.promptTokens += read
        if read * 2 >= pass.tokenCount { promptPace.note(tokens: pass.tokenCount, seconds: seconds) }
        // Alone in the pass, a sequence learns what its guesses cost.
        if let part = pass.parts.first, pass.parts.count == 1, let answer = part.sequence.answer, read == 0 {
            answer.drafter?.note(columns: part.count + part.draft.count, seconds: seconds)
        }
    }

    /// Does for a sequence what follows from the pass.
    private func conclude(_ part: Pass.Part, guessed: [Int: [Float]]) {
        let sequence = part.sequence
        let request = sequence.request
        guard part.isComplete else { return sequence.offerPages(to: prefixes) }
        guard let answer = sequence.answer else { return finishEmbedding(sequence) }
        if !part.draft.isEmpty { return follow(part, answer, guessed) }
        sequence.offerPages(to: prefixes)
        var sequences = [sequence]
        if !request.isPromptRead {
            request.promptIsRead()
            for other in request.answers.dropFirst() {
                let fork = sequence.fork(other, prefixes)
                add(fork)
                sequences.append(fork)
            }
        }
        for sequence in sequences where !sequence.isGone {
            guard let answer = sequence.answer else { continue }
            guard let choice = answer.choice.take() else {
                finish(sequence, .length)
                continue
            }
            do { _ = take(try choice.get(), sequence, answer) } catch { fail(request, error) }
        }
    }

    /// Follows the guesses as far as they are what is chosen.
    private func follow(_ part: Pass.Part, _ answer: Answer, _ guessed: [Int: [Float]]) {
        let sequence = part.sequence
        var chosen: [Answer.Chosen] = []
        do {
            for place in 0...part.draft.count {
                guard let row = guessed[part.count - 1 + place] else { break }
                let next = try answer.choose(by: row.span, scratch)
                chosen.append(next)
                guard place < part.draft.count, next.token == part.draft[place], !next.isLast,
                    !answer.ends(with: next.token)
                else {
                    break
                }
            }
        } catch {
            sequence.cache.truncate(to: part.start + part.count)
            return fail(sequence.request, error)
        }
        answer.draftedTokens += part.draft.count
        // The last one chosen is not read yet.
        sequence.cache.truncate(to: part.start + part.count + chosen.count - 1)
        for (place, next) in chosen.enumerated() {
            // Who leaves gets no more tokens than without guesses.
            guard !sequence.request.isCancelled, take(next, sequence, answer) else { return }
            if place < chosen.count - 1 { answer.acceptedDraftTokens += 1 }
        }
        sequence.offerPages(to: prefixes)
    }

    /// Adds a token to an answer.
    /// - Returns: Whether it goes on.
    private func take(_ chosen: Answer.Chosen, _ sequence: RunningSequence, _ answer: Answer) -> Bool {
        let before = answer.tokens.count
        let (event, end) = answer.take(chosen, submitted: sequence.request.submitted)
        statistics.generatedTokens += answer.tokens.count - before
        if let event { sequence.request.channel.push(event) }
        if let end {
            finish(sequence, end)
            return false
        }
        sequence.append(chosen.token)
        guard sequence.tokens.count <= limits.contextLength else {
            finish(sequence, .contextFull)
            return false
        }
        return true
    }
}
