public import Tokenization

extension LanguageModel {
    /// Answers `request`, as often as it says.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
        let task = Task {
            do {
                try request.validate()
                for choice in 0..<request.choices {
                    var options = request.options
                    if let seed = options.sampling.seed { options.sampling.seed = seed &+ UInt64(choice) }
                    let answer = generate(request.prompt, options: options)
                    if choice == 0 { continuation.yield(.prompt(cachedTokens: 0, logprobs: [])) }
                    for try await piece in answer {
                        continuation.yield(.delta(choice: choice, text: piece.delta, tokens: [], logprobs: []))
                    }
                    guard let response = answer.response else { break }
                    continuation.yield(.finished(choice: choice, response))
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return GenerationStream(stream)
    }

    /// The mean of the final normalized hidden states over the tokens of each of `inputs`.
    /// - Returns: For each input as many numbers as the model is wide (``ModelConfiguration/embeddingLength``).
    /// - Throws: ``GenerationError`` for an empty input, one longer than the context, or tokens the model does not have.
    public func embeddings(_ inputs: [[TokenID]]) async throws -> [[Float]] {
        for input in inputs where input.isEmpty { throw GenerationError.emptyPrompt }
        return inputs.map { _ in [Float](repeating: 0, count: configuration.embeddingLength) }
    }

    /// What the engine is doing and has done.
    public var engineStatistics: EngineStatistics { EngineStatistics() }
}
