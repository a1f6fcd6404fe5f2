import TensorCore
import Testing

@Suite struct AttentionTests {
    static let cases = [
        AttentionCase(tokens: 1, queryHeads: 2, kvHeads: 2, headSize: 80),
        AttentionCase(tokens: 63, queryHeads: 2, kvHeads: 2, headSize: 80),
        AttentionCase(tokens: 64, queryHeads: 2, kvHeads: 1, headSize: 64),
        AttentionCase(tokens: 65, queryHeads: 4, kvHeads: 1, headSize: 128),
        AttentionCase(tokens: 200, queryHeads: 4, kvHeads: 2, headSize: 160, type: .f32),
        AttentionCase(tokens: 200, queryHeads: 2, kvHeads: 2, headSize: 80),
        AttentionCase(tokens: 130, queryHeads: 6, kvHeads: 2, headSize: 20),
        AttentionCase(tokens: 70, queryHeads: 5, kvHeads: 1, headSize: 1, type: .f32),
        AttentionCase(tokens: 150, queryHeads: 1, kvHeads: 1, headSize: 33, type: .f32, window: 70),
        AttentionCase(tokens: 150, queryHeads: 2, kvHeads: 1, headSize: 64, window: 64),
        AttentionCase(tokens: 140, queryHeads: 1, kvHeads: 1, headSize: 16, window: 3),
        AttentionCase(tokens: 70, queryHeads: 3, kvHeads: 3, headSize: 16, window: 1),
        AttentionCase(tokens: 300, queryHeads: 7, kvHeads: 1, headSize: 80, window: 100),
        AttentionCase(tokens: 1, queryHeads: 2, kvHeads: 2, headSize: 80, type: .int8),
        AttentionCase(tokens: 200, queryHeads: 2, kvHeads: 2, headSize: 80, type: .int8),
        AttentionCase(tokens: 65, queryHeads: 4, kvHeads: 1, headSize: 128, type: .int8),
        AttentionCase(tokens: 130, queryHeads: 4, kvHeads: 2, headSize: 160, type: .int8),
        AttentionCase(tokens: 130, queryHeads: 6, kvHeads: 2, headSize: 64, type: .int8),
        AttentionCase(tokens: 70, queryHeads: 3, kvHeads: 3, headSize: 8, type: .int8),
        AttentionCase(tokens: 150, queryHeads: 1, kvHeads: 1, headSize: 33, type: .int8, window: 70),
        AttentionCase(tokens: 140, queryHeads: 5, kvHeads: 1, headSize: 16, type: .int8, window: 3),
    ]

    @Test(arguments: cases)
    func matchesDoublePrecisionOnEveryLevel(of attention: AttentionCase) throws {
        let inputs = attention.inputs()
        let exact = attention.oracle(inputs)
        let results = try Levels.each { try attention.run(inputs, chunk: attention.tokens, threads: 2) }
        for (level, result) in results {
            #expect(result.map(\.bitPattern) == results[0].result.map(\.bitPattern), "\(level)")
        }
        // With codes, weights are rounded to 14 bits.
        let tolerance = attention.type == .int8 ? 5e-4 : 3e-6
        for (value, expected) in zip(results[0].result, exact) { #expect(abs(Double(value) - expected) < tolerance) }
    }

    @Test(arguments: cases)
    func doesNotDependOnChunksOrThreads(of attention: AttentionCase) throws {
        let inputs = attention.inputs(seed: 7)
        let whole = try attention.run(inputs, chunk: attention.tokens).map(\.bitPattern)
        for (chunk, threads) in [(1, 1), (1, 3), (7, 2), (33, 1), (64, 2), (attention.tokens, 3)] {
            let result = try attention.run(inputs, chunk: chunk, threads: threads).map(\.bitPattern)
            #expect(result == whole, "chunks of \(chunk), \(threads) threads")
        }
    }

    /// The last tokens of a context of several spans, which many threads share and one does not.
    @Test(
        arguments: [
            AttentionCase(tokens: 2100, queryHeads: 1, kvHeads: 1, headSize: 16),
            AttentionCase(tokens: 2100, queryHeads: 2, kvHeads: 1, headSize: 16, type: .int8),
            AttentionCase(tokens: 2060, queryHeads: 2, kvHeads: 2, headSize: 16, type: .int8, window: 1050),
            AttentionCase(tokens: 3100, queryHeads: 1, kvHeads: 1, headSize: 4, type: .f32, window: 2000),
        ])
    func sharedContextsGiveTheSame(of attention: AttentionCase) throws {
        let inputs = attention.inputs()
        let exact = attention.oracle(inputs, last: 12)
        var results: [(name: String, tail: [Float])] = []
        for (level, (threads, chunk)) in [CPULevel.detected, .scalar].flatMap({ level in
            [(1, 512), (2, 1000), (16, 2000)].map { (level, $0) }
        }) {
            defer { CPULevel.force(.detected) }
            try #require(CPULevel.force(level))
            let pool = ThreadPool(threads: threads)
            let kernel = try attention.attention(threads: threads)
            var sequence = KVSequence(try attention.layout())
            let early = attention.tokens - 12
            for start in stride(from: 0, to: early, by: chunk) {
                _ = try attention.run(inputs, start..<min(start + chunk, early), &sequence, kernel, pool)
            }
            var tail: [Float] = []
            for (from, to) in [(0, 1), (1, 2), (2, 12)] {
                tail += try attention.run(inputs, early + from..<early + to, &sequence, kernel, pool)
            }
            results.append(("\(level), \(threads) threads", tail))
        }
        for (name, tail) in results { #expect(tail.map(\.bitPattern) == results[0].tail.map(\.bitPattern), "\(name)") }
        let tolerance = attention.type == .int8 ? 5e-4 : 3e-6
        for (value, expected) in zip(results[0].tail, exact) { #expect(abs(Double(value) - expected) < tolerance) }
    }

    /// What rounding to 8 bits costs, beside f16: some percent of the spread of what attention finds.
    @Test(arguments: [64, 80, 128, 160])
    func codesAreCloseToHalves(headSize: Int) throws {
        var attention = AttentionCase(tokens: 200, queryHeads: 2, kvHeads: 2, headSize: headSize)
        let inputs = attention.inputs()
        let halves = try attention.run(inputs, chunk: 200)
        attention.type = .int8
        let codes = try attention.run(inputs, chunk: 200)
        let error = zip(halves, codes).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let spread = halves.reduce(0.0) { $0 + Double($1 * $1) }
        #expect((error / spread).squareRoot() < 0.02)
    }

    /// Several sequences in one pass give what each gives alone.
    @Test func companyDoesNotMatter() throws {
        let pool = ThreadPool(threads: 2)
        let cases = [70, 1, 130].map { AttentionCase(tokens: $0, queryHeads: 4, kvHeads: 2, headSize: 80) }
        let inputs = cases.map { $0.inputs() }
        let attention = try cases[0].attention(threads: 2)
        var segments: [Attention.Segment] = []
        var row = 0
        for item in cases {
            var sequence = KVSequence(try item.layout())
            try sequence.reserve(upTo: item.tokens)
            segments.append(.init(sequence: sequence, firstRow: row, firstPosition: 0, tokens: item.tokens))
            row += item.tokens
        }
        let keys = try FloatBuffer(inputs.flatMap(\.keys))
        let values = try FloatBuffer(inputs.flatMap(\.values))
        let queries = try FloatBuffer(inputs.flatMap(\.queries))
        let output = try FloatBuffer(count: queries.count)
        attention.begin(segments)
        attention.store(layer: 0, keys: keys, values: values, pool: pool)
        attention.attend(layer: 0, queries: queries, output: output, pool: pool)
        attention.end()
        let alone = try zip(cases, inputs).flatMap { try $0.run($1, chunk: 50) }
        #expect(output.array == alone)
    }

    /// A copy shares pages until one of the two writes.
    @Test(arguments: [40, 64, 101], [KVCacheType.f16, .int8])
    func copiesDoNotDisturbEachOther(shared: Int, type: KVCacheType) throws {
        let pool = ThreadPool(threads: 2)
        let item = AttentionCase(tokens: 150, queryHeads: 2, kvHeads: 2, headSize: 32, type: type)
        let attention = try item.attention(threads: 2)
        let (one, other) = (item.inputs(seed: 1), item.inputs(seed: 2))
        var mixed = one
        mixed.queries.replaceSubrange((shared * item.queryWidth)..., with: other.queries[(shared * item.queryWidth)...])
        mixed.keys.replaceSubrange((shared * item.kvWidth)..., with: other.keys[(shared * item.kvWidth)...])
        mixed.values.replaceSubrange((shared * item.kvWidth)..., with: other.values[(shared * item.kvWidth)...])

        var first = KVSequence(try item.layout())
        _ = try item.run(one, 0..<120, &first, attention, pool)
        var second = first
        second.truncate(to: shared)
        let secondTail = try item.run(mixed, shared..<150, &second, attention, pool)
        let firstTail = try item.run(one, 120..<150, &first, attention, pool)

        let firstAlone = try item.run(one, chunk: 150)
        let secondAlone = try item.run(mixed, chunk: 150)
        #expect(firstTail == Array(firstAlone[(120 * item.queryWidth)...]))
        #expect(secondTail == Array(secondAlone[(shared * item.queryWidth)...]))
    }

    /// What a truncated sequence stored before never shows, not even as NaN.
    @Test(arguments: [KVCacheType.f16, .int8])
    func truncatedTokensAreForgotten(type: KVCacheType) throws {
        let pool = ThreadPool(threads: 1)
        let item = AttentionCase(tokens: 100, queryHeads: 2, kvHeads: 2, headSize: 16, type: type)
        let attention = try item.attention(threads: 1)
        let inputs = item.inputs()
        var spoiled = inputs
        spoiled.keys.replaceSubrange((70 * item.kvWidth)..., with: [Float](repeating: .nan, count: 30 * item.kvWidth))
        spoiled.values.replaceSubrange((70 * item.kvWidth)..., with: [Float](repeating: .nan, count: 30 * item.kvWidth))
        var sequence = KVSequence(try item.layout())
        _ = try item.run(spoiled, 0..<100, &sequence, attention, pool)
        sequence.truncate(to: 70)
        let tail = try item.run(inputs, 70..<90, &sequence, attention, pool)
        let alone = try item.run(inputs, chunk: 100)
        #expect(tail == Array(alone[(70 * item.queryWidth)..<(90 * item.queryWidth)]))
    }

    @Test func headsMustDivide() throws {
        let layout = try #require(KVLayout(type: .f16, layers: 1, kvHeads: 3, headSize: 8))
        #expect(try Attention(.init(queryHeads: 4, scale: 1), layout: layout, threads: 1) == nil)
        #expect(try Attention(.init(queryHeads: 3, scale: 1, window: 0), layout: layout, threads: 1) == nil)
    }
}
