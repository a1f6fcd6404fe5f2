import Kite
import ModelFiles
import TensorCore
import TestSupport
import Testing

@testable import KiteTools

@Suite struct ImportanceMatrixTests {
    private static let source = Golden.path("models/quantized/F32.gguf")

    @Test func writesWhatItReads() throws {
        try TemporaryFolder.with { folder in
            let matrix = try ImportanceSample.matrix(of: Self.source)
            try matrix.writer().write(to: folder.path("im.gguf"))
            let read = try ImportanceMatrix(path: folder.path("im.gguf"))
            #expect(read.entries == matrix.entries)
            #expect(read.datasets == ["words.txt"])
            #expect(read.chunkCount == 12 && read.chunkSize == 512)
            let file = try GGUFFile(path: folder.path("im.gguf"))
            #expect(try file.metadata.string("general.type") == "imatrix")
            // Names in order, sums before counts, as llama.cpp writes them.
            #expect(file.tensors[0].name == "blk.0.attn_k.weight.in_sum2")
            #expect(file.tensors[1].name == "blk.0.attn_k.weight.counts")
            #expect(file.tensors[1].dimensions == [1])
        }
    }

    @Test func meansAreSumsOverCounts() {
        let entry = ImportanceMatrix.Entry(sums: [2, 4, 6, 8], counts: [2, 0])
        #expect(entry.means == [1, 2, 1, 1])
    }

    private static func old(_ body: [[UInt8]]) -> [UInt8] { body.flatMap { $0 } }
    private static func int(_ value: Int32) -> [UInt8] { GGUFBuilder.little(value) }
    private static func text(_ text: String) -> [UInt8] { int(Int32(text.utf8.count)) + text.utf8 }
    private static func floats(_ numbers: [Float]) -> [UInt8] {
        int(Int32(numbers.count)) + numbers.flatMap { GGUFBuilder.little($0.bitPattern) }
    }

    @Test func readsTheOldFormat() throws {
        try TemporaryFolder.with { folder in
            let entries = Self.text("blk.0.attn_q.weight") + Self.int(4) + Self.floats([4, 8, 12])
            let path = try folder.write(
                "old.dat", Self.old([Self.int(1), entries, Self.int(9), Self.text("corpus.txt")]))
            let matrix = try ImportanceMatrix(path: path)
            #expect(matrix.weights(of: "blk.0.attn_q.weight") == [1, 2, 3])
            #expect(matrix.chunkCount == 9)
            #expect(matrix.datasets == ["corpus.txt"])
            // The end is younger than the format.
            let short = try folder.write("short.dat", Self.old([Self.int(1), entries]))
            #expect(try ImportanceMatrix(path: short).entries == matrix.entries)
        }
    }

    @Test func damagedFilesAreRefusedByName() throws {
        try TemporaryFolder.with { folder throws in
            func problem(_ bytes: [UInt8]) throws -> ImportanceError.Problem? {
                let path = try folder.write("bad", bytes)
                do { _ = try ImportanceMatrix(path: path) } catch { return (error as? ImportanceError)?.problem }
                return nil
            }
            let name = "blk.0.attn_q.weight"
            let good = Self.int(1) + Self.text(name) + Self.int(4) + Self.floats([4, 8])
            for length in 4..<good.count { #expect(try problem(Array(good.prefix(length))) != nil, "\(length)") }
            #expect(try problem([]) != nil)
            #expect(try problem(Self.int(-1) + good) != nil)
            #expect(try problem(Self.int(.max) + good) != nil)
            #expect(try problem(Self.int(1) + Self.int(.max) + good) == .endOfFile(reading: "the name", entry: 0))
            #expect(
                try problem(Self.int(1) + Self.text(name) + Self.int(1) + Self.floats([1, -1]))
                    == .badNumber(tensor: name, index: 1))
            #expect(
                try problem(Self.int(1) + Self.text(name) + Self.int(1) + Self.floats([.nan]))
                    == .badNumber(tensor: name, index: 0))
            #expect(
                try problem(GGUFBuilder().tensor("\(name).in_sum2", [2], floats: [1, 2]).bytes())
                    == .incomplete(tensor: name))
            #expect(
                try problem(GGUFBuilder().tensor("\(name).counts", [1], floats: [1]).bytes())
                    != nil)
            let mismatched = GGUFBuilder().tensor("\(name).in_sum2", [3], floats: [1, 2, 3])
                .tensor("\(name).counts", [2], floats: [1, 2])
            #expect(try problem(mismatched.bytes()) == .shape(tensor: name))
            #expect(
                try problem(GGUFBuilder().set("general.type", .string("model")).bytes())
                    == .notImportance("a GGUF file of type \"model\""))
            #expect(try problem(Golden.bytes("models/quantized/F32.gguf")) != nil)
        }
    }

    /// A measurement equals sums over the inputs of the products, whatever the pieces of the passes.
    @Test(arguments: ["stablelm-3b", "stablelm-2-12b", "llama-tied"])
    func measuresWhatMatricesMeet(_ name: String) throws {
        let checkpoint = try Checkpoint.open(path: Golden.path("models/\(name)/model.gguf"))
        let shape = checkpoint.configuration
        let tokens = (0..<100).map { TokenID(($0 * 37 + 11) % shape.vocabularySize) }
        func measure(_ size: Int, output: Bool = false) throws -> ImportanceMatrix {
            try ImportanceMeasurement(
                checkpoint, tokens: tokens, chunkSize: size, bosToken: 1, includesOutput: output,
                options: .init(threads: 2)
            ).run(dataset: "numbers", path: "im.gguf")
        }
        let matrix = try measure(32)
        #expect(matrix.chunkCount == 3 && matrix.chunkSize == 32)
        #expect(matrix.entries.count == 7 * shape.layerCount)
        for (name, entry) in matrix.entries {
            #expect(entry.counts == [96])
            #expect(try entry.sums.count == checkpoint.tensor(name).columns)
            #expect(entry.sums.allSatisfy { $0.isFinite && $0 >= 0 })
        }
        // The first matrices meet the norm of the embeddings.
        let norm = try checkpoint.tensor("blk.0.attn_norm.weight").dequantizedRow(0)
        let bias = shape.norm == .layer ? try checkpoint.tensor("blk.0.attn_norm.bias").dequantizedRow(0) : nil
        let table = try checkpoint.tensor("token_embd.weight")
        var sums = [Double](repeating: 0, count: shape.embeddingLength)
        for (index, token) in tokens.prefix(96).enumerated() {
            let row = table.dequantizedRow(Int(index % 32 == 0 ? 1 : token)).map(Double.init)
            let mean = shape.norm == .layer ? row.reduce(0, +) / Double(row.count) : 0
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            let scale = 1 / (variance + Double(shape.normEpsilon)).squareRoot()
            for column in row.indices {
                let value = (row[column] - mean) * scale * Double(norm[column]) + Double(bias?[column] ?? 0)
                sums[column] += value * value
            }
        }
        let found = try #require(matrix.entries["blk.0.attn_v.weight"]).sums
        for (left, right) in zip(found, sums) { #expect(abs(Double(left) - right) <= 1e-4 * right + 1e-6) }
        let withOutput = try measure(32, output: true)
        #expect(withOutput.entries["output.weight"]?.counts == (shape.tiedEmbeddings ? nil : [96]))
        #expect(throws: ImportanceError.self) { try measure(128) }
    }
}
