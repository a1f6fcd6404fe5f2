import Kite
import TestSupport
import Testing

/// A folder of Tests/Golden/models: a tiny model and what transformers computes with it (scripts/golden/models.py).
struct ReferenceModel: Decodable, Sendable, CustomTestStringConvertible {
    static let names = [
        "stablelm-3b", "stablelm-2-1_6b", "stablelm-2-12b", "mistral-window",
        "llama", "llama-tied", "llama-linear", "llama-yarn", "llama-3",
    ]

    /// The two forms in which each model lies there.
    enum Form: String, Sendable, CaseIterable {
        case checkpoint
        case gguf
    }

    let name: String
    let vocabulary: Int
    let prompt: [TokenID]
    let greedy: [TokenID]
    let logits: String
    /// Where the GGUF means another model: it cannot say that attention has a window.
    let ggufLogits: String?
    let ggufGreedy: [TokenID]?

    var testDescription: String { name }

    static func named(_ name: String) throws -> ReferenceModel { try Golden.json("models/\(name)/manifest.json") }

    func source(_ form: Form) -> ModelSource {
        .path(Golden.path("models/\(name)/\(form == .gguf ? "model.gguf" : "hf")"))
    }

    func expectedLogits(_ form: Form) throws -> [Float] {
        let file = form == .gguf ? ggufLogits ?? logits : logits
        return try Golden.floats("models/\(name)/\(file)")
    }

    func expectedGreedy(_ form: Form) -> [TokenID] { form == .gguf ? ggufGreedy ?? greedy : greedy }
}

/// Options under which nothing is rounded but f32 arithmetic.
func exactOptions(threads: Int = 1, promptChunk: Int = 512) -> LoadOptions {
    LoadOptions(threads: threads, kvCacheType: .f32, activations: .float32, promptChunk: promptChunk)
}

/// Largest distance of two vectors' elements; infinity when their lengths differ or an element is no number.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, !a.contains(where: \.isNaN) else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// The index of the largest element, the first of equals.
func indexOfLargest(_ values: [Float]) -> TokenID {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return TokenID(best)
}
