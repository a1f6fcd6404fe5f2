/// How fast prompts are read here and now, and so how much of them a pass may take while answers are streamed.
struct PromptPace {
    /// What reading a share may add to the time between two tokens of a stream.
    private static let target = 0.25
    /// Products of fewer columns waste too much of the reading of the weights.
    private static let smallest = 64
    private static let step = 32

    private var secondsPerToken: Double?

    /// Most tokens to read in a pass beside answers, of `most` that it can take.
    func share(atMost most: Int) -> Int {
        let affordable = secondsPerToken.map { Self.target / $0 } ?? 0
        let share = Int(min(max(affordable, Double(Self.smallest)), Double(max(most, Self.smallest))))
        return min(share / Self.step * Self.step, most)
    }

    /// Takes note of a pass that was mainly for prompts.
    mutating func note(tokens: Int, seconds: Double) {
        guard tokens >= Self.step, seconds > 0 else { return }
        let pace = seconds / Double(tokens)
        secondsPerToken = secondsPerToken.map { $0 + 0.2 * (pace - $0) } ?? pace
    }
}
