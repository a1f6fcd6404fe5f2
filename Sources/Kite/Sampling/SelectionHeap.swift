/// Items that come out in order, one at a time: building costs O(n) and each item O(log n), so taking the first few of
/// many is far cheaper than sorting all.
struct SelectionHeap {
    /// A candidate's place in its list and what orders it; smaller keys come first, then smaller places.
    struct Entry {
        var key: Double
        var place: Int
    }

    private var entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries
        var root = entries.count / 2
        while root > 0 {
            root -= 1
            sink(root)
        }
    }

    mutating func next() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty {
            entries[0] = last
            sink(0)
        }
        return first
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.key < b.key || (a.key == b.key && a.place < b.place)
    }

    private mutating func sink(_ start: Int) {
        let moving = entries[start]
        var hole = start
        while true {
            var child = 2 * hole + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, Self.precedes(entries[child + 1], entries[child]) { child += 1 }
            guard Self.precedes(entries[child], moving) else { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = moving
    }
}
