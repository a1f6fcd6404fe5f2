import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// Encoding takes time in proportion to the text. Rates are printed when KITE_BENCHMARK is set; other work on the machine
/// makes them unfit for a test.
@Suite(.serialized) struct SpeedTests {
    private func tokenizers() throws -> [(String, Tokenizer)] {
        var result = [
            ("neox (small)", try Tokenizer.load(tokenizerJSON: Golden.bytes("tokenization/neox.json"))),
            ("llama (small)", try Tokenizer.load(tokenizerJSON: Golden.bytes("tokenization/llama.json"))),
            ("spm-joined", try Tokenizer.load(sentencePiece: Golden.bytes("tokenization/spm-joined.model"))),
        ]
        for name in ["gpt-neox", "arcade100k"] {
            guard let path = SharedFiles.path("vocab/\(name)-tokenizer.json") else { continue }
            result.append((name, try Tokenizer.load(tokenizerJSON: Files.bytes(path))))
        }
        for name in ["gpt-neox-nov2023", "llama-spm"] {
            guard let path = SharedFiles.path("vocab/\(name).vocab.gguf") else { continue }
            result.append((name, try Tokenizer.load(gguf: GGUFFile(path: path))))
        }
        return result
    }

    @Test func longWordsAreNotQuadratic() throws {
        let run = [UInt8](repeating: 0x61, count: 1 << 20)
        let spaces = [UInt8](repeating: 0x20, count: 1 << 20)
        let marks = Array(String(repeating: "\u{316}\u{301}", count: 1 << 18).utf8)
        for (name, tokenizer) in try tokenizers() {
            for text in [run, spaces, marks] {
                let time = ContinuousClock().measure { _ = tokenizer.encode(utf8: text) }
                #expect(time < .seconds(3), "\(name) takes \(time) for \(text.count) bytes of \(text[0])")
                if ProcessInfo.processInfo.environment["KITE_BENCHMARK"] != nil { print(name, text[0], time) }
            }
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["KITE_BENCHMARK"] != nil, "KITE_BENCHMARK is not set"))
    func rates() throws {
        var text = TokenizerBenchmark.prose(count: 4_000_000)
        if let path = ProcessInfo.processInfo.environment["KITE_PROSE"] { text = try Files.bytes(path) }
        for (name, tokenizer) in try tokenizers() {
            let result = TokenizerBenchmark(tokenizer, text: text)
            print(
                name, result.megabytesPerSecond, "MB/s", Double(text.count) / Double(result.tokenCount), result.seconds)
        }
        for name in ["gpt-neox", "arcade100k"] {
            guard let path = SharedFiles.path("vocab/\(name)-tokenizer.json") else { continue }
            let bytes = try Files.bytes(path)
            for _ in 0..<3 {
                print(name, "loads in", try ContinuousClock().measure { _ = try Tokenizer.load(tokenizerJSON: bytes) })
            }
        }
        for name in ["gpt-neox-nov2023", "llama-spm"] {
            guard let path = SharedFiles.path("vocab/\(name).vocab.gguf") else { continue }
            for _ in 0..<3 {
                let time = try ContinuousClock().measure { _ = try Tokenizer.load(gguf: GGUFFile(path: path)) }
                print(name, "loads in", time)
            }
        }
    }
}
