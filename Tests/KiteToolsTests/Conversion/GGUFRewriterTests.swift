import KiteTools
import ModelFiles
import TestSupport
import Testing

/// Splitting and joining GGUF files.
@Suite struct GGUFRewriterTests {
    private let source = Golden.path("models/stablelm-3b/model.gguf")

    @Test(arguments: [GGUFSplit.tensors(5), .bytes(50000)]) func comesBackByteForByte(_ split: GGUFSplit) throws {
        try TemporaryFolder.with { folder in
            let whole = folder.path("whole.gguf")
            try GGUFRewriter(GGUFFile(path: source)).write(to: whole)
            let parts = try GGUFRewriter(GGUFFile(path: whole)).write(to: folder.path("part.gguf"), split: split)
            #expect(parts.count > 1 && parts[0].contains("part-00001-of-000"))
            let joined = folder.path("joined.gguf")
            try GGUFRewriter(GGUFFile(path: parts[1])).write(to: joined)
            #expect(try folder.read("joined.gguf") == folder.read("whole.gguf"))
        }
    }

    @Test func replacesNothingUnasked() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("part.gguf")
            let rewriter = GGUFRewriter(try GGUFFile(path: source))
            let parts = try rewriter.write(to: path, split: .tensors(20))
            #expect(throws: GGUFError.self) { try rewriter.write(to: path, split: .tensors(20)) }
            #expect(try rewriter.write(to: path, overwrite: true, split: .tensors(20)) == parts)
            let own = GGUFRewriter(try GGUFFile(path: parts[0]))
            #expect(throws: ConversionError.sameFile(parts[0])) { try own.write(to: parts[0], overwrite: true) }
        }
    }

    @Test func joinsOnlyWhatIsInParts() throws {
        try TemporaryFolder.with { folder in
            let job = ConversionJob(input: source, output: folder.path("x.gguf"), merges: true)
            #expect(throws: ConversionError.notSplit(source)) { try job.run() }
            let names = try folder.names()
            #expect(names.isEmpty)
        }
    }
}
