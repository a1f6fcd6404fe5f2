/// The state of a message being typed: text, cursor, history, search. Knows nothing of terminals.
struct LineEditor {
    /// What a key led to.
    enum Outcome: Equatable {
        /// The text or the cursor may have changed.
        case edited
        /// The message is complete.
        case submit(String)
        /// Ctrl-D on an empty line.
        case endOfInput
        /// Ctrl-C.
        case interrupt
        /// Ctrl-Z.
        case suspend
        /// Ctrl-L.
        case clearScreen
        /// Tab found several ways to go on.
        case suggestions([String])
        /// The key did nothing.
        case ignored
    }

    /// The text, by what a user sees as one character.
    private(set) var characters: [Character] = []
    /// Characters before the cursor.
    private(set) var cursor = 0
    /// The text being looked for in the history (Ctrl-R), and the entry found.
    private(set) var search: Search?

    struct Search: Equatable {
        var query = ""
        var match: Int?
    }

    let history: [String]
    /// Where in the history we are; `history.count` is the message being written.
    var historyIndex: Int
    /// The message being written while older ones are shown.
    private var draft = ""
    private var killed: [Character] = []
    private let completions: (String) -> [String]

    /// An empty message.
    /// - Parameters:
    ///   - history: What was entered before, oldest first.
    ///   - completions: Ways to complete the text before the cursor, each as that whole text.
    init(history: [String] = [], completions: @escaping (String) -> [String] = { _ in [] }) {
        self.history = history
        self.completions = completions
        historyIndex = history.count
    }

    /// The text.
    var text: String { String(characters) }

    /// Acts on a key.
    mutating func handle(_ key: Key) -> Outcome {
        if search != nil, let outcome = handleInSearch(key) { return outcome }
        switch key {
        case .text(let text), .paste(let text): insert(text)
        case .enter: return enter()
        case .lineBreak: insert("\n")
        case .tab: return complete()
        case .backspace: return delete(from: cursor - 1, to: cursor)
        case .delete: return delete(from: cursor, to: cursor + 1)
        case .left: return move(to: cursor - 1)
        case .right: return move(to: cursor + 1)
        case .wordLeft: return move(to: wordStart)
        case .wordRight: return move(to: wordEnd)
        case .home: return move(to: lineStart)
        case .end: return move(to: lineEnd)
        case .up: return moveUp()
        case .down: return moveDown()
        case .control(let letter): return handleControl(letter)
        case .alt(let letter): return handleAlt(letter)
        case .escape, .unknown: return .ignored
        }
        return .edited
    }

    private mutating func handleControl(_ letter: Character) -> Outcome {
        switch letter {
        case "a": return move(to: lineStart)
        case "b": return move(to: cursor - 1)
        case "c": return .interrupt
        case "d": return characters.isEmpty ? .endOfInput : delete(from: cursor, to: cursor + 1)
        case "e": return move(to: lineEnd)
        case "f": return move(to: cursor + 1)
        case "k": return kill(from: cursor, to: lineEnd == cursor ? cursor + 1 : lineEnd)
        case "l": return .clearScreen
        case "n": return older(by: -1)
        case "p": return older(by: 1)
        case "r": search = Search()
        case "t": return transpose()
        case "u": return kill(from: lineStart == cursor ? cursor - 1 : lineStart, to: cursor)
        case "w": return kill(from: blankSeparatedWordStart, to: cursor)
        case "y": insert(String(killed))
        case "z": return .suspend
        default: return .ignored
        }
        return .edited
    }

    private mutating func handleAlt(_ letter: Character) -> Outcome {
        switch letter {
        case "b": move(to: wordStart)
        case "f": move(to: wordEnd)
        case "d": kill(from: cursor, to: wordEnd)
        case "\u{7F}": kill(from: wordStart, to: cursor)
        case "<": older(by: historyIndex)
        case ">": older(by: historyIndex - history.count)
        default: .ignored
        }
    }

    private mutating func enter() -> Outcome {
        if MessageSyntax.isContinued(text) {
            cursor = characters.count
            if characters.last == "\\" { characters.removeLast() }
            cursor = characters.count
            insert("\n")
            return .edited
        }
        return .submit(text)
    }

    private mutating func complete() -> Outcome {
        let before = String(characters[..<cursor])
        let found = completions(before)
        guard let first = found.first else { return .ignored }
        let shared = found.dropFirst().reduce(first) { shared, next in
            String(zip(shared, next).prefix { $0.0 == $0.1 }.map(\.0))
        }
        guard shared.count > before.count else { return found.count > 1 ? .suggestions(found) : .ignored }
        insert(String(shared.dropFirst(before.count)))
        return .edited
    }

    // MARK: Text

    /// Puts text in at the cursor. A combining mark joins the character before it.
    mutating func insert(_ text: String) {
        let before = Array(String(characters[..<cursor]) + text)
        characters = Array(String(before) + String(characters[cursor...]))
        cursor = min(before.count, characters.count)
    }

    /// Replaces everything; the cursor goes to the end.
    mutating func replace(with text: String) {
        characters = Array(text)
        cursor = characters.count
    }

    private mutating func delete(from start: Int, to end: Int) -> Outcome {
        let range = max(start, 0)..<min(end, characters.count)
        guard !range.isEmpty else { return .ignored }
        let rest = String(characters[..<range.lowerBound]) + String(characters[range.upperBound...])
        characters = Array(rest)
        cursor = min(range.lowerBound, characters.count)
        return .edited
    }

    private mutating func kill(from start: Int, to end: Int) -> Outcome {
        let range = max(start, 0)..<min(max(end, 0), characters.count)
        guard !range.isEmpty else { return .ignored }
        killed = Array(characters[range])
        return delete(from: range.lowerBound, to: range.upperBound)
    }

    private mutating func transpose() -> Outcome {
        let second = cursor == characters.count ? cursor - 1 : cursor
        guard second >= 1 else { return .ignored }
        characters.swapAt(second - 1, second)
        cursor = second + 1
        return .edited
    }

    mutating func move(to position: Int) -> Outcome {
        let target = min(max(position, 0), characters.count)
        guard target != cursor else { return .ignored }
        cursor = target
        return .edited
    }

    // MARK: History

    /// Shows the entry `count` places further back; forward when negative.
    mutating func older(by count: Int) -> Outcome {
        let target = min(max(historyIndex - count, 0), history.count)
        guard target != historyIndex else { return .ignored }
        if historyIndex == history.count { draft = text }
        historyIndex = target
        replace(with: target == history.count ? draft : history[target])
        return .edited
    }

    mutating func setSearch(_ state: Search?) { search = state }
}
