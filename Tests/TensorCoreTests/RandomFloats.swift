import Foundation
import TensorCore
import TestSupport

/// Reproducible test numbers.
struct RandomFloats: RandomNumberGenerator {
    private var source: FixedRandom

    init(seed: UInt64) { source = FixedRandom(seed: seed) }

    mutating func next() -> UInt64 { source.next() }

    /// Roughly normal numbers: a sum of uniform ones.
    mutating func numbers(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in
            let sum = (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
            return sum * scale
        }
    }
}

extension FloatBuffer {
    convenience init(_ numbers: [Float]) throws {
        try self.init(count: numbers.count)
        withMutableSpan { span in
            for index in span.indices { span[index] = numbers[index] }
        }
    }

    var array: [Float] { withSpan { span in span.indices.map { span[$0] } } }
    var bits: [UInt32] { array.map(\.bitPattern) }
}

enum Levels {
    private static let lock = NSLock()

    /// Results of `body` on every level of this machine, the scalar one first. One caller at a time.
    static func each<Result>(_ body: () throws -> Result) rethrows -> [(level: CPULevel, result: Result)] {
        lock.lock()
        defer { lock.unlock() }
        let before = CPULevel.current
        defer { CPULevel.force(before) }
        return try CPULevel.allCases.filter { CPULevel.force($0) }.map { level in
            CPULevel.force(level)
            return (level, try body())
        }
    }
}
