import TensorCore

/// Texts whose hidden states are wanted are read in passes of their own, which take turns with the others.
extension Scheduler {
    /// Whether the next pass is for hidden states, if both kinds are waited for.
    func takesTurn() -> Bool {
        guard readySequences.contains(where: { !$0.request.isEmbedding }) else { return true }
        isEmbeddersTurn.toggle()
        return isEmbeddersTurn
    }

    /// Shares a pass among the texts, oldest first. While answers are streamed it is as short as a share of prompts.
    func composeHiddenPass() -> Pass {
        let isStreaming = running.contains { $0.isReady && $0.isAnswering }
        var left = isStreaming ? promptPace.share(atMost: limits.promptChunk) : limits.promptChunk
        var pass = Pass()
        for sequence in readySequences where left > 0 && sequence.request.isEmbedding {
            let count = min(sequence.pending, left)
            left -= count
            pass.parts.append(.init(sequence: sequence, start: sequence.cache.length, count: count, isReading: true))
        }
        return pass
    }

    /// Runs a pass and adds up the hidden states of each text.
    func readHidden(_ pass: Pass, _ steps: inout [Transformer.Step]) throws {
        let owners = pass.parts.flatMap { part in part.rows.map { _ in part.sequence } }
        try transformer.forward(
            &steps,
            visitingHidden: { row, hidden in
                let sequence = owners[row]
                if sequence.hidden.isEmpty { sequence.hidden = [Double](repeating: 0, count: hidden.count) }
                for index in hidden.indices { sequence.hidden[index] += Double(hidden[index]) }
            })
    }
}
