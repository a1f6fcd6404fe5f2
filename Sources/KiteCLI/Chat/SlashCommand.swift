/// A line that is for the program, not for the model.
enum SlashCommand: Equatable {
    case help
    case clear
    /// Shows the system message (nil), removes it (empty) or sets it.
    case system(String?)
    case regenerate
    case save(String)
    case load(String)
    case stats
    case exit
    /// A command that needs an argument and has none.
    case incomplete(String)
    /// No command; what it may have been meant to be.
    case unknown(String, suggestions: [String])

    /// Names, in the order in which help shows them, with what follows and what they do.
    static let table: [(name: String, argument: String, summary: String)] = [
        ("/help", "", "this list"),
        ("/clear", "", "forget the conversation, keep the system message"),
        ("/system", "[TEXT | -]", "show, set or remove (-) the system message"),
        ("/regen", "", "answer the last message again"),
        ("/save", "FILE", "write the conversation to a JSON file"),
        ("/load", "FILE", "go on from a saved conversation"),
        ("/stats", "", "tokens in the context, speed of the last answer"),
        ("/exit", "", "leave (also /quit, Ctrl-D, Ctrl-C twice)"),
    ]

    private static let names = table.map(\.name) + ["/quit"]

    /// The command in `text`; nil when it is a message.
    ///
    /// A path such as `/etc/hosts` is no command, nor is anything after a blank.
    init?(_ text: String) {
        guard text.hasPrefix("/"), !text.contains("\n") else { return nil }
        let name = String(text.prefix { !$0.isWhitespace })
        guard name.dropFirst().allSatisfy({ $0.isLetter || $0 == "?" }) else { return nil }
        let argument = MessageSyntax.message(String(text.dropFirst(name.count)))
        switch name.lowercased() {
        case "/help", "/?", "/h": self = .help
        case "/clear", "/reset", "/new": self = .clear
        case "/system": self = .system(argument.isEmpty ? nil : argument == "-" ? "" : argument)
        case "/regen", "/regenerate", "/retry": self = .regenerate
        case "/save": self = argument.isEmpty ? .incomplete("/save FILE") : .save(argument)
        case "/load": self = argument.isEmpty ? .incomplete("/load FILE") : .load(argument)
        case "/stats": self = .stats
        case "/exit", "/quit", "/bye", "/q": self = .exit
        default: self = .unknown(name, suggestions: Self.suggestions(for: name.lowercased()))
        }
    }

    /// The commands that `text` is the beginning of, for Tab.
    static func completions(of text: String) -> [String] {
        guard text.hasPrefix("/") else { return [] }
        return names.filter { $0.hasPrefix(text) }.map { name in
            table.contains { $0.name == name && !$0.argument.isEmpty } ? name + " " : name
        }
    }

    /// The list that `/help` shows.
    static var helpText: String {
        let rows = table.map { row in
            let left = row.argument.isEmpty ? row.name : "\(row.name) \(row.argument)"
            return "  " + left + String(repeating: " ", count: max(22 - left.count, 1)) + row.summary
        }
        return
            (rows + [
                "", "  A backslash at the end of a line, \"\"\" around the message, or Alt-Enter: several lines.",
                "  A message that begins with a blank is never a command. Ctrl-R searches what was entered before.",
            ]).joined(separator: "\n")
    }

    private static func suggestions(for name: String) -> [String] {
        let near = names.map { ($0, Spelling.distance(name, $0)) }.filter { $0.1 <= 2 || $0.0.hasPrefix(name) }
        return near.sorted { $0.1 < $1.1 }.prefix(2).map(\.0)
    }
}
