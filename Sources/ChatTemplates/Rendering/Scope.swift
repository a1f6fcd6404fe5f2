/// Variables of a tag's body and, behind them, those of what surrounds it.
final class Scope {
    let parent: Scope?
    private var entries: [(name: NameID, value: Value)] = []

    init(parent: Scope?) { self.parent = parent }

    func set(_ name: NameID, _ value: Value) {
        if let at = entries.firstIndex(where: { $0.name == name }) {
            entries[at].value = value
        } else {
            entries.append((name, value))
        }
    }

    /// The value of a variable here or further out.
    func value(_ name: NameID) -> Value? {
        var scope: Scope? = self
        while let here = scope {
            if let found = here.entries.first(where: { $0.name == name }) { return found.value }
            scope = here.parent
        }
        return nil
    }
}
