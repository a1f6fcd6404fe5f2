internal import Kite
internal import ModelFiles

/// What a request used, all prompts and choices together.
struct RequestUsage: Sendable, Hashable {
    var promptTokens = 0
    var cachedTokens = 0
    var completionTokens = 0
    var draftedTokens = 0
    var acceptedDraftTokens = 0
    /// Seconds of reading prompts; the longest, where several were read together.
    var promptSeconds = 0.0
    /// Seconds of making answers; the longest, where several were made together.
    var generationSeconds = 0.0
    /// Seconds to the first token.
    var firstTokenSeconds: Double?

    /// Counts a prompt: once, however many answers it gets.
    mutating func addPrompt(tokens: Int, cached: Int) {
        promptTokens += tokens
        cachedTokens += cached
    }

    /// Counts an answer.
    /// - Parameter isPromptOnly: Whether its token was the prompt's own.
    mutating func add(_ response: Response, isPromptOnly: Bool = false) {
        completionTokens += isPromptOnly ? 0 : response.usage.completionTokens
        draftedTokens += response.usage.draftedTokens
        acceptedDraftTokens += response.usage.acceptedDraftTokens
        promptSeconds = max(promptSeconds, response.timings.prompt)
        generationSeconds = max(generationSeconds, response.timings.generation)
        if response.timings.firstToken > 0 {
            firstTokenSeconds = min(firstTokenSeconds ?? .infinity, response.timings.firstToken)
        }
    }

    /// Counts an answer that was ended before the model had done so.
    mutating func addUnfinished(tokens: Int) { completionTokens += tokens }

    /// Writes `usage` as OpenAI has it.
    func writeUsage(_ writer: inout JSONWriter) {
        writer.key("usage")
        writer.beginObject()
        writer.member("prompt_tokens", promptTokens)
        writer.member("completion_tokens", completionTokens)
        writer.member("total_tokens", promptTokens + completionTokens)
        writer.key("prompt_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", cachedTokens)
        writer.endObject()
        writer.endObject()
    }

    /// Writes `timings` as llama.cpp has it.
    func writeTimings(_ writer: inout JSONWriter) {
        let read = promptTokens - cachedTokens
        writer.key("timings")
        writer.beginObject()
        writer.member("cache_n", cachedTokens)
        writer.member("prompt_n", read)
        writer.member("prompt_ms", promptSeconds * 1000)
        writer.member("prompt_per_token_ms", Self.ratio(promptSeconds * 1000, Double(read)))
        writer.member("prompt_per_second", Self.ratio(Double(read), promptSeconds))
        writer.member("predicted_n", completionTokens)
        writer.member("predicted_ms", generationSeconds * 1000)
        writer.member("predicted_per_token_ms", Self.ratio(generationSeconds * 1000, Double(completionTokens)))
        writer.member("predicted_per_second", Self.ratio(Double(completionTokens), generationSeconds))
        if draftedTokens > 0 {
            writer.member("draft_n", draftedTokens)
            writer.member("draft_n_accepted", acceptedDraftTokens)
        }
        writer.endObject()
    }

    private static func ratio(_ value: Double, _ by: Double) -> Double { by > 0 ? value / by : 0 }
}
