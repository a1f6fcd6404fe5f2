internal import Kite
internal import ModelFiles

/// A request for plain completions with the model that is to answer it.
struct CompletionJob: Sendable {
    /// One prompt of the request.
    struct Prompt: Sendable {
        /// What the request says.
        var text: String
        /// What the model reads.
        var tokens: [TokenID]
        /// Whether the first token was put before the text.
        var hasAddedStart: Bool
        /// The last token of a prompt that is one token longer than the context: it is not read, only judged.
        var judged: TokenID?
    }

    let lease: ModelLease
    let prompts: [Prompt]
    let requests: [GenerationRequest]
    /// Answers for each prompt.
    let choices: Int
    let identity: ReplyIdentity
    /// With how many alternatives tokens are told; nil when they are not.
    let topLogprobs: Int?
    let echo: Bool
    let streaming: StreamingFields
    /// Whether an answer that is not complete in time is an error.
    let failsLate: Bool

    var model: LanguageModel { lease.model }

    /// What the answers have to look like, as guards read it.
    let settings: [ChatMessage]

    /// The prompt as guards read it.
    func conversation(_ prompt: Int) -> [ChatMessage] { settings + [.user(prompts[prompt].text)] }
}

extension ModelService {
    /// Finds the model, tokenizes the prompts, compiles the grammar.
    func prepare(_ completion: CompletionRequest) async throws -> CompletionJob {
        let lease = try await acquire(completion.model, completion.sampling.adapters)
        let model = lease.model
        let grammar = try await grammars.make(completion.format)
        let bias = try completion.sampling.bias(model)
        var logprobs = 0
        var prompts: [CompletionJob.Prompt] = []
        var requests: [GenerationRequest] = []
        for (index, wanted) in completion.prompts.enumerated() {
            let name = completion.prompts.count > 1 ? "prompt[\(index)]" : "prompt"
            var prompt = try Self.prompt(wanted, model, name)
            let judgesPrompt = completion.echo && completion.topLogprobs != nil
            var tokens = prompt.tokens
            // Harnesses measure texts of as many tokens as the context has, and one more to predict.
            if judgesPrompt, tokens.count == model.contextLength + 1, completion.sampling.maximumTokens ?? .max <= 1 {
                prompt.judged = tokens.removeLast()
            }
            if judgesPrompt {
                logprobs += tokens.count * completion.sampling.choices * ((completion.topLogprobs ?? 0) + 1)
                try checkLogprobs(logprobs)
            }
            var options = try completion.sampling.options(
                model, bias: bias, promptTokens: tokens.count, param: name)
            options.topLogprobs = completion.topLogprobs
            options.grammar = grammar
            if let judged = prompt.judged {
                options = GenerationOptions(
                    sampling: SamplingOptions(temperature: 0, logitBias: [judged: 1e30]), maximumResponseTokens: 1,
                    topLogprobs: completion.topLogprobs, deadline: completion.sampling.deadline)
            }
            prompts.append(prompt)
            requests.append(
                GenerationRequest(
                    prompt: tokens, options: options, choices: completion.sampling.choices,
                    promptLogprobs: judgesPrompt ? completion.topLogprobs : nil, isContinued: true,
                    adapters: lease.adapters,
                    isCachingPrompt: completion.sampling.isCachingPrompt))
        }
        return CompletionJob(
            lease: lease, prompts: prompts, requests: requests, choices: completion.sampling.choices,
            identity: ReplyIdentity(prefix: "cmpl-", model: lease.name), topLogprobs: completion.topLogprobs,
            echo: completion.echo, streaming: completion.sampling.streaming, failsLate: completion.sampling.failsLate,
            settings: completion.format.guardedSettings)
    }

    /// Refuses a request whose reply tells of too many tokens to be kept in memory.
    private func checkLogprobs(_ count: Int) throws(ServiceError) {
        guard count > options.maximumLogprobs else { return }
        throw .invalid(
            "tokens of the prompts times 'n' times alternatives ('logprobs') are more than the \(options.maximumLogprobs) "
                + "log-probabilities of one reply: ask for fewer at once", param: "logprobs", code: "too_many_logprobs")
    }

    private static func prompt(
        _ wanted: CompletionRequest.Prompt, _ model: LanguageModel, _ name: String
    ) throws(ServiceError) -> CompletionJob.Prompt {
        switch wanted {
        case .text(let text):
            let tokens = model.tokenizer.encode(text, addSpecialTokens: true, parseSpecialTokens: true)
            guard !tokens.isEmpty else {
                throw .invalid("'\(name)' is empty: there is nothing to go on from", param: "prompt")
            }
            let start = model.tokenizer.addsBOS ? model.tokenizer.bosToken : nil
            return .init(
                text: text, tokens: tokens, hasAddedStart: start != nil && tokens.first == start)
        case .tokens(let tokens):
            try PromptFields.check(tokens, model, name, param: "prompt")
            return .init(
                text: model.tokenizer.decode(tokens), tokens: tokens, hasAddedStart: false)
        }
    }
}
