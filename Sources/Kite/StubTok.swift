extension Tokenizer {
    package static func load(checkpoint: Checkpoint, preTokenizerOverride: String?) throws -> Tokenizer {
        switch checkpoint.source {
        case .gguf(let f): return try .load(gguf: f, preTokenizerOverride: preTokenizerOverride)
        default: throw GenerationError.emptyPrompt
        }
    }
}
