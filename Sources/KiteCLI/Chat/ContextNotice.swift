import Kite

/// What to tell a user about a context that has become too small.
enum ContextNotice {
    /// A sentence for each thing that happened.
    static func lines(for response: Response, contextLength: Int) -> [String] {
        let limit = Format.count(contextLength)
        var lines: [String] = []
        if response.droppedTurns > 0 {
            let turns = response.droppedTurns == 1 ? "turn" : "\(Format.count(response.droppedTurns)) turns"
            lines.append("dropped the oldest \(turns) to stay within \(limit) tokens")
        }
        if response.finishReason == .contextFull {
            lines.append("the context of \(limit) tokens is full: the answer stops here; -c allows more")
        }
        return lines
    }
}
