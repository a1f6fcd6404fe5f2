import ArgumentParser
import Kite

/// LoRA adapters that a model answers with.
struct AdapterArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A LoRA adapter (PEFT folder or GGUF) to run the model with; =SCALE multiplies it. Repeatable.",
            valueName: "adapter[=scale]"))
    var lora: [String] = []

    @Option(help: ArgumentHelp("The same as llama.cpp spells it.", valueName: "adapter:scale", visibility: .hidden))
    var loraScaled: [String] = []

    /// Whether no adapter is named.
    var isEmpty: Bool { lora.isEmpty && loraScaled.isEmpty }

    /// Reads the adapters; nil when there are none.
    /// - Throws: `AdapterError` for those that do not fit the model.
    func load(for configuration: ModelConfiguration) throws -> AdapterSet? {
        let references =
            try lora.map { try AdapterReference(parsing: $0) }
            + loraScaled.map { try AdapterReference(parsing: $0, separator: ":") }
        guard !references.isEmpty else { return nil }
        return try AdapterSet(
            references.map { (try LoRA(contentsOf: $0.path, for: configuration), $0.scale) })
    }
}
