/// What was entered before, oldest first; kept in a file from one run to the next.
struct History {
    /// Entries kept.
    static let limit = 1000

    private(set) var entries: [String]
    private let path: String?

    /// The history kept in `path`; in memory only when that is nil.
    init(path: String?) {
        self.path = path
        let bytes = path.flatMap { try? SystemIO.contents(of: $0) } ?? []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        entries = lines.suffix(Self.limit).map { Self.decoded($0) }
        if let path, lines.count > 2 * Self.limit {
            let text = entries.map { Self.encoded($0) + "\n" }.joined()
            try? SystemIO.writeAtomically(Array(text.utf8), to: path, mode: 0o600)
        }
    }

    /// Where the history is kept by default: `$XDG_STATE_HOME/kite/history`, else below `~/.local/state`.
    static var defaultPath: String? {
        let folder: String
        if let state = SystemIO.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            folder = state
        } else if let home = SystemIO.environment("HOME") {
            folder = home + "/.local/state"
        } else {
            return nil
        }
        SystemIO.makePrivateFolder(folder + "/kite")
        return folder + "/kite/history"
    }

    /// Adds an entry, unless it is empty, the same as the one before, or begins with a space.
    mutating func add(_ entry: String) {
        guard !entry.isEmpty, entry != entries.last, entry.first != " " else { return }
        entries.append(entry)
        if entries.count > Self.limit { entries.removeFirst() }
        if let path { SystemIO.appendPrivately(Array((Self.encoded(entry) + "\n").utf8), to: path) }
    }

    /// One line per entry: line breaks as `\n`, backslashes doubled.
    static func encoded(_ entry: String) -> String {
        var line = ""
        for scalar in entry.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// The entry that a line of the file stands for.
    static func decoded(_ line: some StringProtocol) -> String {
        var entry = ""
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                if scalar != "n" && scalar != "\\" { entry.unicodeScalars.append("\\") }
                entry.unicodeScalars.append(scalar == "n" ? "\n" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                entry.unicodeScalars.append(scalar)
            }
        }
        return isEscaped ? entry + "\\" : entry
    }
}
