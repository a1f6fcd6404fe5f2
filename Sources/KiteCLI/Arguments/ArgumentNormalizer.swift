/// Rewrites the command lines people have in their fingers into the ones the parser knows.
///
/// - Single-dash long options (`-ngl 35`, `-sys TEXT`, `-no-cnv`) and underscores (`--repeat_penalty`) are translated.
/// - A value is joined to its option (`-p -5` becomes `--prompt=-5`), so that it may begin with a dash.
/// - Options of llama.cpp that mean nothing here are taken out, with a note where the user could expect an effect.
struct ArgumentNormalizer {
    /// The command line to parse.
    private(set) var arguments: [String] = []
    /// Remarks for standard error.
    private(set) var notes: [String] = []
    /// The command, when one was given.
    private(set) var command: String?

    private var wantsConversation = false

    /// Rewrites `input`, the arguments without the program's name.
    init(_ input: [String]) {
        var rest = input[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                arguments.append(argument)
                arguments += rest
                break
            }
            guard argument.hasPrefix("-"), argument.utf8.count > 1 else {
                if command == nil { command = argument }
                arguments.append(argument)
                continue
            }
            rewrite(argument, &rest)
        }
        // `generate -i`, `-ins` and `-cnv` ask for what `chat` does.
        if wantsConversation, command == "generate", let index = arguments.firstIndex(of: "generate") {
            arguments[index] = "chat"
            command = "chat"
        }
    }

    private mutating func rewrite(_ argument: String, _ rest: inout ArraySlice<String>) {
        let (name, joined) = Self.split(argument)
        if !CommandOptions.isOwn(name, command: command), let peer = PeerOption.named(name) {
            take(peer, name, joined, &rest)
        } else if let long = CommandOptions.withValue(name, command: command) {
            if let value = joined ?? rest.popFirst() {
                arguments.append("--\(long)=\(value)")
            } else {
                arguments.append("--\(long)")
            }
        } else if let flag = CommandOptions.flags[name] {
            arguments.append(joined.map { "--\(flag)=\($0)" } ?? "--\(flag)")
        } else {
            arguments.append(joined.map { "\(name)=\($0)" } ?? name)
        }
    }

    private mutating func take(
        _ option: PeerOption, _ name: String, _ joined: String?, _ rest: inout ArraySlice<String>
    ) {
        switch option.value {
        case .none: break
        case .needed: if joined == nil { _ = rest.popFirst() }
        case .oneOf(let words):
            if joined == nil, let next = rest.first, words.contains(next.lowercased()) { rest.removeFirst() }
        }
        switch option.effect {
        case .silent: break
        case .note(let text): if !notes.contains(text) { notes.append(text) }
        case .conversation: wantsConversation = true
        }
    }

    /// `--top_k=5` as `--top-k` and `5`. Single-dash arguments are not split: `-p=x` is no habit of anyone's.
    private static func split(_ argument: String) -> (name: String, value: String?) {
        guard argument.hasPrefix("--") else { return (argument, nil) }
        let end = argument.firstIndex(of: "=") ?? argument.endIndex
        let name = String(argument[..<end].map { $0 == "_" ? "-" : $0 })
        return (name, end < argument.endIndex ? String(argument[argument.index(after: end)...]) : nil)
    }
}
