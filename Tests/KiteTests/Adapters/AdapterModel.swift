import Kite
import TestSupport

/// A folder of Tests/Golden/adapters: adapters for a reference model, and what PEFT computes (scripts/golden/adapters.py).
struct AdapterModel: Decodable, Sendable {
    static let names = ["stablelm-3b", "stablelm-2-12b", "llama"]

    let name: String
    let prompt: [TokenID]
    /// Of the first and the second adapter where both are in use.
    let scales: [Float]

    static func named(_ name: String) throws -> AdapterModel { try Golden.json("adapters/\(name)/manifest.json") }

    func path(_ file: String) -> String { Golden.path("adapters/\(name)/\(file)") }

    func floats(_ file: String) throws -> [Float] { try Golden.floats("adapters/\(name)/\(file)") }

    func checkpoint(_ form: ReferenceModel.Form) throws -> Checkpoint {
        try Checkpoint.open(path: Golden.path("models/\(name)/\(form == .gguf ? "model.gguf" : "hf")"))
    }

    /// The adapter that lies in `file`.
    func adapter(_ file: String, for checkpoint: Checkpoint) throws -> LoRA {
        try LoRA(LoRAAdapter.open(path: path(file), base: checkpoint.configuration))
    }
}

/// A forward pass under which nothing is rounded but f32 arithmetic.
func exactTransformer(_ checkpoint: Checkpoint, threads: Int = 1, chunk: Int = 512) throws -> Transformer {
    try Transformer(
        checkpoint, threads: threads, promptChunk: chunk, kvCacheType: .f32, activations: .float32)
}

extension Transformer {
    /// The logits after each of `tokens`, read in passes of ``promptChunk``.
    func allLogits(_ tokens: [TokenID], adapters: AdapterSet? = nil) throws -> [Float] {
        var steps = [Step(tokens: [], sequence: KVSequence(kvLayout), wanted: .all, adapters: adapters)]
        var all: [Float] = []
        for start in stride(from: 0, to: tokens.count, by: promptChunk) {
            steps[0].tokens = Array(tokens[start..<min(start + promptChunk, tokens.count)])
            var logits: [Float] = []
            try forward(&steps, logits: &logits)
            all += logits
        }
        return all
    }

    /// The hidden states of `tokens`, read in one pass.
    func allHidden(_ tokens: [TokenID], adapters: AdapterSet? = nil) throws -> [Float] {
        var steps = [Step(tokens: tokens, sequence: KVSequence(kvLayout), wanted: .all, adapters: adapters)]
        var all: [Float] = []
        try forward(
            &steps,
            visitingHidden: { row, hidden in
                for index in hidden.indices { all.append(hidden[index]) }
            })
        return all
    }
}
