/// Measures how fast a tokenizer encodes on one thread: `kite bench --tokenizer`.
public struct TokenizerBenchmark: Sendable {
    /// Bytes of text that were encoded once.
    public let byteCount: Int
    /// Tokens that came out.
    public let tokenCount: Int
    /// The time of each run, in seconds. The first starts without remembered words.
    public let seconds: [Double]

    /// Megabytes (10⁶ bytes) a second of the median run.
    public var megabytesPerSecond: Double {
        let sorted = seconds.sorted()
        guard let median = sorted.isEmpty ? nil : sorted[sorted.count / 2], median > 0 else { return 0 }
        return Double(byteCount) / median / 1e6
    }

    /// Encodes `text` `runs` times.
    public init(_ tokenizer: Tokenizer, text: [UInt8], runs: Int = 5) {
        var seconds: [Double] = []
        var count = 0
        let clock = ContinuousClock()
        for _ in 0..<max(runs, 1) {
            let time = clock.measure { count = tokenizer.encode(utf8: text).count }
            seconds.append(time / .seconds(1))
        }
        self.seconds = seconds
        byteCount = text.count
        tokenCount = count
    }

    /// English-like prose of at least `count` bytes: words drawn by Zipf's law, from a list and made up of syllables, in
    /// sentences and paragraphs; the same every time.
    public static func prose(count: Int) -> [UInt8] {
        var state: UInt64 = 2023
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % limit
        }
        let common = """
            the of and to a in that is was he for it with as his on be at by I this had not are but from or have an they \
            which one you were all her she there would their we him been has when who will no more if out so up said what \
            about its into than them can only other time new some could these two may first then do any like my now over
            """
        var words = common.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) }
        let syllables =
            "ter ing re con ment tion ly er per sta lan gua ge mo del pro in for ma tive com pu al ex am ple s ed de"
            .split(separator: " ").map { Array($0.utf8) }
        while words.count < 20_000 {
            words.append((0...(1 + random(3))).flatMap { _ in syllables[random(syllables.count)] })
        }
        var text: [UInt8] = []
        text.reserveCapacity(count + 64)
        var inSentence = 0
        while text.count < count {
            // A power of a uniform number falls off about as ranks of words do.
            let uniform = Double(random(1 << 24)) / Double(1 << 24)
            var word = words[Int(uniform * uniform * uniform * uniform * Double(words.count))]
            if inSentence == 0, let first = word.first { word[0] = first & 0xDF }
            text += word
            inSentence += 1
            if inSentence > 6, random(8) == 0 {
                text += random(12) == 0 ? [0x2E, 0x0A, 0x0A] : [0x2E, 0x20]
                inSentence = 0
            } else {
                text += random(14) == 0 ? [0x2C, 0x20] : [0x20]
            }
        }
        return text
    }
}
