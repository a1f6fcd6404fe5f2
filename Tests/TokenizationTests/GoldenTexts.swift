import TestSupport
import Testing

@testable import Tokenization

/// The texts of `scripts/golden/tokenization.py` and what the reference tokenizers make of them.
enum GoldenTexts {
    /// All texts.
    static let all: [[UInt8]] = {
        guard let bytes = try? Golden.bytes("tokenization/strings.bin") else { return [] }
        var texts: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            var length = 0
            var shift = 0
            while bytes[position] >= 0x80 {
                length |= Int(bytes[position] & 0x7F) << shift
                shift += 7
                position += 1
            }
            length |= Int(bytes[position]) << shift
            position += 1
            texts.append(Array(bytes[position..<position + length]))
            position += length
        }
        return texts
    }()

    /// The hash the script makes of token numbers.
    static func code(_ ids: [TokenID]) -> UInt32 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for id in ids {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                state = (state ^ UInt64(UInt32(bitPattern: id) >> shift & 0xFF)) &* 0x100_0000_01B3
            }
        }
        return UInt32(truncatingIfNeeded: state >> 32 ^ state)
    }

    /// Encodes every text and compares with `name`.ids; records the first few that differ.
    static func compare(
        _ tokenizer: Tokenizer, with name: String, parseSpecialTokens: Bool = true, addSpecialTokens: Bool = true
    ) throws {
        let expected = try Golden.bytes("tokenization/\(name).ids")
        #expect(all.count >= 5000 && expected.count == 4 * all.count)
        var differences = 0
        for (index, text) in all.enumerated() {
            let ids = tokenizer.encode(
                utf8: text, addSpecialTokens: addSpecialTokens, parseSpecialTokens: parseSpecialTokens)
            let code = code(ids)
            let same = (0..<4).allSatisfy {
                expected[4 * index + $0] == UInt8(truncatingIfNeeded: code >> UInt32(8 * $0))
            }
            if same { continue }
            differences += 1
            if differences <= 5 {
                let shown = String(decoding: text, as: UTF8.self).debugDescription
                Issue.record(
                    "\(name), text \(index): \(shown) gives \(ids) \(ids.compactMap { tokenizer.piece(of: $0) })")
            }
        }
        #expect(differences == 0, "\(name): \(differences) of \(all.count) texts differ")
    }
}
