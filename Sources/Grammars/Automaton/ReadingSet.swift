/// A set of readings: mostly a handful, which are faster looked through than hashed.
struct ReadingSet: Sendable {
    private static let fewest = 24
    private var list: [UInt64] = []
    private var set: Set<UInt64> = []

    var count: Int { list.count }

    mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        if !set.isEmpty { set = [] }
    }

    /// Adds a reading; false when it is there already.
    mutating func insert(_ reading: UInt64) -> Bool {
        if list.count < Self.fewest {
            guard !list.contains(reading) else { return false }
        } else {
            if set.isEmpty { set.formUnion(list) }
            guard set.insert(reading).inserted else { return false }
        }
        list.append(reading)
        return true
    }
}
