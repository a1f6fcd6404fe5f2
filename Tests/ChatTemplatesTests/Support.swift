import ChatTemplates
import ModelFiles
import TestSupport

extension TemplateValue {
    /// A JSON value as a template sees it.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(Int(value))
        case .number(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .array(values.map(TemplateValue.init))
        case .object(let object): self = .object(object.members.map { Member($0.key, TemplateValue($0.value)) })
        }
    }
}

/// The names of an object, for a context.
func context(_ json: JSONValue?) throws -> [String: TemplateValue] {
    var names: [String: TemplateValue] = [:]
    for member in try json?.asObject().members ?? [] { names[member.key] = TemplateValue(member.value) }
    return names
}

/// A golden file of Tests/Golden/templates.
func golden(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Golden.bytes("templates/\(name)"))
}

/// Renders with names, at a fixed time.
func render(
    _ source: String, _ names: [String: TemplateValue] = [:], limits: ChatTemplate.Limits = .default
) throws(ChatTemplateError) -> String {
    var template = try ChatTemplate(source: source, limits: limits)
    template.clock = {
        CalendarTime(year: 2026, month: 3, day: 7, hour: 9, minute: 5, second: 3, weekday: 6, dayOfYear: 66)
    }
    return try template.render(context: names)
}

/// The error of rendering, nil when there is none.
func failure(
    _ source: String, _ names: [String: TemplateValue] = [:], limits: ChatTemplate.Limits = .default
) -> ChatTemplateError? {
    do {
        _ = try render(source, names, limits: limits)
        return nil
    } catch { return error }
}

/// What Python's error class is here.
func kinds(ofPython name: String) -> Set<ChatTemplateError.Kind> {
    switch name {
    case "UndefinedError": [.undefined]
    case "TypeError": [.type]
    case "ValueError", "IndexError", "KeyError": [.value]
    case "ZeroDivisionError": [.arithmetic]
    case "SecurityError": [.forbidden]
    case "OverflowError": [.collectionTooLarge]
    case "TemplateError": [.raised]
    case "TemplateRuntimeError": [.type]
    case "TemplateAssertionError": [.unknownFilter, .unknownTest]
    case "TemplateSyntaxError", "SyntaxError": [.syntax, .unsupported]
    default: []
    }
}

/// What rendering gave: a text or an error.
enum Outcome: Sendable {
    case text(String)
    case failure(ChatTemplateError)

    init(_ source: String, _ names: [String: TemplateValue]) {
        do { self = .text(try render(source, names)) } catch { self = .failure(error) }
    }

    init(_ template: ChatTemplate, _ messages: [ChatMessage], prompt: Bool, bos: String?, eos: String?) {
        do {
            self = .text(
                try template.render(messages: messages, addGenerationPrompt: prompt, bosToken: bos, eosToken: eos))
        } catch { self = .failure(error) }
    }

    /// What differs from what Jinja2 gave; nil when nothing does. Compares bytes, since Swift's `==` takes composed
    /// and decomposed characters for the same.
    func difference(from expected: JSONObject, kind otherKind: ChatTemplateError.Kind? = nil) throws -> String? {
        let wanted = try expected.string("text")
        switch self {
        case .text(let text):
            guard let wanted else { return "printed \(text), expected \(expected)" }
            return Array(text.utf8) == Array(wanted.utf8) ? nil : "\n got \(text)\nwant \(wanted)"
        case .failure(let error):
            let name = try expected.string("error") ?? "none"
            guard kinds(ofPython: name).contains(error.kind) || error.kind == otherKind else {
                return "\(error.kind): \(error), expected \(name) \(wanted ?? "")"
            }
            guard error.kind == .raised || (error.kind == .undefined && otherKind == nil) else { return nil }
            let message = try expected.string("message")
            return error.message == message ? nil : "message \(error.message), expected \(message ?? "none")"
        }
    }
}
