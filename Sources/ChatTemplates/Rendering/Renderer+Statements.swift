extension Renderer {
    /// How a body ended.
    enum Flow {
        case done, breaks, continues
    }

    func run(_ body: [Statement], in scope: Scope) throws(ChatTemplateError) -> Flow {
        try enter()
        defer { leave() }
        for statement in body {
            try step()
            line = statement.line
            let flow = try run(statement, in: scope)
            if flow != .done { return flow }
        }
        return .done
    }

    private func run(_ statement: Statement, in scope: Scope) throws(ChatTemplateError) -> Flow {
        switch statement.kind {
        case .text(let text): try write(text)
        case .output(let expression): try write(try string(try value(of: expression, in: scope)))
        case .conditional(let branches, let otherwise):
            for branch in branches where try value(of: branch.condition, in: scope).isTrue {
                return try run(branch.body, in: scope)
            }
            return try run(otherwise, in: scope)
        case .loop(let loop): return try run(loop, in: scope)
        case .set(let target, let expression):
            try assign(try value(of: expression, in: scope), to: target, in: scope)
        case .setBlock(let target, let filters, let body):
            return try runSet(target, filters, body, in: scope)
        case .with(let bindings, let body):
            let inner = Scope(parent: scope)
            for binding in bindings {
                // Each value is read where the tag stands: bindings do not see each other.
                try assign(try value(of: binding.value, in: scope), to: binding.target, in: inner)
            }
            return try run(body, in: inner)
        case .macro(let name, let macro): scope.set(name, try makeMacro(macro, in: scope))
        case .call(let body, let call):
            let caller = try makeMacro(body, in: scope)
            try write(try string(try callValue(call, in: scope, caller: caller)))
        case .filter(let filters, let body):
            let (text, flow) = try capture(body, in: Scope(parent: scope))
            try write(try string(try filtered(text, filters, in: scope)))
            return flow
        case .generation(let body): return try run(body, in: Scope(parent: scope))
        case .breakLoop: return .breaks
        case .continueLoop: return .continues
        }
        return .done
    }

    func write(_ text: Text) throws(ChatTemplateError) {
        let size = output.count + text.bytes.count
        if isCapturing {
            try checkText(size)
            try charge(bytes: text.bytes.count)
        } else if size > limits.outputBytes {
            throw fail(.outputTooLarge, "the result has more than \(limits.outputBytes) bytes")
        } else {
            try step(text.bytes.count >> 6)
        }
        output += text.bytes
    }

    /// Runs a body and keeps its output.
    func capture(_ body: [Statement], in scope: Scope) throws(ChatTemplateError) -> (Value, Flow) {
        let outer = output
        let wasCapturing = isCapturing
        output = []
        isCapturing = true
        let flow = try run(body, in: scope)
        let text = Text(bytes: output)
        output = outer
        isCapturing = wasCapturing
        return (.text(text), flow)
    }

    private func filtered(
        _ text: Value, _ filters: [FilterCall], in scope: Scope
    ) throws(ChatTemplateError) -> Value {
        var value = text
        for filter in filters { value = try apply(filter, to: value, in: scope) }
        return value
    }

    private func runSet(
        _ target: Target, _ filters: [FilterCall], _ body: [Statement], in scope: Scope
    ) throws(ChatTemplateError) -> Flow {
        let (text, flow) = try capture(body, in: Scope(parent: scope))
        guard flow == .done else { return flow }
        try assign(try filtered(text, filters, in: scope), to: target, in: scope)
        return .done
    }

    func assign(_ value: Value, to target: Target, in scope: Scope) throws(ChatTemplateError) {
        switch target {
        case .name(let name):
            try charge(bytes: 32)
            scope.set(name, value)
        case .field(let name, let field):
            guard case .namespace(let namespace)? = scope.value(name) else {
                throw fail(.type, "cannot assign attribute on non-namespace object '\(program.names[name])'")
            }
            try charge(bytes: 32)
            namespace.set(field, value)
            try checkItems(namespace.fields.count)
        case .tuple(let targets):
            let items = try iterated(value)
            guard items.count == targets.count else {
                let problem = items.count > targets.count ? "too many values" : "not enough values"
                throw fail(.value, "\(problem) to unpack (expected \(targets.count), got \(items.count))")
            }
            for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
        }
    }

    private func run(_ loop: ForLoop, in scope: Scope) throws(ChatTemplateError) -> Flow {
        var items = try iterated(try value(of: loop.items, in: scope))
        if let condition = loop.condition {
            var kept: [Value] = []
            for item in items {
                let inner = Scope(parent: scope)
                try assign(item, to: loop.target, in: inner)
                if try value(of: condition, in: inner).isTrue { kept.append(item) }
            }
            items = kept
        }
        if items.isEmpty { return try run(loop.otherwise, in: Scope(parent: scope)) }
        try charge(bytes: 96)
        let state = LoopValue(items: items, depth: try depth(around: items))
        for (index, item) in items.enumerated() {
            try step()
            state.index = index
            let inner = Scope(parent: scope)
            if let loopName { inner.set(loopName, .loop(state)) }
            try assign(item, to: loop.target, in: inner)
            if try run(loop.body, in: inner) == .breaks { break }
        }
        return .done
    }

    private var loopName: NameID? { program.nameIDs["loop"] }
}
