import Kite
import KiteTools

extension PerplexityCommand {
    /// Compares all models with the base and writes the table to `path`, the picture beside it.
    func writeReport(to path: String) async throws {
        let files = try LossReportFiles(path: path, overwrite: force)
        guard let kl, let basePath = try await ModelArguments.path(option: kl, positional: nil) else {
            throw CLIError.usage("--report compares models with a base: name it with --kl")
        }
        guard !LogProbabilityFile.isOne(basePath) else {
            throw CLIError.usage("--report wants the base model itself, whose size it shows")
        }
        var paths: [String] = []
        for name in (model.map { [$0] } ?? []) + models {
            guard let path = try await ModelArguments.path(option: name, positional: nil), path != basePath
            else { continue }
            paths.append(path)
        }
        guard !paths.isEmpty else { throw CLIError.usage("which models? name their files") }
        guard let file else { throw CLIError.usage("which text? name its file with -f (- is standard input)") }
        let base = try Checkpoint.open(.path(basePath))
        let checkpoints = try paths.map { try Checkpoint.open(.path($0)) }
        let bytes = try SystemIO.contents(of: file)
        let tokenizer = try Tokenizer.load(base, preTokenizerOverride: pre)
        let text = try textChunks(bytes, tokenizer, nil)
        for (other, name) in zip(checkpoints, paths) {
            try PerplexityMeasurement.check(
                text.tokens, of: bytes, by: basePath, with: other, name, preTokenizer: pre)
        }
        let measurement = LossMeasurement(
            base: base, baseName: LossMeasurement.name(of: basePath), text: text, options: options,
            temporaryPath: files.temporaryPath)
        try await Interrupts.handled(by: { files.abandon() }) {
            try Self.run(measurement, text) { measure in
                for (checkpoint, path) in zip(checkpoints, paths) {
                    try measure(checkpoint, LossMeasurement.name(of: path))
                }
            }
        }
        let conditions = Self.conditions(text, corpus: .init(name: file, text: bytes), base: basePath, options)
        guard let report = measurement.report(conditions: conditions) else { return }
        try files.write(report)
        if json { return try Console.writeJSON(report.json, pretty: true) }
        Console.write(report.markdown())
    }

    /// Measures the base, then what `each` gives to it, and shows how far that is.
    static func run(
        _ measurement: LossMeasurement, _ text: TextChunks,
        each: ((_ checkpoint: Checkpoint, _ name: String) throws -> Void) throws -> Void
    ) throws {
        Console.note(
            "the base first; what it thinks takes \(Format.bytes(measurement.temporaryBytes)) on the disk meanwhile",
            style: .plain)
        let progress = PerplexityProgress(text, isCompared: false)
        try measurement.measureBase(onChunk: progress.show)
        progress.end()
        try each { checkpoint, name in
            Console.note("\(name)", style: .plain)
            let progress = PerplexityProgress(text, isCompared: true)
            try measurement.measure(checkpoint, name: name, onChunk: progress.show)
            progress.end()
        }
    }

    /// What a report was measured on.
    static func conditions(
        _ text: TextChunks, corpus: PerplexityReport.Corpus, base: String, _ options: LoadOptions
    ) -> [String] {
        let scored = text.count * text.scoredPerChunk
        let name = corpus.name.split(separator: "/").last.map(String.init) ?? corpus.name
        return [
            "llama.cpp's protocol: \(Format.plural(text.count, "chunk")) of \(Format.count(text.windowLength)) tokens, of "
                + "which \(Format.count(scored)) in all count; beginning of sequence: \(text.bosPolicy.rawValue).",
            "Text: \(name), \(Format.bytes(corpus.bytes)), SHA-256 \(corpus.hash).",
            "Base: \(base.split(separator: "/").last.map(String.init) ?? base). "
                + "Activations: \(options.activations == .int8 ? "int8" : "f32").",
        ]
    }
}
