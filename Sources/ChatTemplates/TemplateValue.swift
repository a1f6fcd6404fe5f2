/// A value handed to a chat template: what JSON can say, with the order of object members kept.
public enum TemplateValue: Sendable, Hashable {
    /// Python's `None`.
    case none
    /// `True` or `False`.
    case bool(Bool)
    /// A 64-bit integer.
    case int(Int)
    /// A floating-point number.
    case double(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([TemplateValue])
    /// A mapping with text keys, in order. A key that occurs twice keeps its first place and its last value, as in JSON.
    case object([Member])

    /// One entry of an object.
    public struct Member: Sendable, Hashable {
        /// The key.
        public var key: String
        /// The value.
        public var value: TemplateValue

        /// Makes an entry.
        public init(_ key: String, _ value: TemplateValue) {
            self.key = key
            self.value = value
        }
    }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// `"text"`
    public init(stringLiteral value: String) { self = .string(value) }
    /// `true`, `false`
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `12`
    public init(integerLiteral value: Int) { self = .int(value) }
    /// `1.5`
    public init(floatLiteral value: Double) { self = .double(value) }
    /// `["a", 1]`
    public init(arrayLiteral elements: TemplateValue...) { self = .array(elements) }
    /// `["key": 1]`, in the order written.
    public init(dictionaryLiteral elements: (String, TemplateValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    /// `nil` is Python's `None`.
    public init(nilLiteral: ()) { self = .none }
}
