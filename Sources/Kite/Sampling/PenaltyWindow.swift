import Tokenization

/// The last tokens of a sequence and how often each occurs among them.
struct PenaltyWindow: Sendable {
    /// How many tokens count; nil for all.
    private let capacity: Int?
    private var recent: [TokenID] = []
    /// Where the oldest of `recent` stands once it is full.
    private var oldest = 0
    private(set) var counts: [TokenID: Int] = [:]

    /// `lastN` as in `SamplingOptions.repeatLastN`.
    init(lastN: Int) { capacity = lastN < 0 ? nil : lastN }

    mutating func add(_ token: TokenID) {
        guard let capacity else {
            counts[token, default: 0] += 1
            return
        }
        guard capacity > 0 else { return }
        if recent.count < capacity {
            recent.append(token)
        } else {
            let leaving = recent[oldest]
            if let count = counts[leaving], count > 1 { counts[leaving] = count - 1 } else { counts[leaving] = nil }
            recent[oldest] = token
            oldest = (oldest + 1) % capacity
        }
        counts[token, default: 0] += 1
    }

    /// Changes the logits of the tokens in the window: `repeat` divides positive ones and multiplies the others, then
    /// `count · frequency + presence` is taken off.
    func apply(_ options: SamplingOptions, to logits: inout MutableSpan<Float>) {
        for (token, count) in counts {
            guard let row = Int(exactly: token), row >= 0, row < logits.count else { continue }
            var logit = logits[row]
            logit = logit > 0 ? logit / options.repeatPenalty : logit * options.repeatPenalty
            logits[row] = logit - Float(count) * options.frequencyPenalty - options.presencePenalty
        }
    }
}
