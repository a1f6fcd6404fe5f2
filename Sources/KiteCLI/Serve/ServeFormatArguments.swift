#if Server
import ArgumentParser

/// The chat format of a server's models.
struct ServeFormatArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The chat format, instead of the models' own: a name, Jinja source, or a file of it.", valueName: "name"))
    var chatTemplate: String?

    @Option(help: ArgumentHelp("A file with the chat format as a Jinja template.", valueName: "file"))
    var chatTemplateFile: String?

    /// The template's text or name; nil for the model's own.
    func resolvedTemplate() throws -> String? {
        try TemplateArguments.resolved(chatTemplate, file: chatTemplateFile)
    }
}
#endif
