/// A value while a template runs. Lists, tuples and mappings never change, as in Jinja's immutable sandbox; only
/// namespaces do.
enum Value {
    case undefined(Undefined)
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(Text)
    case sequence(SequenceValue)
    case mapping(MappingValue)
    case namespace(NamespaceValue)
    case loop(LoopValue)
    case callable(Callable)

    static func text(_ string: String) -> Value { .text(Text(string)) }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// How deeply values nest in it.
    var depth: Int {
        switch self {
        case .sequence(let sequence): sequence.depth
        case .mapping(let mapping): mapping.depth
        case .loop(let loop): loop.depth
        case .callable(let callable): callable.depth
        default: 0
        }
    }

    /// Python's truth of it.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .text(let text): !text.isEmpty
        case .sequence(let sequence): sequence.kind.isIterator || !sequence.items.isEmpty
        case .mapping(let mapping): !mapping.keys.isEmpty
        case .namespace, .loop, .callable: true
        }
    }

    /// The name of its type in Python, for messages.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .double: "float"
        case .text: "str"
        case .sequence(let sequence): sequence.kind.typeName
        case .mapping: "dict"
        case .namespace: "Namespace"
        case .loop: "LoopContext"
        case .callable(let callable): callable.typeName
        }
    }

    /// Integers, truth values counted among them as Python does.
    var asInt: Int? {
        switch self {
        case .int(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }
    var asDouble: Double? {
        if case .double(let value) = self { return value }
        return asInt.map(Double.init)
    }
    var asText: Text? { if case .text(let text) = self { text } else { nil } }
}

/// Why something is not defined; the message of the error that using it gives.
struct Undefined {
    var message: String
}

/// What iterates: lists, tuples and the views and iterators that filters make.
final class SequenceValue {
    enum Kind: Equatable {
        case list
        case tuple
        case range(start: Int, stop: Int, step: Int)
        /// Views of a mapping.
        case keys, values, items
        /// Made by a filter: always true, without length, gone once used.
        case generator

        var isIterator: Bool { self == .generator }
        var isIndexable: Bool {
            switch self {
            case .list, .tuple, .range: true
            default: false
            }
        }
        var typeName: String {
            switch self {
            case .list: "list"
            case .tuple: "tuple"
            case .range: "range"
            case .keys: "dict_keys"
            case .values: "dict_values"
            case .items: "dict_items"
            case .generator: "generator"
            }
        }
    }

    let kind: Kind
    private(set) var items: [Value]
    let depth: Int

    init(kind: Kind, items: [Value], depth: Int) {
        self.kind = kind
        self.items = items
        self.depth = depth
    }

    /// The items of an iterator that is being used up.
    func drain() -> [Value] {
        let all = items
        if kind.isIterator { items = [] }
        return all
    }

    /// The next item of an iterator.
    func takeFirst() -> Value? {
        kind.isIterator ? (items.isEmpty ? nil : items.removeFirst()) : items.first
    }
}

/// What `namespace()` makes: named values that can be assigned from inside loops.
final class NamespaceValue {
    var fields = MappingValue()

    func value(_ name: Text) -> Value? { fields.value(name) }
    func set(_ name: Text, _ value: Value) { fields.set(.text(name), .text(name), value) }
}

/// The variable `loop` of a `for`.
final class LoopValue {
    let items: [Value]
    var index = 0
    /// What `loop.changed` saw last.
    var lastChanged: [Value]?
    let depth: Int

    init(items: [Value], depth: Int) {
        self.items = items
        self.depth = depth
    }
}

/// What can be called.
final class Callable {
    enum Kind {
        case function(Function)
        case method(Value, Text)
        case macro(Macro)
        case cycler([Value])
        case joiner(Text)
    }

    /// Global functions.
    enum Function: String, CaseIterable {
        case range, dict, namespace, cycler, joiner
        case raiseException = "raise_exception"
        case strftimeNow = "strftime_now"
    }

    let kind: Kind
    /// Where a macro was defined. Cleared when rendering ends, since a scope may hold its own macros.
    var scope: Scope?
    /// Place of a cycler, uses of a joiner.
    var position = 0
    /// How deeply values nest in it.
    let depth: Int

    init(_ kind: Kind, scope: Scope? = nil, depth: Int = 0) {
        self.kind = kind
        self.scope = scope
        self.depth = depth
    }

    var typeName: String {
        switch kind {
        case .function(let function): function == .range ? "type" : "function"
        case .method: "builtin_function_or_method"
        case .macro: "Macro"
        case .cycler: "Cycler"
        case .joiner: "Joiner"
        }
    }
}
