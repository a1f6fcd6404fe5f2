internal import Kite
internal import ModelFiles

/// What a request used, all prompts and choices together.
struct RequestUsage: Sendable, Hashable {
    var promptTokens = 0
    var cachedTokens = 0
    /// Tokens of all answers, those included that have not ended.
    var completionTokens: Int { endedTokens + openTokens.values.reduce(0, +) }
    private var endedTokens = 0
    /// Tokens so far of answers that have not ended, by the number of the choice.
    private var openTokens: [Int: Int] = [:]
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

    /// Counts an answer that has ended.
    /// - Parameter isPromptOnly: Whether its token was the prompt's own.
    mutating func add(_ response: Response, choice: Int, isPromptOnly: Bool = false) {
        openTokens[choice] = nil
        endedTokens += isPromptOnly ? 0 : response.usage.completionTokens
        draftedTokens += response.usage.draftedTokens
        acceptedDraftTokens += response.usage.acceptedDraftTokens
        promptSeconds = max(promptSeconds, response.timings.prompt)
        generationSeconds = max(generationSeconds, response.timings.generation)
        if response.timings.firstToken > 0 {
            firstTokenSeconds = min(firstTokenSeconds ?? .infinity, response.timings.firstToken)
        }
    }

    /// Counts tokens of an answer that goes on.
    mutating func grow(choice: Int, by tokens: Int) { openTokens[choice, default: 0] += tokens }

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
