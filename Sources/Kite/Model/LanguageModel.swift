/// A model, ready to answer: weights, vocabulary, chat format, and the thread that computes.
///
/// Immutable and safe to share; any number of sessions may use one model at once. What one is told does not change
/// what another answers.
public final class LanguageModel: Sendable {
    /// What the model calls itself.
    public let name: String
    /// Shapes and hyper-parameters.
    public let configuration: ModelConfiguration
    /// Text to tokens and back.
    public let tokenizer: Tokenizer
    /// Messages to text.
    public let chatTemplate: ChatTemplate
    /// Where the template is from: `file`, `custom`, or the name of a built-in one.
    public let chatTemplateName: String
    /// Most tokens of prompt and answer together.
    public let contextLength: Int
    /// Threads that compute.
    public let threads: Int
    /// Oddities of the files that were mended on the way in, a sentence each.
    public let warnings: [String]
    /// Bytes of the weights, in memory or mapped.
    public let weightBytes: Int
    /// Bytes that each token takes in the context.
    public let contextBytesPerToken: Int

    /// Grammars made ready for this vocabulary.
    package let constraints: ConstraintCompiler

    let engine: Engine
    let transformer: Transformer
    let promptChunk: Int
    /// What passes take, learned while answers are drafted.
    let passCosts = PassCosts()

    init(
        checkpoint: Checkpoint, name: String, tokenizer: Tokenizer, template: ResolvedTemplate,
        warnings: [String], options: LoadOptions
    ) throws {
        let configuration = checkpoint.configuration
        self.name = name
        self.configuration = configuration
        self.tokenizer = tokenizer
        chatTemplate = template.template
        chatTemplateName = template.name
        self.warnings = warnings
        constraints = ConstraintCompiler(tokenizer: tokenizer, tableSize: configuration.vocabularySize)
        contextLength = try Self.contextLength(options, configuration)
        threads = options.threads ?? ThreadPool.defaultThreadCount
        promptChunk = max(1, min(options.promptChunk, 4096))
        transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: promptChunk, kvCacheType: options.kvCacheType,
            activations: options.activations)
        weightBytes = transformer.weightBytes
        contextBytesPerToken = transformer.kvLayout.bytesPerToken
        engine = try Engine()
    }

    private static func contextLength(_ options: LoadOptions, _ configuration: ModelConfiguration) throws -> Int {
        guard let wanted = options.contextLength else { return min(configuration.contextLength, 4096) }
        if wanted == 0 { return min(configuration.contextLength, 1 << 24) }
        guard wanted >= 8, wanted <= 1 << 24 else {
            throw GenerationError.invalidOption("contextLength", "\(wanted) is not between 8 and 16777216")
        }
        return wanted
    }

    /// Continues `prompt` as plain text, without a chat format. Special tokens spelled out in it count as such.
    public func generate(_ prompt: String, options: GenerationOptions = .init()) -> ResponseStream {
        generate(
            { [tokenizer] in tokenizer.encode(prompt, addSpecialTokens: true, parseSpecialTokens: true) },
            options: options)
    }

    /// Continues `tokens` as they are.
    public func generate(_ tokens: [TokenID], options: GenerationOptions = .init()) -> ResponseStream {
        generate({ tokens }, options: options)
    }

    /// Answers the last of `messages`, which stand for themselves: nothing is remembered.
    public func streamResponse(
        to messages: [ChatMessage], options: GenerationOptions = .init()
    ) -> ResponseStream {
        start(options) { [self] in .init(tokens: try chatTokens(messages)) }
    }

    private func generate(
        _ tokens: @escaping @Sendable () -> [TokenID], options: GenerationOptions
    ) -> ResponseStream {
        start(options) { .init(tokens: tokens(), isContinued: true) }
    }

    private func start(
        _ options: GenerationOptions, prepare: @escaping @Sendable () throws -> GenerationJob.Prompt
    ) -> ResponseStream {
        let channel = ResponseChannel()
        let job = GenerationJob(
            model: self, sequence: TokenSequence(model: self), options: options, channel: channel, prepare: prepare)
        // The channel keeps a waiting job alive, and lets go of it when the answer ends.
        channel.setOnDrained { [self] in engine.submit(job) }
        engine.submit(job)
        return ResponseStream(channel)
    }

    func makeDrafter(_ options: GenerationOptions, prompt: [TokenID]) -> (any Drafter)? {
        switch options.draft {
        case .none: nil
        case .lookup: LookupDrafter(prompt: prompt, costs: passCosts)
        }
    }

    func makeSampler(_ options: GenerationOptions, promptTokens: [TokenID]) throws -> Sampler {
        var banned = tokenizer.neverSampled(tableSize: configuration.vocabularySize)
        if options.ignoresEndOfGeneration { banned += tokenizer.endOfGeneration }
        return try Sampler(
            options.sampling, vocabularySize: configuration.vocabularySize, neverSampled: banned,
            promptTail: promptTokens.suffix(max(options.sampling.repeatLastN, 0)))
    }
}
