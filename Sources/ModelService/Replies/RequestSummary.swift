/// What became of a request, told once when its reply has ended: for logs and metrics. No text of prompt or answer.
package struct RequestSummary: Sendable, Hashable {
    /// The route's path, as in ``ModelService/routes``; nil when none matched.
    package var route: String?
    /// The model that answered.
    package var model: String?
    /// The status that was sent.
    package var status = 200
    /// Whether the reply was a stream.
    package var isStream = false
    /// Tokens of all prompts.
    package var promptTokens = 0
    /// Those of them that were still in the cache.
    package var cachedTokens = 0
    /// Tokens of all answers.
    package var completionTokens = 0
    /// Why each choice ended: `stop`, `length`, `tool_calls`, `content_filter`, `cancelled`.
    package var finishReasons: [String] = []
    /// Seconds from the request to the first token; nil when there was none.
    package var firstTokenSeconds: Double?
    /// Seconds of reading prompts.
    package var promptSeconds = 0.0
    /// Seconds of making answers.
    package var generationSeconds = 0.0
    /// Seconds from request to the end of the reply.
    package var seconds = 0.0
    /// What went wrong, in one line; nil when nothing did. Set also for a stream that broke after its status was sent.
    package var error: String?
}
