/// How text is cut into words before merging: the regular expressions of the model families, by hand.
struct PreTokenizer: Sendable, Equatable {
    /// One way to cut. Each also has an expression, which files write out, and does exactly what that does.
    enum Step: Sendable, Equatable {
        /// GPT-2: contractions, and words, numbers and punctuation each with the space before them.
        case gpt2
        /// cl100k and its descendants: any one character may lead a word, numbers are cut after some digits, line ends
        /// stay with punctuation.
        /// - foldsLongS: contractions were written `(?i:'s…)`, which also matches U+017F.
        case modern(digits: Int, foldsLongS: Bool)
        /// Numbers apart from the rest, whole or digit by digit.
        case digits(individual: Bool)
    }

    /// Applied one after the other, each to the pieces the one before left.
    var steps: [Step]
    /// The name GGUF has for it.
    var name: String
    /// Whether text that does not start with a space gets one.
    var addsPrefixSpace = false

    /// The name GGUF gives to a known way to cut, with what else that name implies.
    struct Known: Sendable {
        var names: [String]
        var steps: [Step]
        /// Whether the models of that name normalize text to NFC first.
        var normalizes = false
        /// Whether a word that is a token is never merged together (Llama 3).
        var ignoresMerges = false
        /// Whether a text begins with the begin token even where the file does not say so.
        var addsBOS = false
    }

    /// All that is known. The first name of each is the one shown.
    static let known: [Known] = [
        Known(names: ["gpt-2", "phi-2"], steps: [.gpt2]),
        Known(names: ["olmo", "mpt", "gpt-neox"], steps: [.gpt2], normalizes: true),
        Known(names: ["stablelm2", "qwen2"], steps: [.modern(digits: 1, foldsLongS: true)], normalizes: true),
        Known(
            names: ["llama-bpe", "llama3", "llama-v3"], steps: [.modern(digits: 3, foldsLongS: true)],
            ignoresMerges: true, addsBOS: true),
        Known(names: ["dbrx", "smaug-bpe"], steps: [.modern(digits: 3, foldsLongS: true)]),
    ]

    /// The names `preTokenizerOverride` takes.
    static var knownNames: [String] { known.flatMap(\.names) }

    /// What `name` stands for.
    static func known(_ name: String) -> Known? {
        known.first { $0.names.contains(name) }
    }

    /// Where the piece that starts at `start` ends.
    @inline(__always)
    static func end(
        _ step: Step, _ text: Span<UInt8>, _ start: Int, _ end: Int, _ properties: UnicodeProperties
    ) -> Int {
        let scanner = WordScanner(properties: properties)
        return switch step {
        case .gpt2: scanner.gpt2(text, start, end)
        case .modern(let digits, let foldsLongS): scanner.modern(text, start, end, digits, foldsLongS)
        case .digits(let individual): scanner.digits(text, start, end, individual)
        }
    }
}
