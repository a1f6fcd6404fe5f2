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
    /// Pages of all key/value caches.
    let pages: KVPagePool
    let promptChunk: Int
    /// What passes take, learned while answers are drafted.
    let passCosts = PassCosts()

    init(
        checkpoint: Checkpoint, name: String, tokenizer: Tokenizer, template: ResolvedTemplate,
        warnings: [String], options: LoadOptions, freeMemory: Int?
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
        let transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: promptChunk, kvCacheType: options.kvCacheType,
            activations: options.activations)
        self.transformer = transformer
        weightBytes = transformer.weightBytes
        contextBytesPerToken = transformer.kvLayout.bytesPerToken
        let pages = KVPagePool(
            limit: try Self.pageLimit(options, transformer, contextLength: contextLength, freeMemory: freeMemory))
        self.pages = pages
        guard options.maximumSequences >= 1 else {
            throw GenerationError.invalidOption("maximumSequences", "\(options.maximumSequences) is not at least 1")
        }
        guard options.maximumWaiting >= 0 else {
            throw GenerationError.invalidOption("maximumWaiting", "\(options.maximumWaiting) is negative")
        }
        let limits = Scheduler.Limits(
            sequences: options.maximumSequences, contextLength: contextLength, promptChunk: promptChunk)
        engine = try Engine(
            maximumSequences: options.maximumSequences, maximumWaiting: options.maximumWaiting,
            makeScheduler: { Scheduler(transformer: transformer, pages: pages, limits: limits, mailbox: $0) })
    }

    /// Pages that all key/value caches may take together.
    private static func pageLimit(
        _ options: LoadOptions, _ transformer: Transformer, contextLength: Int, freeMemory: Int?
    ) throws -> Int {
        let layout = transformer.kvLayout
        if let bytes = options.kvMemory {
            guard bytes >= layout.pageBytes else {
                throw GenerationError.invalidOption(
                    "kvMemory",
                    "\(bytes) bytes hold no page of \(KVLayout.pageTokens) tokens: \(layout.pageBytes) bytes")
            }
            return bytes / layout.pageBytes
        }
        let context = layout.pages(for: contextLength)
        guard let free = freeMemory else { return 4 * context }
        let (most, overflow) = context.multipliedReportingOverflow(by: max(options.maximumSequences, 4))
        return min(overflow ? .max : most, max(context, (free - transformer.weightBytes) / 2 / layout.pageBytes))
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
    public func generate(
        _ prompt: String, options: GenerationOptions = .init(), adapters: AdapterSet? = nil
    ) -> ResponseStream {
        start(options, adapters) { [tokenizer] in
            let tokens = tokenizer.encode(prompt, addSpecialTokens: true, parseSpecialTokens: true)
            return .init(tokens: tokens, isContinued: true)
        }
    }

    /// Continues `tokens` as they are.
    public func generate(
        _ tokens: [TokenID], options: GenerationOptions = .init(), adapters: AdapterSet? = nil
    ) -> ResponseStream {
        start(options, adapters) { .init(tokens: tokens, isContinued: true) }
    }

    /// Answers the last of `messages`, which stand for themselves: nothing is remembered.
    public func streamResponse(
        to messages: [ChatMessage], options: GenerationOptions = .init(), adapters: AdapterSet? = nil
    ) -> ResponseStream {
        start(options, adapters) { [self] in .init(tokens: try chatTokens(messages)) }
    }

    private func start(
        _ options: GenerationOptions, _ adapters: AdapterSet?,
        prepare: @escaping @Sendable () throws -> ActiveRequest.Prompt
    ) -> ResponseStream {
        let channel = EventChannel()
        engine.submit(
            ActiveRequest(model: self, options: options, adapters: adapters, channel: channel, prepare: prepare))
        return ResponseStream(channel)
    }

    func makeDrafter(_ options: GenerationOptions, prompt: [TokenID]) -> (any Drafter)? {
        switch options.draft {
        case .none: nil
        case .lookup: LookupDrafter(prompt: prompt, costs: passCosts)
        }
    }

    /// - Parameter seed: Takes the place of the options'.
    func makeSampler(_ options: GenerationOptions, promptTokens: [TokenID], seed: UInt64?) throws -> Sampler {
        var banned = tokenizer.neverSampled(tableSize: configuration.vocabularySize)
        if options.ignoresEndOfGeneration { banned += tokenizer.endOfGeneration }
        var sampling = options.sampling
        sampling.seed = seed ?? sampling.seed
        // A negative number means all.
        let last = sampling.repeatLastN < 0 ? promptTokens.count : sampling.repeatLastN
        return try Sampler(
            sampling, vocabularySize: configuration.vocabularySize, neverSampled: banned,
            promptTail: promptTokens.suffix(last))
    }
}
