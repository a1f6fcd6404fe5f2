public import Tokenization

extension LanguageModel {
    /// Answers `request`, as often as it says.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        let channel = EventChannel(capacity: 64 * max(1, min(request.choices, GenerationRequest.mostChoices)))
        do {
            try request.validate()
        } catch {
            channel.finish(throwing: error)
            return GenerationStream(channel)
        }
        engine.submit(
            ActiveRequest(
                model: self, options: request.options, choices: request.choices,
                promptLogprobs: request.promptLogprobs, isCachingPrompt: request.isCachingPrompt,
                adapters: request.adapters, channel: channel,
                prepare: { .init(tokens: request.prompt, isContinued: request.isContinued) }))
        return GenerationStream(channel)
    }

    /// The mean of the final normalized hidden states over the tokens of each of `inputs`.
    /// - Parameters:
    ///   - inputs: Tokens of each text.
    ///   - adapters: The adapters to read them with; nil for the model itself.
    ///   - deadline: Time for all of them; nil for as long as it takes.
    /// - Returns: For each input as many numbers as the model is wide (``ModelConfiguration/embeddingLength``).
    /// - Throws: ``GenerationError`` for an empty input, one longer than the context, tokens the model does not have, or when
    ///   the time is over.
    public func embeddings(
        _ inputs: [[TokenID]], adapters: AdapterSet? = nil, deadline: Duration? = nil
    ) async throws -> [[Float]] {
        let end = deadline.map { ContinuousClock.now + $0 }
        return try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            var results = [[Float]](repeating: [], count: inputs.count)
            for (index, tokens) in inputs.enumerated() {
                if index >= Self.embeddingsTogether, let (place, result) = try await group.next() {
                    results[place] = result
                }
                group.addTask { [self] in (index, try await embedding(tokens, adapters, end, isFirst: index == 0)) }
            }
            for try await (place, result) in group { results[place] = result }
            return results
        }
    }

    /// Inputs of one call that take a turn of their own at a time.
    private static let embeddingsTogether = 8

    private func embedding(
        _ tokens: [TokenID], _ adapters: AdapterSet?, _ end: ContinuousClock.Instant?, isFirst: Bool
    ) async throws -> [Float] {
        let left = end.map { $0 - .now }
        guard left ?? .seconds(1) > .zero else { throw GenerationError.deadlineExceeded }
        let channel = EventChannel()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                engine.submit(
                    ActiveRequest(
                        model: self, options: .init(deadline: left), isCachingPrompt: false, adapters: adapters,
                        purpose: .embedding { continuation.resume(with: $0) }, channel: channel,
                        isPartOfLarger: !isFirst, prepare: { .init(tokens: tokens) }))
            }
        } onCancel: {
            channel.cancel()
        }
    }

    /// What the engine is doing and has done.
    public var engineStatistics: EngineStatistics { engine.statistics }
}
