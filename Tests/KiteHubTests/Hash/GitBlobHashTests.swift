import Testing

@testable import KiteHub

@Suite struct GitBlobHashTests {
    /// `printf 'hello\n' | git hash-object --stdin`, and the empty blob.
    @Test(arguments: [
        ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"), ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (String(repeating: "x", count: 200), "debcf03c10222209e6ac75be3fa2c1796d204d91"),
    ])
    func gitsNameOfContents(_ text: String, _ expected: String) {
        let bytes = Array(text.utf8)
        var hash = GitBlobHash(size: bytes.count)
        hash.update(bytes.span.bytes)
        #expect(hash.finish() == expected)
    }
}
