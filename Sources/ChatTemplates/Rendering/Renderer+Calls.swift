extension Renderer {
    /// Evaluates a call; `caller` is the body of a call block.
    func callValue(_ call: Expression, in scope: Scope, caller: Value?) throws(ChatTemplateError) -> Value {
        guard case .call(let callee, let given) = call.kind else { return .none }
        let function = try value(of: callee, in: scope)
        var arguments = try Arguments(given, self, scope)
        if let caller { arguments.named.append(("caller", caller)) }
        line = call.line
        return try self.call(function, arguments)
    }

    private func call(_ function: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        guard case .callable(let callable) = function else {
            if case .undefined(let undefined) = function { throw fail(.undefined, undefined.message) }
            throw fail(.type, "'\(function.typeName)' object is not callable")
        }
        switch callable.kind {
        case .function(let kind): return try callFunction(kind, arguments)
        case .method(let receiver, let name): return try callMethod(name.string, of: receiver, arguments)
        case .macro(let macro): return try callMacro(macro, callable, arguments)
        case .cycler(let items):
            callable.position += 1
            return items[(callable.position - 1) % items.count]
        case .joiner(let separator):
            callable.position += 1
            return callable.position == 1 ? .text("") : .text(separator)
        }
    }

    private func callMacro(
        _ macro: Macro, _ callable: Callable, _ arguments: Arguments
    ) throws(ChatTemplateError) -> Value {
        try enter()
        defer { leave() }
        let scope = Scope(parent: callable.scope)
        let parameters = macro.parameters
        var extra: [(key: Value, value: Value)] = []
        var caller: Value?
        var given: [NameID: Value] = [:]
        for (parameter, value) in zip(parameters, arguments.positional) { given[parameter.name] = value }
        for (name, value) in arguments.named {
            if let id = program.nameIDs[name.string], parameters.contains(where: { $0.name == id }) {
                guard given[id] == nil else {
                    throw fail(.type, "macro '\(macro.name)' got multiple values for argument '\(name.string)'")
                }
                given[id] = value
            } else if name == "caller" {
                caller = value
            } else {
                extra.append((.text(name), value))
            }
        }
        try charge(bytes: parameters.count * 32 + 64)
        if let caller {
            guard macro.usesCaller, let id = program.nameIDs["caller"] else {
                throw fail(.type, "macro '\(macro.name)' was invoked with two values for the special caller argument")
            }
            scope.set(id, caller)
        } else if macro.usesCaller, let id = program.nameIDs["caller"] {
            scope.set(id, .undefined(Undefined(message: "No caller defined")))
        }
        if macro.usesKwargs, let id = program.nameIDs["kwargs"] {
            scope.set(id, try makeMapping(extra))
        } else if let unknown = extra.first?.key.asText {
            throw fail(.type, "macro '\(macro.name)' takes no keyword argument '\(unknown.string)'")
        }
        let surplus = Array(arguments.positional.dropFirst(parameters.count))
        if macro.usesVarargs, let id = program.nameIDs["varargs"] {
            scope.set(id, try makeTuple(surplus))
        } else if !surplus.isEmpty {
            throw fail(.type, "macro '\(macro.name)' takes not more than \(parameters.count) argument(s)")
        }
        // Defaults are evaluated at the call and see the parameters before them.
        for parameter in parameters {
            if let value = given[parameter.name] {
                scope.set(parameter.name, value)
            } else if let fallback = parameter.fallback {
                scope.set(parameter.name, try value(of: fallback, in: scope))
            } else {
                let message = "parameter '\(program.names[parameter.name])' was not provided"
                scope.set(parameter.name, .undefined(Undefined(message: message)))
            }
        }
        return try capture(macro.body, in: scope).0
    }

    private func callFunction(_ kind: Callable.Function, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        switch kind {
        case .range: return try range(arguments)
        case .dict:
            guard arguments.positional.count <= 1 else {
                throw fail(.type, "dict expected at most 1 argument, got \(arguments.positional.count)")
            }
            var members: [(key: Value, value: Value)] = []
            if let base = arguments.positional.first { members = try pairs(base) }
            for (name, value) in arguments.named { members.append((.text(name), value)) }
            return try makeMapping(members)
        case .namespace:
            let namespace = try makeNamespace()
            var members: [(key: Value, value: Value)] = []
            if let base = arguments.positional.first { members = try pairs(base) }
            for (name, value) in arguments.named { members.append((.text(name), value)) }
            try checkItems(members.count)
            for (name, value) in members {
                guard let name = name.asText else { throw fail(.type, "a namespace's names are texts") }
                try charge(bytes: 96)
                namespace.set(name, value)
            }
            return .namespace(namespace)
        case .cycler:
            guard !arguments.positional.isEmpty else { throw fail(.value, "at least one item has to be provided") }
            return try makeCallable(.cycler(arguments.positional), holding: arguments.positional)
        case .joiner:
            let separator = try arguments.bound(to: ["sep"], of: "joiner", self)[0]
            return .callable(Callable(.joiner(try separator.map(string) ?? ", ")))
        case .raiseException:
            let message = try arguments.bound(to: ["message"], of: "raise_exception", required: 1, self)[0]
            throw fail(.raised, try string(message ?? .none).string)
        case .strftimeNow:
            let format = try arguments.bound(to: ["format"], of: "strftime_now", required: 1, self)[0]
            guard let format = format?.asText else { throw fail(.type, "strftime_now takes a text") }
            guard let text = clock().formatted(format.string) else {
                throw fail(.value, "strftime_now does not know the format '\(format.string)'")
            }
            return try makeText(Text(text))
        }
    }

    private func range(_ arguments: Arguments) throws(ChatTemplateError) -> Value {
        var bounds: [Int] = []
        for value in arguments.positional {
            guard let int = value.asInt else {
                if case .undefined(let undefined) = value { throw fail(.undefined, undefined.message) }
                throw fail(.type, "'\(value.typeName)' object cannot be interpreted as an integer")
            }
            bounds.append(int)
        }
        guard (1...3).contains(bounds.count), arguments.named.isEmpty else {
            throw fail(.type, "range takes one to three whole numbers")
        }
        let start = bounds.count == 1 ? 0 : bounds[0]
        let stop = bounds.count == 1 ? bounds[0] : bounds[1]
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw fail(.value, "range() arg 3 must not be zero") }
        // Distances in 128 bits: the bounds may be the ends of 64.
        let distance = step > 0 ? Int128(stop) - Int128(start) : Int128(start) - Int128(stop)
        let stride = Int128(step).magnitude
        let count = distance <= 0 ? 0 : (distance.magnitude + stride - 1) / stride
        guard count <= Int128(limits.items).magnitude else {
            throw fail(.collectionTooLarge, "range of \(count) items, more than \(limits.items)")
        }
        var items: [Value] = []
        items.reserveCapacity(Int(count))
        for index in 0..<Int(count) { items.append(.int(start &+ index &* step)) }
        return try makeSequence(.range(start: start, stop: stop, step: step), items)
    }

    /// Keys and values of a mapping, or of a list of pairs.
    func pairs(_ value: Value) throws(ChatTemplateError) -> [(key: Value, value: Value)] {
        if case .mapping(let mapping) = value {
            try look(value)
            return zip(mapping.keys, mapping.values).map { ($0, $1) }
        }
        var result: [(key: Value, value: Value)] = []
        for item in try iterated(value) {
            let pair = try iterated(item)
            guard pair.count == 2 else {
                throw fail(.value, "a mapping is made of pairs; found \(pair.count) values")
            }
            result.append((pair[0], pair[1]))
        }
        return result
    }
}
