#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The tokens still possible while the stages run, and the stages themselves.
struct Distribution {
    private(set) var candidates: [Candidate]
    /// Whether the likeliest come first.
    private var isSorted: Bool

    init(_ candidates: [Candidate], isSorted: Bool) {
        self.candidates = candidates
        self.isSorted = isSorted
    }

    /// Probabilities of the candidates, in their order; they sum to one.
    var probabilities: [Double] {
        let largest = Double(largestLogit)
        var values = candidates.map { exp(Double($0.logit) - largest) }
        let sum = values.reduce(0, +)
        for index in values.indices { values[index] /= sum }
        return values
    }

    private var largestLogit: Float {
        if isSorted, let first = candidates.first { return first.logit }
        return candidates.reduce(-Float.infinity) { max($0, $1.logit) }
    }

    /// Keeps the candidates whose surprise is closest to the entropy until they reach `p`.
    mutating func keepTypical(_ p: Float) {
        guard p < 1, candidates.count > 1 else { return }
        let probabilities = probabilities
        var entropy = 0.0
        for value in probabilities where value > 0 { entropy -= value * log(value) }
        keepFirst(reaching: p, strictly: true, probabilities) { abs(-log(probabilities[$0]) - entropy) }
        isSorted = false
    }

    /// Keeps the likeliest candidates that together reach `p`. May leave out some of those that `keepMin(minP)` would
    /// take away next: both keep the head of the same order.
    mutating func keepTop(_ p: Float, minP: Float) {
        guard p < 1, candidates.count > 1 else { return }
        let probabilities = probabilities
        if isSorted {
            var sum = 0.0
            for index in candidates.indices {
                sum += probabilities[index]
                if sum >= Double(p) {
                    candidates.removeLast(candidates.count - index - 1)
                    return
                }
            }
        } else {
            let logits = candidates.map(\.logit)
            let bound = minP > 0 ? Double(largestLogit) + log(Double(minP)) : -.infinity
            keepFirst(reaching: p, strictly: false, probabilities, among: { Double(logits[$0]) >= bound }) {
                -Double(logits[$0])
            }
            isSorted = true
        }
    }

    /// Keeps the candidates at least `p` times as likely as the likeliest.
    mutating func keepMin(_ p: Float) {
        guard p > 0 else { return }
        let bound = Double(largestLogit) + log(Double(p))
        candidates.removeAll { Double($0.logit) < bound }
    }

    /// Takes candidates in the order of their keys until their probabilities reach `p`; at least one stays.
    private mutating func keepFirst(
        reaching p: Float, strictly: Bool, _ probabilities: [Double], among isWanted: (Int) -> Bool = { _ in true },
        key: (Int) -> Double
    ) {
        var entries: [SelectionHeap.Entry] = []
        for place in candidates.indices where isWanted(place) {
            entries.append(SelectionHeap.Entry(key: key(place), place: place))
        }
        var heap = SelectionHeap(entries)
        var kept: [Candidate] = []
        var sum = 0.0
        while let entry = heap.next() {
            kept.append(candidates[entry.place])
            sum += probabilities[entry.place]
            if strictly ? sum > Double(p) : sum >= Double(p) { break }
        }
        candidates = kept
    }

    /// A token drawn at `temperature`, which is above 0; `unit` is a random number from 0 up to 1. Nil when there is
    /// no candidate.
    func draw(temperature: Float, unit: Double) -> Candidate? {
        let largest = Double(largestLogit)
        let weights = candidates.map { exp((Double($0.logit) - largest) / Double(temperature)) }
        let target = unit * weights.reduce(0, +)
        var sum = 0.0
        var last: Candidate?
        for (candidate, weight) in zip(candidates, weights) where weight > 0 {
            sum += weight
            last = candidate
            if sum > target { break }
        }
        return last
    }
}
