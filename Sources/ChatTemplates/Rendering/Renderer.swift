/// Runs a program once. Counts what it uses and stops at the limits.
final class Renderer {
    let program: Program
    let limits: ChatTemplate.Limits
    /// What `strftime_now` tells.
    let clock: @Sendable () -> CalendarTime
    var output: [UInt8] = []
    /// Whether `output` is a text being collected for a variable rather than the result.
    var isCapturing = false
    /// The line messages name.
    var line = 0

    private var stepsLeft: Int
    private var memoryLeft: Int
    private var recursion = 0
    // What can refer to itself, taken apart at the end.
    private var namespaces: [NamespaceValue] = []
    private var macros: [Callable] = []
    private var loops: [LoopValue] = []

    init(program: Program, limits: ChatTemplate.Limits, clock: @escaping @Sendable () -> CalendarTime) {
        self.program = program
        self.limits = limits
        self.clock = clock
        stepsLeft = limits.steps
        memoryLeft = limits.memoryBytes
    }

    func render(_ context: [String: TemplateValue]) throws(ChatTemplateError) -> String {
        defer { releaseCycles() }
        let globals = Scope(parent: nil)
        for function in Callable.Function.allCases {
            if let id = program.nameIDs[function.rawValue] { globals.set(id, .callable(Callable(.function(function)))) }
        }
        for (name, value) in context {
            if let id = program.nameIDs[name] { globals.set(id, try imported(value, depth: 0)) }
        }
        _ = try run(program.body, in: Scope(parent: globals))
        return String(decoding: output, as: UTF8.self)
    }

    private func releaseCycles() {
        for namespace in namespaces { namespace.fields = MappingValue() }
        for macro in macros { macro.scope = nil }
        for loop in loops { loop.lastChanged = nil }
    }

    // MARK: Limits

    func fail(_ kind: ChatTemplateError.Kind, _ message: String) -> ChatTemplateError {
        ChatTemplateError(kind: kind, message: message, line: line)
    }

    func step(_ count: Int = 1) throws(ChatTemplateError) {
        stepsLeft -= count
        if stepsLeft < 0 { throw fail(.tooManySteps, "rendering takes more than \(limits.steps) steps") }
    }

    /// Counts the work of looking at a whole text or list.
    func look(_ value: Value) throws(ChatTemplateError) {
        switch value {
        case .text(let text): try step(text.bytes.count >> 4)
        case .sequence(let sequence): try step(sequence.items.count >> 3)
        case .mapping(let mapping): try step(mapping.count >> 3)
        default: break
        }
    }

    func charge(bytes: Int) throws(ChatTemplateError) {
        memoryLeft -= bytes
        if memoryLeft < 0 { throw fail(.memoryExceeded, "values take more than \(limits.memoryBytes) bytes") }
        try step(bytes >> 6)
    }

    func checkItems(_ count: Int) throws(ChatTemplateError) {
        if count > limits.items {
            throw fail(.collectionTooLarge, "\(count) items, more than \(limits.items)")
        }
    }

    func checkText(_ bytes: Int) throws(ChatTemplateError) {
        if bytes > limits.textBytes {
            throw fail(.collectionTooLarge, "a text of \(bytes) bytes, more than \(limits.textBytes)")
        }
    }

    func enter() throws(ChatTemplateError) {
        recursion += 1
        if recursion > limits.recursion {
            throw fail(.recursionTooDeep, "rendering nests deeper than \(limits.recursion)")
        }
    }
    func leave() { recursion -= 1 }

    // MARK: Making values

    func makeText(_ text: Text) throws(ChatTemplateError) -> Value {
        try checkText(text.bytes.count)
        try charge(bytes: text.bytes.count + 32)
        return .text(text)
    }

    func makeSequence(_ kind: SequenceValue.Kind, _ items: [Value]) throws(ChatTemplateError) -> Value {
        try checkItems(items.count)
        try charge(bytes: items.count * MemoryLayout<Value>.stride + 64)
        return .sequence(SequenceValue(kind: kind, items: items, depth: try depth(around: items)))
    }
    func makeList(_ items: [Value]) throws(ChatTemplateError) -> Value { try makeSequence(.list, items) }
    func makeTuple(_ items: [Value]) throws(ChatTemplateError) -> Value { try makeSequence(.tuple, items) }

    func makeMapping(_ members: [(key: Value, value: Value)]) throws(ChatTemplateError) -> Value {
        try checkItems(members.count)
        try charge(bytes: members.count * 4 * MemoryLayout<Value>.stride + 128)
        let mapping = MappingValue()
        var depth = 0
        for (name, value) in members {
            depth = max(depth, name.depth, value.depth)
            mapping.set(try key(name), name, value)
        }
        mapping.depth = try deeper(depth)
        return .mapping(mapping)
    }

    /// How deeply values nest in something that holds these. Everything that can hold values counts, since freeing
    /// them recurses as deep.
    func depth(around items: [Value]) throws(ChatTemplateError) -> Int {
        var depth = 0
        for item in items { depth = max(depth, item.depth) }
        return try deeper(depth)
    }

    func makeCallable(_ kind: Callable.Kind, holding items: [Value]) throws(ChatTemplateError) -> Value {
        .callable(Callable(kind, depth: try depth(around: items)))
    }

    private func deeper(_ depth: Int) throws(ChatTemplateError) -> Int {
        if depth >= limits.nesting {
            throw fail(.nestingTooDeep, "values nest deeper than \(limits.nesting)")
        }
        return depth + 1
    }

    func makeNamespace() throws(ChatTemplateError) -> NamespaceValue {
        try charge(bytes: 128)
        let namespace = NamespaceValue()
        namespaces.append(namespace)
        return namespace
    }

    func makeMacro(_ macro: Macro, in scope: Scope) throws(ChatTemplateError) -> Value {
        try charge(bytes: 128)
        let callable = Callable(.macro(macro), scope: scope)
        macros.append(callable)
        return .callable(callable)
    }

    /// Remembers a loop that keeps values, which may lead back to it.
    func keep(_ loop: LoopValue) throws(ChatTemplateError) {
        try charge(bytes: 64)
        loops.append(loop)
    }

    /// A mapping's key made of a value.
    func key(_ value: Value) throws(ChatTemplateError) -> MappingValue.Key {
        try step()
        switch value {
        case .none: return .none
        case .bool(let bool): return .int(bool ? 1 : 0)
        case .int(let int): return .int(int)
        case .double(let double):
            if let int = Int(exactly: double) { return .int(int) }
            return .double(double.bitPattern)
        case .text(let text):
            try look(value)
            return .text(text)
        case .sequence(let sequence) where sequence.kind == .tuple:
            var parts: [MappingValue.Key] = []
            for item in sequence.items { parts.append(try key(item)) }
            try charge(bytes: parts.count * 32)
            return .tuple(parts)
        default: throw fail(.type, "unhashable type: '\(value.typeName)'")
        }
    }

    /// A value of the caller's as one of the template's.
    private func imported(_ value: TemplateValue, depth: Int) throws(ChatTemplateError) -> Value {
        guard depth < limits.nesting else {
            throw fail(.nestingTooDeep, "values given to the template nest deeper than \(limits.nesting)")
        }
        switch value {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let value): return try makeText(Text(value))
        case .array(let values):
            var items: [Value] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try imported(value, depth: depth + 1)) }
            return try makeList(items)
        case .object(let members):
            var items: [(key: Value, value: Value)] = []
            for member in members {
                items.append((.text(member.key), try imported(member.value, depth: depth + 1)))
            }
            return try makeMapping(items)
        }
    }
}
