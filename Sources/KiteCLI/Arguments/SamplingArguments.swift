import ArgumentParser
import Kite

/// A seed; negative numbers ask for a random one, as in llama.cpp.
struct SeedArgument: ExpressibleByArgument {
    let value: UInt64?

    init?(argument: String) {
        if let value = UInt64(argument) {
            self.value = value
        } else if let value = Int64(argument), value < 0 {
            self.value = nil
        } else {
            return nil
        }
    }
}

/// Sources of guesses, by their names on the command line.
enum DraftArgument: String, CaseIterable, ExpressibleByArgument {
    case none
    case lookup

    var source: DraftSource { self == .lookup ? .lookup : .none }
}

/// How tokens are chosen, and when the answer ends.
struct SamplingArguments: ParsableArguments {
    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp(
            "Most tokens of an answer; -1 goes on until the model ends or the context is full.", valueName: "n"))
    var nPredict: Int = -1

    @Option(help: ArgumentHelp("Temperature: 0 always takes the likeliest token.", valueName: "t"))
    var temp: Float?

    @Option(help: ArgumentHelp("Choose among the k likeliest tokens; 0 among all.", valueName: "k"))
    var topK: Int?

    @Option(
        help: ArgumentHelp("Choose among the likeliest tokens that make up this share; 1 among all.", valueName: "p"))
    var topP: Float?

    @Option(
        help: ArgumentHelp("Leave out tokens less likely than this share of the likeliest; 0 none.", valueName: "p"))
    var minP: Float?

    @Option(help: ArgumentHelp("Locally typical sampling; 1 is off.", valueName: "p"))
    var typical: Float?

    @Option(help: ArgumentHelp("Make recent tokens less likely; 1 is off.", valueName: "x"))
    var repeatPenalty: Float?

    @Option(help: ArgumentHelp("Tokens that count as recent; 0 none, -1 the whole context.", valueName: "n"))
    var repeatLastN: Int?

    @Option(help: ArgumentHelp("Subtract this from the logit of each recent token.", valueName: "x"))
    var presencePenalty: Float?

    @Option(help: ArgumentHelp("Subtract this from the logit for each time a recent token came.", valueName: "x"))
    var frequencyPenalty: Float?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Add to the logit of a token: 29871+1.5, 15043-1, 2-inf bans. May be repeated.", valueName: "id(+|-)bias"))
    var logitBias: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Seed of the choices; the same seed gives the same answer. (default: a new one each time)", valueName: "n"))
    var seed: SeedArgument?

    @Option(
        name: [.customShort("r"), .long], parsing: .singleValue,
        help: ArgumentHelp("End the answer before this text. May be repeated.", valueName: "text"))
    var stop: [String] = []

    @Flag(help: "Go on when the model says it has finished.")
    var ignoreEos = false

    @Flag(help: "Write special tokens of the answer as text.")
    var special = false

    @Option(
        help: ArgumentHelp(
            "Guess ahead: lookup is faster where the answer repeats its prompt, such as an edited document. The answer stays the same.",
            valueName: "source"))
    var draft = DraftArgument.none

    @OptionGroup var grammar: GrammarArguments

    /// The library's options.
    func options(escapes: Bool) throws -> GenerationOptions {
        guard nPredict >= -2 else { throw CLIError.usage("--n-predict \(nPredict) is less than -1") }
        let stops = stop.map { escapes ? Escapes.processed($0) : $0 }
        if stops.contains("") { throw CLIError.usage("a --stop text is empty") }
        return GenerationOptions(
            sampling: try sampling(), maximumResponseTokens: nPredict < 0 ? nil : nPredict, stop: stops,
            ignoresEndOfGeneration: ignoreEos, includesSpecialTokens: special, draft: draft.source,
            grammar: try grammar.resolved())
    }

    private func sampling() throws -> SamplingOptions {
        var options = SamplingOptions()
        if let temp { options.temperature = temp }
        if let topK { options.topK = max(topK, 0) }
        if let topP { options.topP = topP }
        if let minP { options.minP = minP }
        if let typical { options.typicalP = typical }
        if let repeatPenalty { options.repeatPenalty = repeatPenalty }
        if let repeatLastN { options.repeatLastN = repeatLastN }
        if let presencePenalty { options.presencePenalty = presencePenalty }
        if let frequencyPenalty { options.frequencyPenalty = frequencyPenalty }
        if let seed = seed?.value { options.seed = seed }
        for text in logitBias {
            guard let (id, bias) = Self.parseBias(text) else {
                throw CLIError.usage("--logit-bias '\(text)' is not like 29871+1.5 or 2-inf")
            }
            options.logitBias[id] = bias
        }
        return options
    }

    /// `29871+1.5` as token and bias; nil when it is nothing of the kind.
    static func parseBias(_ text: String) -> (id: TokenID, bias: Float)? {
        guard let sign = text.firstIndex(where: { $0 == "+" || $0 == "-" }), let id = TokenID(text[..<sign]) else {
            return nil
        }
        let number = text[text.index(after: sign)...]
        guard number.first != "+", number.first != "-", let bias = Float(number), !bias.isNaN else { return nil }
        return (id, text[sign] == "-" ? -bias : bias)
    }
}
