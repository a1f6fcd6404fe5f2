import ArgumentParser
import Kite

/// `kite tokenize`: text to token numbers and back.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the tokens of a text.",
        usage: "kite tokenize [<options>] [-m <model>] [<text> ...]",
        discussion: """
            Without TEXT and -f the text is read from standard input. Only the tokenizer is read, not the weights.

            Examples:
              kite tokenize "The capital of Peru"
              kite tokenize -m model.gguf --ids -f notes.txt
              kite tokenize model.gguf "<|user|>" --no-special
              kite tokenize -m model.gguf --decode "29 93 4537"
              printf '"one"\\n"two"\\n' | kite tokenize -m model.gguf --jsonl
            """
    )

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A GGUF file, checkpoint folder, tokenizer.json or owner/repo[:type] of the Hub; without one the built-in model.",
            valueName: "model"))
    var model: String?

    @Argument(
        help: ArgumentHelp("The text; before it the model, unless -m names it.", valueName: "[model] text"))
    var words: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A file with the text; - is standard input.", valueName: "file"))
    var file: String?

    @Flag(help: "Write the numbers only, on one line.")
    var ids = false

    @Flag(help: "Write JSON: an array of objects with id and piece; with --ids an array of numbers.")
    var json = false

    @Flag(help: "Read a JSON string from each line of standard input, write a JSON array of numbers for each.")
    var jsonl = false

    @Flag(inversion: .prefixedNo, help: "Read the names of special tokens in the text as those tokens.")
    var special = true

    @Flag(help: "Put the tokens around the text that the model expects there (beginning of sequence).")
    var bos = false

    @Flag(help: "The other way round: the text is numbers, write what they stand for.")
    var decode = false

    @Option(help: ArgumentHelp("The tokenizer's pre-tokenizer, instead of what the file says.", valueName: "name"))
    var pre: String?

    func validate() throws {
        if jsonl, json || ids || decode || file != nil { throw ValidationError("--jsonl stands alone") }
        if decode, ids || bos { throw ValidationError("--decode excludes --ids and --bos") }
    }

    func run() async throws {
        let (path, text) = try modelAndText()
        let model = try await ModelArguments.path(option: path, positional: nil)
        if jsonl, text != nil { throw CLIError.usage("--jsonl reads standard input: leave out the text") }
        if text == nil, file == nil, SystemIO.isTerminal(0) {
            throw CLIError.usage("no text: give one, a file with -f, or standard input")
        }
        let tokenizer =
            if let model {
                try Tokenizer.load(path: model, preTokenizerOverride: pre)
            } else {
                try Tokenizer.load(.open(.nano), preTokenizerOverride: pre)
            }
        for warning in tokenizer.warnings { Console.warning(warning) }
        if jsonl { return try translateLines(with: tokenizer) }
        let bytes = try text.map { Array($0.utf8) } ?? SystemIO.contents(of: file ?? "-")
        if decode {
            try writeText(of: bytes, with: tokenizer)
        } else {
            try write(encode(bytes, with: tokenizer), with: tokenizer)
        }
    }

    /// `[MODEL] TEXT`: a single word that names a model file stands for the model when -m does not.
    private func modelAndText() throws -> (path: String?, text: String?) {
        switch (model, words.count) {
        case (_, 0): return (model, nil)
        case (nil, 1):
            let isModel = words[0].hasSuffix(".gguf") || SystemIO.exists(words[0] + "/config.json")
            return isModel && SystemIO.exists(words[0]) ? (words[0], nil) : (nil, words[0])
        case (_?, 1): return (model, words[0])
        case (nil, 2): return (words[0], words[1])
        case (let model?, 2) where model == words[0]: return (model, words[1])
        default: throw CLIError.usage("too many arguments: put the text in quotes")
        }
    }

    private func encode(_ bytes: [UInt8], with tokenizer: Tokenizer) -> [TokenID] {
        tokenizer.encode(utf8: bytes, addSpecialTokens: bos, parseSpecialTokens: special)
    }

    private func write(_ tokens: [TokenID], with tokenizer: Tokenizer) throws {
        if json {
            let value = JSONValue.array(
                tokens.map { id in
                    let number = JSONValue.integer(Int64(id))
                    if ids { return number }
                    return ["id": number, "piece": .string(tokenizer.piece(of: id) ?? "")]
                })
            return try Console.writeJSON(value, pretty: !ids && SystemIO.isTerminal(1))
        }
        if ids { return Console.writeLine(tokens.map(String.init).joined(separator: " ")) }
        var output = ""
        let width = max(tokens.map { String($0).count }.max() ?? 1, 5)
        for id in tokens {
            let number = String(id)
            let text = Self.visible(tokenizer.bytes(of: id))
            output += String(repeating: " ", count: width - number.count) + number + "  " + text
            output += tokenizer.isSpecial(id) ? "  (special)\n" : "\n"
        }
        Console.write(output)
    }

    /// A token's bytes in quotes, with escapes for what would not show.
    static func visible(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return bytes.map {
                "<0x\(String($0 >> 4, radix: 16, uppercase: true))\(String($0 & 15, radix: 16, uppercase: true))>"
            }
            .joined()
        }
        var shown = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\r": shown += "\\r"
            case "\\": shown += "\\\\"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                shown += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown + "'"
    }

    private func writeText(of bytes: [UInt8], with tokenizer: Tokenizer) throws {
        let words = String(decoding: bytes, as: UTF8.self).split { $0.isWhitespace || ",[]".contains($0) }
        let tokens = try words.map { word in
            guard let id = TokenID(word), id >= 0, Int(id) < tokenizer.vocabularySize else {
                throw CLIError.usage(
                    "'\(word)' is no token of this model: numbers go from 0 to \(tokenizer.vocabularySize - 1)")
            }
            return id
        }
        let text = tokenizer.decode(tokens, skipSpecialTokens: !special)
        if json { return try Console.writeJSON(.string(text), pretty: false) }
        Console.write(text.hasSuffix("\n") ? text : text + "\n")
    }

    private func translateLines(with tokenizer: Tokenizer) throws {
        let bytes = try SystemIO.contents(of: "-")
        var output: [UInt8] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: true).enumerated() {
            let text: String
            do { text = try JSONValue(parsing: Array(line)).asString() } catch {
                throw CLIError.failure("standard input, line \(index + 1): \(error)")
            }
            let tokens = encode(Array(text.utf8), with: tokenizer)
            output += Array("[\(tokens.map(String.init).joined(separator: ","))]\n".utf8)
            if output.count > 1 << 16 {
                SystemIO.write(output, to: 1)
                output = []
            }
        }
        SystemIO.write(output, to: 1)
    }
}
