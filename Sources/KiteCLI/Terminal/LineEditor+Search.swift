/// Ctrl-R: looking for an older entry by a part of it.
extension LineEditor {
    /// Acts on a key while searching; nil when the key ends the search and is to be handled as usual.
    mutating func handleInSearch(_ key: Key) -> Outcome? {
        guard var state = search else { return nil }
        switch key {
        case .text(let text), .paste(let text):
            state.query += text
            find(&state, from: state.match ?? history.count - 1)
        case .backspace:
            guard !state.query.isEmpty else { return .ignored }
            state.query.removeLast()
            find(&state, from: history.count - 1)
        case .control("r"):
            guard let match = state.match else { return .ignored }
            find(&state, from: match - 1)
        case .control("g"), .control("c"):
            setSearch(nil)
            return .edited
        default:
            // Any other key takes what was found.
            setSearch(nil)
            if let match = state.match {
                historyIndex = match
                replace(with: history[match])
            }
            return key == .escape ? .edited : nil
        }
        setSearch(state)
        return .edited
    }

    /// What is shown while searching: the entry found.
    var searchResult: String? { search.map { $0.match.map { history[$0] } ?? "" } }

    private func find(_ state: inout Search, from start: Int) {
        guard !state.query.isEmpty, start >= 0, start < history.count else { return }
        let wanted = Array(state.query.utf8)
        state.match = (0...start).last { Self.contains(Array(history[$0].utf8), wanted) } ?? state.match
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
