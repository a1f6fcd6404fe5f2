internal import Kite
internal import Tokenization

/// A classifier's question, ready to be filled in for one model.
///
/// The frame is tokenized as the model's chat format wants it, what is judged as plain text: a special token spelled out in it
/// is just letters and cannot end the question early.
struct ClassifierPrompt: Sendable {
    private enum Part: Sendable {
        case frame([TokenID])
        case text
        case conversation
    }

    private let parts: [Part]
    private let bos: TokenID?
    /// First tokens of the labels.
    let unsafe: [TokenID]
    let safe: [TokenID]

    /// - Throws: ``GuardError/invalidClassifier(guardName:problem:)``.
    init(_ options: ClassifierOptions, name: String, model: LanguageModel) throws {
        func problem(_ text: String) -> GuardError { .invalidClassifier(guardName: name, problem: text) }
        guard options.template.contains("{text}") else { throw problem("the template has no {text}") }
        guard options.threshold > 0, options.threshold <= 1 else {
            throw problem("the threshold \(options.threshold) is not above 0 and up to 1")
        }
        // Marks that no template changes and nobody types.
        let (textMark, conversationMark) = ("\u{F0000}\u{F0002}\u{F0000}", "\u{F0001}\u{F0002}\u{F0001}")
        var frame = options.template.replacing("{text}", with: textMark)
            .replacing("{conversation}", with: conversationMark)
        if options.isChat { frame = try model.chatPrompt([.user(frame)]) }
        var parts: [Part] = []
        var rest = frame[...]
        while !rest.isEmpty {
            let text = rest.firstRange(of: textMark)
            let conversation = rest.firstRange(of: conversationMark)
            let isText = (text?.lowerBound ?? rest.endIndex) <= (conversation?.lowerBound ?? rest.endIndex)
            let mark = isText ? text : conversation
            let before = String(rest[..<(mark?.lowerBound ?? rest.endIndex)])
            if !before.isEmpty {
                parts.append(
                    .frame(model.tokenizer.encode(before, addSpecialTokens: false, parseSpecialTokens: true)))
            }
            guard let mark else { break }
            parts.append(isText ? .text : .conversation)
            rest = rest[mark.upperBound...]
        }
        guard parts.contains(where: { if case .text = $0 { true } else { false } }) else {
            throw problem("the model's chat template loses the text to be judged")
        }
        self.parts = parts
        bos = model.tokenizer.addsBOS ? model.tokenizer.bosToken : nil

        func first(_ labels: [String]) -> [TokenID] {
            var seen: Set<TokenID> = []
            return labels.compactMap {
                model.tokenizer.encode($0, addSpecialTokens: false, parseSpecialTokens: false).first
            }.filter { seen.insert($0).inserted }
        }
        unsafe = first(options.unsafeLabels)
        safe = first(options.safeLabels)
        guard !unsafe.isEmpty, !safe.isEmpty else { throw problem("there are no labels") }
        guard Set(unsafe).isDisjoint(with: safe) else {
            throw problem("a word that forbids and one that lets pass begin with the same token of this model")
        }
    }

    /// The tokens of the question about `text`.
    func tokens(text: String, conversation: String, _ tokenizer: Tokenizer) -> [TokenID] {
        var tokens: [TokenID] = []
        for part in parts {
            switch part {
            case .frame(let frame): tokens += frame
            case .text: tokens += tokenizer.encode(text, addSpecialTokens: false, parseSpecialTokens: false)
            case .conversation:
                tokens += tokenizer.encode(conversation, addSpecialTokens: false, parseSpecialTokens: false)
            }
        }
        if let bos, tokens.first != bos { tokens.insert(bos, at: 0) }
        return tokens
    }
}
