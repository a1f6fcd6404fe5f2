import Foundation
import TensorCore

/// Reproducible test numbers.
struct RandomFloats: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

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
