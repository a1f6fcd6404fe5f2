import Kite
import KiteTools
import ModelFiles
import TestSupport
import Testing

@Suite struct ModelReportTests {
    private func report(_ name: String, context: Int? = nil) throws -> ModelReport {
        let path = Golden.path("models/\(name)")
        return try ModelReport(.path(path), path: path, context: context)
    }

    @Test func describesAGGUFFile() throws {
        let report = try report("stablelm-2-12b/model.gguf", context: 100)
        #expect(report.container == "GGUF v3")
        #expect(report.fileCount == 1)
        #expect(report.fileBytes == (try Golden.bytes("models/stablelm-2-12b/model.gguf")).count)
        #expect(report.configuration.architecture == .stablelm)
        #expect(report.types.map(\.type) == ["F32"])
        #expect(report.types[0].tensors == report.tensors.count)
        #expect(report.types[0].parameters == report.parameters)
        #expect(report.types[0].bytes == 4 * report.parameters)
        #expect(report.memory.weights == 4 * report.parameters)
        let model = report.configuration
        // Two pages of 64 tokens, keys and values.
        let numbers = 128 * 2 * model.layerCount * model.keyValueHeadCount * model.headDimension
        #expect(report.memory.cacheF16 == 2 * numbers && report.memory.cacheF32 == 4 * numbers)
        let scales = 4 * numbers / model.headDimension
        #expect(report.memory.cacheInt8 == numbers + scales)
        #expect(report.memory.totalF16 == 4 * report.parameters + 2 * numbers)
        #expect(report.vocabulary?.specialTokens.contains { $0.role == "eos" } == true)
    }

    @Test(arguments: ["stablelm-3b", "stablelm-2-1_6b", "stablelm-2-12b", "llama", "llama-tied"])
    func describesAFolderAsItsGGUFFile(name: String) throws {
        let file = try report("\(name)/model.gguf")
        let folder = try report("\(name)/hf")
        #expect(folder.container == "safetensors")
        #expect(folder.parameters == file.parameters)
        #expect(folder.tensors.map(\.name) == file.tensors.map(\.name))
        #expect(folder.tensors.map { [$0.rows, $0.columns] } == file.tensors.map { [$0.rows, $0.columns] })
        #expect(folder.vocabulary?.kind == .byteLevelBPE && file.vocabulary?.kind == .byteLevelBPE)
        #expect(folder.vocabulary?.preTokenizer == file.vocabulary?.preTokenizer)
        #expect(folder.memory.cacheF16 == file.memory.cacheF16)
    }

    @Test func countsTypes() throws {
        let report = try report("quantized/Q4_K.gguf")
        #expect(report.types.reduce(0) { $0 + $1.tensors } == report.tensors.count)
        #expect(report.types.reduce(0) { $0 + $1.bytes } == report.memory.weights)
        #expect(report.types.map(\.bytes) == report.types.map(\.bytes).sorted(by: >))
    }

    @Test func describesAModelWithoutAUsableTokenizer() throws {
        var writer = try GGUFWriter(copying: GGUFFile(path: Golden.path("models/llama/model.gguf")))
        writer.metadata["tokenizer.ggml.model"] = .string("tea leaves")
        try TemporaryFolder.with { folder in
            let path = folder.path("model.gguf")
            try writer.write(to: path)
            let report = try ModelReport(.path(path), path: path)
            #expect(report.vocabulary == nil && report.template == nil)
            #expect(report.warnings.contains { $0.hasPrefix("the tokenizer cannot be used: ") })
            #expect(report.text().contains("none that can be used"))
            #expect(try JSONValue(parsing: report.json()).asObject()["tokenizer"] == .null)
        }
    }

    @Test func rendersTextAndJSON() throws {
        let report = try report("stablelm-3b/model.gguf")
        let text = report.text(listsTensors: true)
        for part in ["stablelm: ", "GGUF v3", "bits per weight", "byte-level BPE", "eos: ", "token_embd.weight"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!report.text().contains("blk.0.attn_q.weight"))
        let json = try JSONValue(parsing: report.json(listsTensors: true)).asObject()
        #expect(json["parameters"] == .integer(Int64(report.parameters)))
        #expect(json["architecture"] == .string("stablelm"))
        guard case .array(let tensors) = json["tensors"] else {
            Issue.record("no tensors")
            return
        }
        #expect(tensors.count == report.tensors.count)
        #expect(try JSONValue(parsing: report.json()).asObject()["tensors"] == nil)
    }

    @Test func describesTheBuiltInModel() throws {
        let report = try ModelReport(.nano, path: "nano")
        #expect(report.memory.context == min(report.configuration.contextLength, 4096))
        #expect(!report.text().isEmpty)
    }

    @Test func readsQuantities() {
        #expect(Quantity.bytes(999) == "999 bytes" && Quantity.bytes(1_708_595_456) == "1.71 GB")
        #expect(Quantity.count(2_795_443_200) == "2.80 billion" && Quantity.count(12_345) == "12,345")
        #expect(Quantity.grouped(-1_234_567) == "-1,234,567" && Quantity.grouped(100) == "100")
        #expect(Quantity.printable("a\u{1B}[31m\nb\u{202E}é") == "a\\u{1B}[31m\\nb\\u{202E}é")
    }
}
