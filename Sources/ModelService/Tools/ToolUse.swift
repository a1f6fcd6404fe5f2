internal import ModelFiles

/// A function that the model may call.
struct ToolDefinition: Sendable, Equatable {
    var name: String
    var description: String?
    /// JSON schema of the arguments; nil for a function without any.
    var parameters: JSONValue?
    /// The tool as the request has it, for templates.
    var source: JSONValue
    /// Where in the request its schema is, for errors.
    var param: String
}

extension ToolDefinition {
    /// Reads the `name` of a function: what templates and grammars take as it is.
    static func name(_ function: RequestFields) throws(ServiceError) -> String {
        let name = try function.required("name", function.string("name"))
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw .invalid(
                "'\(function.name("name"))' must be 1 to 128 letters, digits, '_', '-' or '.'",
                param: function.name("name"))
        }
        return name
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
        default: false
        }
    }
}

/// The tools of a request, and whether the model has to use them.
struct ToolUse: Sendable, Equatable {
    /// Whether there is a call.
    enum Choice: Sendable, Equatable {
        /// No call.
        case none
        /// As the model likes.
        case auto
        /// At least one call.
        case required
    }

    /// Most tools of a request.
    static let limit = 128

    /// The tools of the request.
    var definitions: [ToolDefinition]
    /// The names of those it may call; all but for a choice that names some.
    var callable: Set<String>
    var choice: Choice
    /// Whether there may be several calls in one answer.
    var isParallel: Bool

    /// Whether the model can call anything.
    var isOffered: Bool { choice != .none && !definitions.isEmpty }
    /// The tools the model is told of, which are those it may call.
    var callableDefinitions: [ToolDefinition] { definitions.filter { callable.contains($0.name) } }

    /// Reads `tools`, `tool_choice` and `parallel_tool_calls`.
    init(_ fields: RequestFields) throws(ServiceError) {
        definitions = []
        for (index, value) in (try fields.array("tools", limit: Self.limit) ?? []).enumerated() {
            definitions.append(try Self.definition(value, path: "tools[\(index)]"))
        }
        callable = Set(definitions.map(\.name))
        guard callable.count == definitions.count else {
            throw .invalid("'tools' has two functions of the same name", param: "tools")
        }
        isParallel = try fields.bool("parallel_tool_calls") ?? true
        choice = definitions.isEmpty ? .none : .auto
        switch fields.object.value("tool_choice") {
        case nil: break
        case .string(let word):
            switch word {
            case "none": choice = .none
            case "auto": break
            case "required", "any": choice = .required
            default:
                throw .invalid(
                    "'tool_choice' must be none, auto, required or a function, not '\(word.prefix(40))'",
                    param: "tool_choice")
            }
        case .object(let object): try choose(RequestFields(object, path: "tool_choice"))
        case .some(let other): throw fields.mismatch("tool_choice", "a string or an object", other)
        }
        if choice == .required, definitions.isEmpty {
            throw .invalid("'tool_choice' wants a call, but there are no 'tools'", param: "tool_choice")
        }
    }

    /// A named function, or a list of allowed ones.
    private mutating func choose(_ fields: RequestFields) throws(ServiceError) {
        switch try fields.string("type") ?? "function" {
        case "function":
            callable = [try name(fields)]
            choice = .required
        case "allowed_tools":
            let allowed = try fields.object("allowed_tools") ?? fields
            var names: Set<String> = []
            let values = try allowed.required("tools", allowed.array("tools", limit: Self.limit))
            for (index, value) in values.enumerated() {
                let path = "\(allowed.name("tools"))[\(index)]"
                guard case .object(let object) = value else {
                    throw .invalid("'\(path)' must be an object, not \(value.kind)", param: path)
                }
                names.insert(try name(RequestFields(object, path: path)))
            }
            guard !names.isEmpty else { throw .invalid("'\(allowed.name("tools"))' is empty", param: "tool_choice") }
            callable = names
            switch try allowed.string("mode") ?? "auto" {
            case "auto": choice = .auto
            case "required": choice = .required
            default: throw .invalid("'\(allowed.name("mode"))' must be auto or required", param: "tool_choice")
            }
        case let other:
            throw .invalid(
                "'tool_choice.type' must be function or allowed_tools, not '\(other.prefix(40))'", param: "tool_choice")
        }
    }

    /// The name of a function that there is.
    private func name(_ fields: RequestFields) throws(ServiceError) -> String {
        let function = try fields.object("function") ?? fields
        let name = try function.required("name", function.string("name"))
        guard callable.contains(name) else {
            throw .invalid(
                "'\(function.name("name"))' is '\(name.prefix(64))', which is not among 'tools'", param: "tool_choice")
        }
        return name
    }

    private static func definition(_ value: JSONValue, path: String) throws(ServiceError) -> ToolDefinition {
        guard case .object(let object) = value else {
            throw .invalid("'\(path)' must be an object, not \(value.kind)", param: path)
        }
        let fields = RequestFields(object, path: path)
        let type = try fields.string("type") ?? "function"
        guard type == "function" else {
            throw .invalid(
                "'\(path).type' is '\(type.prefix(40))': only functions are supported", param: "\(path).type",
                code: "unsupported_parameter")
        }
        let function = try fields.required("function", fields.object("function"))
        let name = try ToolDefinition.name(function)
        _ = try function.bool("strict")
        let parameters = try function.object("parameters")
        return ToolDefinition(
            name: name, description: try function.string("description"),
            parameters: parameters.map { .object($0.object) }, source: value, param: function.name("parameters"))
    }
}
