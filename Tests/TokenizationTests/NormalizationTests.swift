import TestSupport
import Testing

@testable import Tokenization

/// Normalization form C is what `tokenizers` makes of the same text.
@Suite struct NormalizationTests {
    private static let ranges: [(UInt32, UInt32)] = [
        (0x41, 0x5A), (0xC0, 0x17F), (0x300, 0x36F), (0x591, 0x5EA), (0x900, 0xDFF), (0xF40, 0xFBC), (0x1100, 0x11C2),
        (0x1DC0, 0x2000), (0x3041, 0x30FF), (0xAC00, 0xD7A3), (0xF900, 0xFB4F), (0x11080, 0x114C3), (0x1D157, 0x1D1C0),
        (0x2F800, 0x2FA1D),
    ]

    private func code(_ text: [UInt32]) -> UInt32 {
        var bytes: [UInt8] = []
        for scalar in text { UTF8Scalars.append(scalar, to: &bytes) }
        let normalized = CanonicalComposition.shared.normalize(bytes.span, 0, bytes.count)
        #expect(CanonicalComposition.shared.normalize(normalized.span, 0, normalized.count) == normalized)
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in normalized { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: state >> 32 ^ state)
    }

    private func expected(_ index: Int) throws -> UInt32 {
        let bytes = try Golden.bytes("tokenization/nfc.bin")
        return (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
    }

    @Test func everyCharacter() throws {
        for (index, start) in stride(from: UInt32(0), to: 0x110000, by: 4096).enumerated() {
            var text: [UInt32] = []
            for scalar in start..<start + 4096 where !(0xD800..<0xE000).contains(scalar) {
                if scalar != start { text.append(0x0A) }
                text += [scalar, 0x0A, scalar, 0x301, 0x0A, 0x71, 0x315, scalar, 0x316, 0x0A, 0x61, scalar, 0x0A]
                text += [0xAC00, scalar, 0x334]
            }
            if text.isEmpty { continue }
            #expect(try code(text) == expected(index), "U+\(String(start, radix: 16)) and the 4095 after it")
        }
    }

    @Test func randomSequences() throws {
        var state: UInt64 = 1
        func draw(_ limit: UInt32) -> UInt32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt32(truncatingIfNeeded: (state >> 33) % UInt64(limit))
        }
        for block in 0..<64 {
            var text: [UInt32] = []
            for line in 0..<1000 {
                if line > 0 { text.append(0x0A) }
                let picks = (0..<5).map { _ in Self.ranges[Int(draw(UInt32(Self.ranges.count)))] }
                text += picks.map { $0.0 + draw($0.1 - $0.0 + 1) }
            }
            #expect(try code(text) == expected(272 + block), "block \(block)")
        }
    }

    @Test func quickCheck() {
        let text = Array("naïve café — 語言 👍🏽".utf8)
        #expect(CanonicalComposition.shared.firstRelevant(text.span, 0, text.count) == nil)
        let marked = Array("ab e\u{301}".utf8)
        #expect(CanonicalComposition.shared.firstRelevant(marked.span, 0, marked.count) == 4)
    }
}
