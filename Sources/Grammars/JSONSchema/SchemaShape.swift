import ModelFiles

/// A part of the schema and where it is: `#/$defs/Pet`. The place is its identity.
struct Subschema: Sendable {
    var value: JSONValue
    var path: String

    /// The part under `key`.
    func child(_ value: JSONValue, _ keys: String...) -> Subschema {
        let steps = keys.map { key in
            var escaped = ""
            for character in key {
                switch character {
                case "~": escaped += "~0"
                case "/": escaped += "~1"
                default: escaped.append(character)
                }
            }
            return "/" + escaped
        }
        return Subschema(value: value, path: path + steps.joined())
    }
}

/// Kinds of JSON values, as a set. ``integer`` is part of what the keyword calls `number`.
struct JSONKinds: OptionSet, Sendable {
    let rawValue: UInt8
    static let null = JSONKinds(rawValue: 1)
    static let boolean = JSONKinds(rawValue: 2)
    static let integer = JSONKinds(rawValue: 4)
    /// Numbers that are not whole.
    static let fraction = JSONKinds(rawValue: 8)
    static let string = JSONKinds(rawValue: 16)
    static let array = JSONKinds(rawValue: 32)
    static let object = JSONKinds(rawValue: 64)
    static let number: JSONKinds = [.integer, .fraction]
    static let all = JSONKinds(rawValue: 127)

    /// The kinds that the keyword `type` means by `name`; nil for an unknown one.
    init?(name: String) {
        switch name {
        case "null": self = .null
        case "boolean": self = .boolean
        case "integer": self = .integer
        case "number": self = .number
        case "string": self = .string
        case "array": self = .array
        case "object": self = .object
        default: return nil
        }
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What `value` is.
    init(of value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        case .integer: self = .integer
        case .number(let number): self = number == number.rounded() ? .integer : .fraction
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }
}

/// All that several schemas together ask of a value, alternatives aside.
struct SchemaShape: Sendable {
    struct Property: Sendable {
        var name: String
        /// What its value must satisfy, all of it.
        var schemas: [Subschema]
    }

    /// For messages: the first schema.
    var path: String
    /// The kinds allowed; nil when nothing was said.
    var kinds: JSONKinds?
    /// The kinds that keywords speak of, which are meant when nothing is said of kinds.
    var mentioned: JSONKinds = []
    /// The only values allowed.
    var values: [JSONValue]?
    /// How much they hold.
    var valuesSize = 0

    var minimum: NumberBound?
    var maximum: NumberBound?
    var multiple: Int64?

    var minimumLength = 0
    var maximumLength: Int?
    var patterns: [String] = []
    var formats: [String] = []

    var properties: [Property] = []
    /// The names that must be there, each once, in order.
    private(set) var required: [String] = []
    private(set) var requiredNames: Set<String> = []
    /// What properties without a name here must satisfy; nil when nothing was said.
    var additional: [Subschema]?
    var minimumProperties = 0
    var maximumProperties: Int?

    /// What the first elements must satisfy, one by one.
    var prefix: [[Subschema]] = []
    /// What the elements after them must satisfy; nil when nothing was said.
    var rest: [Subschema]?
    var minimumItems = 0
    var maximumItems: Int?
    var hasUniqueItems = false

    init(path: String) { self.path = path }

    /// How much it lists, as ``SchemaBudget`` counts it.
    var size: Int {
        properties.count + required.count + valuesSize + prefix.count + patterns.reduce(0) { $0 + $1.utf8.count }
    }

    /// Asks for a property.
    mutating func require(_ name: String) { if requiredNames.insert(name).inserted { required.append(name) } }

    mutating func restrict(to kinds: JSONKinds) { self.kinds = (self.kinds ?? .all).intersection(kinds) }
}

/// A smallest or largest number.
struct NumberBound: Sendable {
    var value: JSONValue
    /// Whether the number itself is out.
    var isExclusive: Bool

    var double: Double {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: 0
        }
    }
}
