import Foundation
import Kite
import ModelFiles
import TensorCore
import TestSupport
import Testing

@testable import KiteTools

/// Everything that can be wrong with texts, bases and models ends in a named error.
@Suite struct PerplexityErrorTests {
    private static let tokens = [TokenID](repeating: 5, count: 100)

    @Test func shortTextsSayHowManyTokensAreNeeded() throws {
        let error = #expect(throws: PerplexityError.self) {
            try TextChunks(Self.tokens, contextLength: 64, bosToken: nil)
        }
        #expect(error == .textTooShort(tokens: 100, needed: 128, context: 64))
        #expect(error?.description.contains("at least 128") == true)
        #expect(try TextChunks(Self.tokens, contextLength: 50, bosToken: nil).count == 2)
        #expect(throws: PerplexityError.context(3)) {
            try TextChunks(Self.tokens, contextLength: 3, bosToken: nil)
        }
        #expect(throws: PerplexityError.stride(0, window: 256)) {
            try TextChunks(Self.tokens, contextLength: 64, stride: 0, bosToken: nil)
        }
    }

    @Test func chunksFollowTheProtocol() throws {
        let tokens = (0..<1100).map { TokenID($0) }
        let text = try TextChunks(tokens, contextLength: 512, bosToken: 7)
        #expect((text.count, text.scoredPerChunk, text.firstScored) == (2, 255, 256))
        #expect(text.bosPolicy == .replacesFirstOfChunk)
        #expect(text.read(1).prefix(2) == [7, 513])
        #expect(text.read(1).count == 511)
        #expect((text.target(1, 0), text.target(1, 254)) == (769, 1023))
        let strided = try TextChunks(tokens, contextLength: 200, stride: 100, bosToken: 7)
        #expect((strided.windowLength, strided.scoredPerChunk, strided.count) == (256, 100, 9))
        #expect(strided.bosPolicy == .beforeText)
        #expect(strided.read(1).first == 100)
        #expect((strided.target(1, 0), strided.target(1, 99)) == (256, 355))
    }

    @Test func damagedFilesOfLogProbabilities() throws {
        try TemporaryFolder.with { folder in
            let whole = [UInt8](try Data(contentsOf: Golden.url("perplexity/base.kld")))
            func open(_ bytes: [UInt8]) throws -> LogProbabilityFile {
                let path = folder.path("x.kld")
                try Data(bytes).write(to: URL(filePath: path))
                return try LogProbabilityFile(path: path)
            }
            func message(_ bytes: [UInt8]) -> String {
                do {
                    let file = try open(bytes)
                    for chunk in 0..<file.chunkCount { _ = try file.rows(ofChunk: chunk) }
                    return ""
                } catch { return "\(error)" }
            }
            #expect(message(whole) == "")
            #expect(message([]).contains("no file of log-probabilities"))
            #expect(message(Array("GGUF".utf8) + whole[4...]).contains("no file of log-probabilities"))
            #expect(message(Array(whole.dropLast(7))).contains("cut off"))
            #expect(message(Array(whole.prefix(20))).contains("cut off"))
            #expect(message(whole + [0]).contains("damaged"))
            for (offset, value) in [(8, UInt8(0xFF)), (12, 0), (16, 0), (19, 0x7F), (11, 0x7F), (15, 0x7F)] {
                var bytes = whole
                bytes[offset] = value
                if offset == 12 || offset == 16 { bytes[offset + 1] = 0 }
                #expect(message(bytes) != "", "\(offset)")
            }
            var badToken = whole
            badToken[23] = 0x7F
            #expect(message(badToken).contains("none of its vocabulary"))
            // The scale of the first row, no number.
            var badRow = whole
            let row = 20 + 4 * 5 * 64
            badRow.replaceSubrange(row..<row + 4, with: [0, 0, 0xC0, 0x7F])
            #expect(message(badRow).contains("row 1 of chunk 1"))
            #expect(throws: FileError.self) { try LogProbabilityFile(path: folder.path("absent")) }
            #expect(throws: FileError.self) { try LogProbabilityFile(path: folder.path("")) }
        }
    }

    @Test func basesOfAnotherKind() throws {
        let file = try LogProbabilityFile(path: Golden.path("perplexity/base.kld"))
        #expect(throws: PerplexityError.baseContext(path: file.path, 64, wanted: 512)) {
            try TextChunks(file: file, context: 512, bosToken: nil)
        }
        #expect(throws: PerplexityError.baseText(path: file.path)) {
            try TextChunks(file: file, tokens: Self.tokens, bosToken: nil)
        }
        let nano = try Checkpoint.open(.nano)
        let text = try TextChunks(file: file, bosToken: nil)
        #expect(throws: PerplexityError.vocabulariesDiffer(model: 2048, base: file.path, 264)) {
            try PerplexityMeasurement(nano, name: "nano", text: text, base: .file(file))
        }
        let other = try Checkpoint.open(.path(Golden.path("models/llama/model.gguf")))
        #expect(throws: PerplexityError.vocabulariesDiffer(model: 2048, base: "llama", 264)) {
            try PerplexityMeasurement(nano, name: "nano", text: text, base: .model(other, name: "llama"))
        }
        let bytes = Array("Kites fly.".utf8)
        #expect(throws: PerplexityError.tokenizersDiffer(model: "nano", base: "llama")) {
            try PerplexityMeasurement.check(
                TextChunks.tokens(of: bytes, with: try Tokenizer.load(nano)), of: bytes, by: "nano", with: other,
                "llama")
        }
        let outside = try TextChunks([TokenID](repeating: 300, count: 200), contextLength: 64, bosToken: nil)
        #expect(throws: PerplexityError.tokenOutOfRange(300, vocabulary: 264)) {
            try PerplexityMeasurement(other, name: "llama", text: outside)
        }
    }

    /// A weight that is no number, in the matrix that makes the logits.
    @Test func logitsThatAreNoNumbersAreNamedWithTheirChunk() throws {
        try TemporaryFolder.with { folder in
            var bytes = [UInt8](try Data(contentsOf: Golden.url("models/llama/model.gguf")))
            let file = try GGUFFile(path: Golden.path("models/llama/model.gguf"))
            let tensor = try #require(file.tensors.first { $0.name == "output.weight" })
            // Row by row the last bytes of the data, found by their content.
            let weights = tensor.data.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
            let start = try #require(Data(bytes).range(of: Data(weights.prefix(256))))
            bytes.replaceSubrange(start.lowerBound..<start.lowerBound + 4, with: [0, 0, 0xC0, 0x7F])
            let path = folder.path("bad.gguf")
            try Data(bytes).write(to: URL(filePath: path))
            let checkpoint = try Checkpoint.open(.path(path))
            let text = try TextChunks([TokenID](repeating: 40, count: 200), contextLength: 64, bosToken: nil)
            for promptChunk in [20, 63, 512] {
                #expect(throws: PerplexityError.logits(model: "bad", chunk: 1, position: 32)) {
                    try PerplexityMeasurement(
                        checkpoint, name: "bad", text: text, options: LoadOptions(promptChunk: promptChunk)
                    ).run()
                }
            }
        }
    }
}
