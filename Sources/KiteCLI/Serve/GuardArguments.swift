import ArgumentParser
import ModelService

/// Ways to look, by their names on the command line.
enum GuardDirectionArgument: String, CaseIterable, ExpressibleByArgument {
    case `in`
    case out
    case both

    var directions: GuardDirections {
        switch self {
        case .in: .input
        case .out: .output
        case .both: .both
        }
    }
}

/// What looks at prompts and answers.
struct GuardArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rules that prompts and answers must not match, a line each: \"in|out|both: PATTERN | REASON\". May come several "
                + "times.", valueName: "file"))
    var guardRules: [String] = []

    @Option(help: ArgumentHelp("A served model that judges whether a text may pass.", valueName: "name"))
    var guardModel: String?

    @Option(help: ArgumentHelp("From which score on it forbids, above 0 and up to 1.", valueName: "score"))
    var guardThreshold = 0.5

    @Option(help: "Whether the model judges prompts (in), answers (out) or both.")
    var guardOn = GuardDirectionArgument.both

    @Option(
        help: ArgumentHelp(
            "The question put to the model: a text with {text}, and {conversation} if wanted.", valueName: "file"))
    var guardTemplate: String?

    @Option(
        help: ArgumentHelp("How the model's reply begins when it forbids, and when not.", valueName: "unsafe,safe"))
    var guardLabels = "unsafe,safe"

    @Flag(help: "The question is continued as plain text, not put in the model's chat format.")
    var guardPlain = false

    /// The guards, ready to judge: the model of a classifier is loaded.
    func guards(_ registry: ModelRegistry) async throws -> [any ContentGuard] {
        var guards: [any ContentGuard] = []
        for path in guardRules {
            let name = guardRules.count == 1 ? "rules" : ModelEntry.name(ofPath: path)
            guards.append(try RulesGuard(path: SystemIO.expandingTilde(path), name: name))
        }
        guard let guardModel else { return guards }
        let judge = ClassifierGuard(registry, model: guardModel, options: try options())
        try await judge.prepare()
        return guards + [judge]
    }

    private func options() throws -> ClassifierOptions {
        var options = ClassifierOptions()
        options.directions = guardOn.directions
        options.threshold = guardThreshold
        options.isChat = !guardPlain
        if let guardTemplate {
            options.template = String(decoding: try SystemIO.contents(of: guardTemplate), as: UTF8.self)
        }
        let labels = guardLabels.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        guard labels.count == 2, !labels.contains("") else {
            throw CLIError.usage("--guard-labels wants two words such as unsafe,safe, not \"\(guardLabels)\"")
        }
        options.unsafeLabels = Self.spellings(labels[0])
        options.safeLabels = Self.spellings(labels[1])
        return options
    }

    /// A word as replies begin with it: with a capital or not, after a space or not.
    private static func spellings(_ word: String) -> [String] {
        let capital = word.prefix(1).uppercased() + word.dropFirst()
        return [word, capital, " " + word, " " + capital]
    }
}
