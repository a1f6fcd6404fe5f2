import ModelFiles
import TensorCore
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-4 examples (NIST CSRC), and lengths around a block's end against `sha256sum`.
    private static let vectors: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    @Test(arguments: vectors)
    func sha256OfTheStandardsExamples(_ text: String, _ expected: String) {
        #expect(SHA256.hex(Array(text.utf8)) == expected)
    }

    @Test func sha256OfAMillionLetters() {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(SHA256.hex(bytes) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test(arguments: [1, 55, 56, 63, 64, 65, 119, 120, 128, 1000])
    func piecesMakeNoDifference(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
        let whole = SHA256.hex(bytes)
        for size in [1, 3, 63, 64, 65] {
            var hash = SHA256()
            for start in stride(from: 0, to: count, by: size) {
                hash.update(bytes.span.bytes.extracting(start..<min(start + size, count)))
            }
            #expect(hash.finish() == whole)
        }
    }

    @Test func theCPUsInstructionsAgreeWithTheScalarTwin() {
        var random = SystemRandomNumberGenerator()
        for blocks in [1, 2, 7] {
            let bytes = (0..<(64 * blocks)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var fast = InlineArray<8, UInt32> { _ in UInt32.random(in: 0...(.max), using: &random) }
            var slow = fast
            SHA256Blocks.fold(bytes.span.bytes, into: &fast)
            SHA256Blocks.fold(bytes.span.bytes, into: &slow, isScalar: true)
            for index in 0..<8 { #expect(fast[index] == slow[index]) }
        }
    }
}
