import TensorCore
import Tokenization

/// A token that may be chosen.
struct Candidate: Sendable {
    var token: TokenID
    var logit: Float

    /// Likelier tokens first; of equally likely ones the lower id.
    static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
        a.logit > b.logit || (a.logit == b.logit && a.token < b.token)
    }
}

/// Finding the likeliest of many logits without sorting them.
enum Candidates {
    private static let lanes = 16

    /// The largest of logits that were checked, and the first row that has it; nil when all are minus infinity.
    static func largest(_ logits: Span<Float>) -> Candidate? {
        let row = FloatOps.argmax(logits)
        guard row < logits.count, logits[row] > -.infinity else { return nil }
        return Candidate(token: TokenID(truncatingIfNeeded: row), logit: logits[row])
    }

    /// Refuses NaN and plus infinity.
    static func check(_ logits: Span<Float>) throws(SamplingError) {
        let isSound = logits.withUnsafeBufferPointer { buffer in
            // False for NaN as well as for infinity.
            var sound = SIMDMask<SIMD16<Int32>>(repeating: true)
            var row = 0
            while row + lanes <= buffer.count {
                let values = load(buffer, row)
                sound = sound .& (values .< .infinity)
                row += lanes
            }
            var rest = true
            while row < buffer.count {
                rest = rest && buffer[row] < .infinity
                row += 1
            }
            return rest && Swift.all(sound)
        }
        guard !isSound else { return }
        for row in 0..<logits.count where !(logits[row] < .infinity) {
            throw .invalidLogit(token: TokenID(truncatingIfNeeded: row), value: logits[row])
        }
    }

    /// The `count` likeliest tokens, likeliest first; fewer when the others are minus infinity. `logits` are checked.
    static func top(_ count: Int, of logits: Span<Float>) -> [Candidate] {
        guard count > 0 else { return [] }
        // A pool of several times `count` is cut back to `count` whenever it is full; what is not above the smallest
        // one kept then cannot be among the likeliest, so most rows cost one comparison.
        let capacity = max(4 * min(count, logits.count), 256)
        var pool: [Candidate] = []
        pool.reserveCapacity(capacity + lanes)
        var threshold = -Float.infinity
        logits.withUnsafeBufferPointer { buffer in
            func add(_ row: Int) {
                guard buffer[row] > threshold else { return }
                pool.append(Candidate(token: TokenID(truncatingIfNeeded: row), logit: buffer[row]))
                guard pool.count >= capacity else { return }
                pool.sort(by: Candidate.precedes)
                pool.removeLast(pool.count - count)
                // Rows to come have higher ids, so one as large as the last kept would rank below it.
                threshold = pool[count - 1].logit
            }
            var row = 0
            while row + lanes <= buffer.count {
                if Swift.any(load(buffer, row) .> threshold) {
                    for lane in row..<(row + lanes) { add(lane) }
                }
                row += lanes
            }
            while row < buffer.count {
                add(row)
                row += 1
            }
        }
        pool.sort(by: Candidate.precedes)
        if pool.count > count { pool.removeLast(pool.count - count) }
        return pool
    }

    /// Every token that is not minus infinity, by id.
    static func possible(in logits: Span<Float>) -> [Candidate] {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(logits.count)
        for row in 0..<logits.count where logits[row] > -.infinity {
            candidates.append(Candidate(token: TokenID(truncatingIfNeeded: row), logit: logits[row]))
        }
        return candidates
    }

    @inline(__always)
    private static func load(_ buffer: UnsafeBufferPointer<Float>, _ row: Int) -> SIMD16<Float> {
        UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: row * 4, as: SIMD16<Float>.self)
    }
}
