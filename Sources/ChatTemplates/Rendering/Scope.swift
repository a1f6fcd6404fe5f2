/// Variables of a tag's body and, behind them, those of what surrounds it.
final class Scope {
    let parent: Scope?
    /// Scopes outside this one.
    let distance: Int
    // The first few are scanned; a scope of many names finds them by hash.
    private var entries: [(name: NameID, value: Value)] = []
    private var places: [NameID: Int] = [:]
    private static let scanLimit = 8

    init(parent: Scope?) {
        self.parent = parent
        distance = parent.map { $0.distance + 1 } ?? 0
    }

    private func place(_ name: NameID) -> Int? {
        entries.count > Self.scanLimit ? places[name] : entries.firstIndex { $0.name == name }
    }

    func set(_ name: NameID, _ value: Value) {
        if let at = place(name) {
            entries[at].value = value
            return
        }
        entries.append((name, value))
        if entries.count == Self.scanLimit + 1 {
            for (at, entry) in entries.enumerated() { places[entry.name] = at }
        } else if entries.count > Self.scanLimit {
            places[name] = entries.count - 1
        }
    }

    /// The value of a variable here or further out.
    func value(_ name: NameID) -> Value? {
        var scope: Scope? = self
        while let here = scope {
            if let at = here.place(name) { return here.entries[at].value }
            scope = here.parent
        }
        return nil
    }
}
