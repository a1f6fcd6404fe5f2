package import Tokenization

/// Chooses the next token of one sequence. Keeps the sequence's recent tokens and its random numbers.
package struct Sampler: Sendable {
    package let options: SamplingOptions
    /// The seed in use: the options', or the one drawn because they had none.
    package let seed: UInt64
    private let vocabularySize: Int
    private let banned: [TokenID]
    private let bias: [(row: Int, value: Float)]
    private var random: PCG32
    private var window: PenaltyWindow

    /// - Parameters:
    ///   - options: checked here.
    ///   - vocabularySize: number of logits.
    ///   - neverSampled: rows no option can bring back, such as padding of the token table; others are ignored.
    ///   - promptTail: the last tokens of the prompt, which penalties look at too.
    package init(
        _ options: SamplingOptions, vocabularySize: Int, neverSampled: [TokenID], promptTail: ArraySlice<TokenID>
    ) throws(SamplingError) {
        try options.validate()
        for token in options.logitBias.keys.sorted() where Int(token) >= vocabularySize {
            throw .unknownToken(token, vocabularySize: vocabularySize)
        }
        self.options = options
        self.vocabularySize = vocabularySize
        banned = neverSampled.filter { $0 >= 0 && Int($0) < vocabularySize }
        bias = options.logitBias.map { (Int($0.key), $0.value) }.sorted { $0.row < $1.row }
        // A drawn seed has 32 bits, so that it is short to type and exact in JSON.
        seed = options.seed ?? UInt64(UInt32.random(in: .min ... .max))
        random = PCG32(seed: seed)
        window = PenaltyWindow(lastN: options.penalizes ? options.repeatLastN : 0)
        for token in promptTail { window.add(token) }
    }

    /// Chooses a token. `logits` are changed: banned rows become minus infinity, bias and penalties are applied.
    ///
    /// - Throws: `SamplingError.invalidLogit`, `.nothingToSample`, `.sizeMismatch`.
    package mutating func sample(_ logits: inout MutableSpan<Float>) throws(SamplingError) -> TokenID {
        guard logits.count == vocabularySize else {
            throw .sizeMismatch(expected: vocabularySize, found: logits.count)
        }
        // Before banning, so that a damaged row is found wherever it is.
        try Candidates.check(logits.span)
        for (row, value) in bias { logits[row] += value }
        if options.penalizes { window.apply(options, to: &logits) }
        for token in banned { logits[Int(token)] = -.infinity }
        if options.temperature == 0 {
            guard let best = Candidates.largest(logits.span) else { throw .nothingToSample }
            return best.token
        }
        var distribution = Self.start(logits.span, topK: options.topK)
        distribution.keepTypical(options.typicalP)
        distribution.keepTop(options.topP, minP: options.minP)
        distribution.keepMin(options.minP)
        guard let chosen = distribution.draw(temperature: options.temperature, unit: random.nextUnit()) else {
            throw .nothingToSample
        }
        return chosen.token
    }

    /// Chooses a token by the logits at `range`, which are changed.
    ///
    /// - Throws: as ``sample(_:)``.
    package mutating func sample(_ logits: inout [Float], in range: Range<Int>) throws(SamplingError) -> TokenID {
        guard range.lowerBound >= 0, range.upperBound <= logits.count else {
            throw .sizeMismatch(expected: vocabularySize, found: logits.count)
        }
        return try logits.withUnsafeMutableBufferPointer { (buffer) throws(SamplingError) in
            var row = UnsafeMutableBufferPointer(rebasing: buffer[range]).mutableSpan
            return try sample(&row)
        }
    }

    private static func start(_ logits: Span<Float>, topK: Int) -> Distribution {
        if topK > 0, topK < logits.count {
            return Distribution(Candidates.top(topK, of: logits), isSorted: true)
        }
        return Distribution(Candidates.possible(in: logits), isSorted: false)
    }

    /// Adds a token of the sequence to what penalties look at.
    package mutating func accept(_ token: TokenID) {
        if options.penalizes { window.add(token) }
    }
}
