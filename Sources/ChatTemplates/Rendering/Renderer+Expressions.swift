extension Renderer {
    func value(of expression: Expression, in scope: Scope) throws(ChatTemplateError) -> Value {
        try step()
        switch expression.kind {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .text(let text): return .text(text)
        case .name(let name):
            try step(scope.distance >> 2)
            return named(name, in: scope)
        default:
            try enter()
            defer { leave() }
            line = expression.line
            return try compound(expression, in: scope)
        }
    }

    private func named(_ name: NameID, in scope: Scope) -> Value {
        scope.value(name) ?? .undefined(Undefined(message: "'\(program.names[name])' is undefined"))
    }

    /// Kept out of `value(of:in:)`, whose stack frame counts for every level of recursion.
    private func compound(_ expression: Expression, in scope: Scope) throws(ChatTemplateError) -> Value {
        switch expression.kind {
        case .attribute(let base, let name): return try attribute(name, of: try value(of: base, in: scope))
        case .item(let base, let index):
            let object = try value(of: base, in: scope)
            return try item(try value(of: index, in: scope), of: object)
        case .call: return try callValue(expression, in: scope, caller: nil)
        case .filter(let base, let filter): return try apply(filter, to: try value(of: base, in: scope), in: scope)
        case .test(let base, let name, let arguments):
            let subject = try value(of: base, in: scope)
            return .bool(try test(name, subject, try Arguments(arguments, self, scope)))
        case .not(let operand): return .bool(!(try value(of: operand, in: scope).isTrue))
        case .negative(let operand): return try negated(try value(of: operand, in: scope))
        case .positive(let operand): return try unchanged(try value(of: operand, in: scope))
        case .and(let parts): return try connective(parts, stopsAt: false, in: scope)
        case .or(let parts): return try connective(parts, stopsAt: true, in: scope)
        case .conditional(let condition, let then, let otherwise):
            if try value(of: condition, in: scope).isTrue { return try value(of: then, in: scope) }
            guard let otherwise else {
                return .undefined(
                    Undefined(
                        message: "the inline if-expression on line \(expression.line) evaluated to false and no else "
                            + "section was defined."))
            }
            return try value(of: otherwise, in: scope)
        default: return try composite(expression, in: scope)
        }
    }

    private func composite(_ expression: Expression, in scope: Scope) throws(ChatTemplateError) -> Value {
        switch expression.kind {
        case .list(let items): return try makeList(try values(of: items, in: scope))
        case .tuple(let items): return try makeTuple(try values(of: items, in: scope))
        case .mapping(let items):
            var members: [(key: Value, value: Value)] = []
            for item in items {
                members.append((try value(of: item.key, in: scope), try value(of: item.value, in: scope)))
            }
            return try makeMapping(members)
        case .slice(let base, let start, let stop, let step):
            let object = try value(of: base, in: scope)
            let bounds = [
                try start.map { e throws(ChatTemplateError) in try value(of: e, in: scope) } ?? .none,
                try stop.map { e throws(ChatTemplateError) in try value(of: e, in: scope) } ?? .none,
                try step.map { e throws(ChatTemplateError) in try value(of: e, in: scope) } ?? .none,
            ]
            return try slice(object, bounds)
        case .arithmetic(let first, let rest):
            var result = try value(of: first, in: scope)
            for (operation, operand) in rest {
                let right = try value(of: operand, in: scope)
                line = expression.line
                result = try arithmetic(operation, result, right)
            }
            return result
        case .comparison(let first, let rest):
            var left = try value(of: first, in: scope)
            for (operation, operand) in rest {
                let right = try value(of: operand, in: scope)
                line = expression.line
                guard try compare(operation, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .concatenation(let parts):
            var text = Text(bytes: [])
            for part in parts {
                text.append(try string(try value(of: part, in: scope)))
                try checkText(text.bytes.count)
            }
            return try makeText(text)
        default: return .none
        }
    }

    private func connective(
        _ parts: [Expression], stopsAt truth: Bool, in scope: Scope
    ) throws(ChatTemplateError) -> Value {
        var last = Value.none
        for part in parts {
            last = try value(of: part, in: scope)
            if last.isTrue == truth { break }
        }
        return last
    }

    private func values(of expressions: [Expression], in scope: Scope) throws(ChatTemplateError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try value(of: expression, in: scope)) }
        return values
    }
}
