/// Reads messages from the person at the terminal.
struct LineReader {
    /// What was entered.
    enum Entry: Equatable {
        /// A message or a command.
        case line(String)
        /// Ctrl-C; whether there was text to throw away.
        case interrupted(discarded: Bool)
        /// Ctrl-D.
        case end
    }

    private let prompt: String
    private let isRaw: Bool
    private let completions: (String) -> [String]
    private var history: History
    private var decoder = KeyDecoder()
    /// Keys that were typed ahead.
    private var keys: [Key] = []

    /// A reader that edits in place where the terminal can, and reads plain lines where it cannot.
    init(prompt: String, history: History, completions: @escaping (String) -> [String]) {
        self.prompt = prompt
        self.history = history
        self.completions = completions
        isRaw = SystemIO.isTerminal(0) && SystemIO.isTerminal(1) && SystemIO.environment("TERM") != "dumb"
    }

    /// Waits for the next entry.
    mutating func read() -> Entry { isRaw ? readRaw() : readPlain() }

    private mutating func readRaw() -> Entry {
        guard TerminalMode.enterRaw() else { return readPlain() }
        defer { TerminalMode.restore() }
        var editor = LineEditor(history: history.entries, completions: completions)
        var renderer = LineRenderer()
        show(editor, &renderer)
        while true {
            guard let key = nextKey() else {
                SystemIO.write(renderer.finish().utf8, to: 1)
                return .end
            }
            let outcome = editor.handle(key)
            switch outcome {
            case .edited: if keys.isEmpty { show(editor, &renderer) }
            case .ignored: break
            case .suggestions(let found):
                show(editor, &renderer)
                SystemIO.write((renderer.finish() + found.joined(separator: "  ") + "\r\n").utf8, to: 1)
                show(editor, &renderer)
            case .clearScreen:
                SystemIO.write("\u{1B}[H\u{1B}[2J".utf8, to: 1)
                renderer.forget()
                show(editor, &renderer)
            case .suspend:
                SystemIO.write(renderer.finish().utf8, to: 1)
                TerminalMode.suspend()
                show(editor, &renderer)
            case .submit, .interrupt, .endOfInput:
                show(editor, &renderer)
                SystemIO.write(renderer.finish().utf8, to: 1)
                if case .submit(let text) = outcome {
                    history.add(text)
                    return .line(text)
                }
                return outcome == .endOfInput ? .end : .interrupted(discarded: !editor.characters.isEmpty)
            }
        }
    }

    private mutating func nextKey() -> Key? {
        while keys.isEmpty {
            if decoder.isWaiting, !SystemIO.hasInput(0, within: 40) {
                keys = decoder.flush()
            } else {
                guard let bytes = SystemIO.read(4096, from: 0), !bytes.isEmpty else { return nil }
                keys = decoder.feed(bytes)
            }
        }
        return keys.removeFirst()
    }

    private func show(_ editor: LineEditor, _ renderer: inout LineRenderer) {
        let size = TerminalMode.size
        var prompt = prompt
        var characters = editor.characters
        var cursor = editor.cursor
        if let search = editor.search {
            prompt = "(search: \(search.query)) "
            characters = Array(editor.searchResult ?? "")
            cursor = characters.count
        }
        let layout = LineLayout(
            prompt: prompt, continuation: "… ", characters: characters, cursor: cursor, columns: size.columns)
        let drawing = renderer.draw(layout, height: size.rows) { row in
            row.hasPrefix(prompt)
                ? Console.Style.bold.applied(to: prompt, on: 1) + row.dropFirst(prompt.count) : row
        }
        SystemIO.write(drawing.utf8, to: 1)
    }

    /// Whole lines as the terminal (or a pipe) gives them.
    private mutating func readPlain() -> Entry {
        var text = ""
        SystemIO.write(prompt.utf8, to: 1)
        while true {
            guard let line = Self.plainLine() else {
                return text.isEmpty ? .end : .line(text)
            }
            text += line
            guard MessageSyntax.isContinued(text) else {
                history.add(text)
                return .line(text)
            }
            if text.hasSuffix("\\") { text.removeLast() }
            text += "\n"
            SystemIO.write("… ".utf8, to: 1)
        }
    }

    /// The next line without its end; nil at the end of the input.
    private static func plainLine() -> String? {
        var bytes: [UInt8] = []
        while let piece = SystemIO.read(1, from: 0), let byte = piece.first {
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
