import ArgumentParser
import Kite

/// The chat format and the system message.
struct TemplateArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The chat format, instead of the model's own: \(BuiltInTemplate.allCases.map(\.rawValue).joined(separator: ", ")), Jinja source, or a file of it.",
            valueName: "name"))
    var chatTemplate: String?

    @Option(help: ArgumentHelp("A file with the chat format as a Jinja template.", valueName: "file"))
    var chatTemplateFile: String?

    @Option(help: ArgumentHelp("The system message: what the model should be and do. (also -sys)", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("A file with the system message. (also -sysf)", valueName: "file"))
    var systemFile: String?

    /// The name or the source of the format asked for.
    func resolvedTemplate() throws -> String? { try Self.resolved(chatTemplate, file: chatTemplateFile) }

    /// The same of options that are elsewhere.
    static func resolved(_ chatTemplate: String?, file chatTemplateFile: String?) throws -> String? {
        if let chatTemplateFile {
            guard chatTemplate == nil else {
                throw CLIError.usage("--chat-template and --chat-template-file exclude each other")
            }
            return String(decoding: try SystemIO.contents(of: chatTemplateFile), as: UTF8.self)
        }
        guard let chatTemplate else { return nil }
        if BuiltInTemplate(name: chatTemplate) != nil || chatTemplate.contains("{") { return chatTemplate }
        if SystemIO.exists(chatTemplate) {
            return String(decoding: try SystemIO.contents(of: chatTemplate), as: UTF8.self)
        }
        let names = BuiltInTemplate.allCases.map(\.rawValue).joined(separator: ", ")
        throw CLIError.usage(
            "there is no chat template '\(chatTemplate)': choose \(names), or give Jinja source or a file")
    }

    /// The system message asked for.
    func resolvedSystem(escapes: Bool) throws -> String? {
        if let systemFile {
            guard system == nil else { throw CLIError.usage("--system and --system-file exclude each other") }
            return String(decoding: try SystemIO.contents(of: systemFile), as: UTF8.self)
        }
        return system.map { escapes ? Escapes.processed($0) : $0 }
    }
}
