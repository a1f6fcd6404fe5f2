import Glibc
import TensorCore
import Testing

/// Random queries, keys and values for `tokens` tokens, and ways to run attention over them.
struct AttentionCase {
    var tokens: Int
    var queryHeads: Int
    var kvHeads: Int
    var headSize: Int
    var type = KVCacheType.f16
    var window: Int?

    var scale: Float { 1 / Float(headSize).squareRoot() }
    var queryWidth: Int { queryHeads * headSize }
    var kvWidth: Int { kvHeads * headSize }

    struct Inputs {
        var queries: [Float]
        var keys: [Float]
        var values: [Float]
    }

    func inputs(seed: UInt64 = 1) -> Inputs {
        var random = RandomFloats(seed: seed &+ UInt64(tokens * 1000 + headSize))
        return Inputs(
            queries: random.numbers(tokens * queryWidth), keys: random.numbers(tokens * kvWidth),
            values: random.numbers(tokens * kvWidth))
    }

    func layout(layers: Int = 2) throws -> KVLayout {
        try #require(KVLayout(type: type, layers: layers, kvHeads: kvHeads, headSize: headSize))
    }

    func attention(threads: Int) throws -> Attention {
        let shape = Attention.Shape(queryHeads: queryHeads, scale: scale, window: window)
        return try #require(try Attention(shape, layout: try layout(), threads: threads))
    }

    /// Runs tokens `range` of `inputs` as one pass over `sequence`, in layer 1, and returns their outputs.
    func run(
        _ inputs: Inputs, _ range: Range<Int>, _ sequence: inout KVSequence, _ attention: Attention, _ pool: ThreadPool
    ) throws -> [Float] {
        let rows = { (x: [Float], width: Int) in
            try FloatBuffer(Array(x[range.lowerBound * width..<range.upperBound * width]))
        }
        try sequence.reserve(upTo: range.upperBound)
        attention.begin([
            .init(sequence: sequence, firstRow: 0, firstPosition: range.lowerBound, tokens: range.count)
        ])
        defer { attention.end() }
        let output = try FloatBuffer(count: range.count * queryWidth)
        let (keys, values) = (try rows(inputs.keys, kvWidth), try rows(inputs.values, kvWidth))
        attention.store(layer: 1, keys: keys, values: values, pool: pool)
        attention.attend(layer: 1, queries: try rows(inputs.queries, queryWidth), output: output, pool: pool)
        sequence.advance(to: range.upperBound)
        return output.array
    }

    /// The whole prompt in passes of `chunk` tokens.
    func run(_ inputs: Inputs, chunk: Int, threads: Int = 1) throws -> [Float] {
        let pool = ThreadPool(threads: threads)
        let attention = try attention(threads: threads)
        var sequence = KVSequence(try layout())
        var output: [Float] = []
        for start in stride(from: 0, to: tokens, by: chunk) {
            output += try run(inputs, start..<min(start + chunk, tokens), &sequence, attention, pool)
        }
        return output
    }

    /// What the cache makes of rows of `headSize` numbers.
    private func cached(_ x: [Float]) -> [Double] {
        switch type {
        case .f32: x.map(Double.init)
        case .f16: FloatOps.floats(fromHalves: FloatOps.halves(fromFloats: x)).map(Double.init)
        case .int8: rounded(x)
        }
    }

    /// Rows of `headSize` numbers as codes of 8 bits times a scale.
    private func rounded(_ x: [Float]) -> [Double] {
        stride(from: 0, to: x.count, by: headSize).flatMap { start in
            let row = x[start..<start + headSize]
            let largest = row.reduce(0) { max($0, abs($1)) }
            return row.map { Double(largest / 127) * Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) }
        }
    }

    /// Double precision, with keys and values rounded as the cache rounds them and, beside codes, queries too.
    /// - Parameter last: How many of the last tokens; nil for all.
    func oracle(_ inputs: Inputs, last: Int? = nil) -> [Double] {
        let (keys, values) = (cached(inputs.keys), cached(inputs.values))
        let queries = type == .int8 ? rounded(inputs.queries) : inputs.queries.map(Double.init)
        let start = tokens - (last ?? tokens)
        var output = [Double](repeating: 0, count: (tokens - start) * queryWidth)
        for token in start..<tokens {
            let first = max(0, token - (window ?? .max) + 1)
            for head in 0..<queryHeads {
                let query = token * queryWidth + head * headSize
                let kvHead = head / (queryHeads / kvHeads) * headSize
                let scores = (first...token).map { key in
                    (0..<headSize).reduce(0.0) {
                        $0 + queries[query + $1] * keys[key * kvWidth + kvHead + $1]
                    } * Double(scale)
                }
                let highest = scores.max() ?? 0
                let weights = scores.map { exp($0 - highest) }
                let sum = weights.reduce(0, +)
                for dimension in 0..<headSize {
                    output[query - start * queryWidth + dimension] =
                        zip(first...token, weights).reduce(0.0) {
                            $0 + $1.1 * values[$1.0 * kvWidth + kvHead + dimension]
                        } / sum
                }
            }
        }
        return output
    }
}
