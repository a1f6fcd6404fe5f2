/// A mapping in the order its keys came.
final class MappingValue {
    /// What makes two keys the same: `1`, `1.0` and `True` are one key in Python.
    enum Key: Hashable {
        case none
        case int(Int)
        case double(UInt64)
        case text(Text)
        case tuple([Key])
    }

    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    private var places: [Key: Int] = [:]
    /// How deeply values nest in it; set by whoever fills it.
    var depth = 1

    var count: Int { keys.count }

    /// Sets a value; a key that is there already keeps its place.
    func set(_ key: Key, _ original: Value, _ value: Value) {
        if let place = places[key] {
            values[place] = value
        } else {
            places[key] = keys.count
            keys.append(original)
            values.append(value)
        }
    }

    func value(_ key: Key) -> Value? { places[key].map { values[$0] } }
    func value(_ text: Text) -> Value? { value(.text(text)) }
    func contains(_ key: Key) -> Bool { places[key] != nil }
}
