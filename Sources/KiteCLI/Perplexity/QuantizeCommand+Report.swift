import Kite
import KiteTools

extension QuantizeCommand {
    /// `IN TYPE,… --report FILE`, or `IN OUT TYPE --report FILE` to keep the one that is measured.
    func writeReport(to path: String) async throws {
        let output = words.count == 3 ? SystemIO.expandingTilde(words[1]) : nil
        let files = try LossReportFiles(path: path, overwrite: force, output: output)
        guard (2...3).contains(words.count), let list = words.last, let input = try await resolve(words[0]) else {
            throw CLIError.usage("which file to read, and which types? kite quantize <in> Q4_K_M,Q8_0 --report <file>")
        }
        let names =
            list.lowercased() == "all"
            ? QuantizationMix.cardNames : list.split(separator: ",").map { $0.uppercased() }
        guard !names.isEmpty, output == nil || names.count == 1 else {
            throw CLIError.usage("a file to write goes with one type; leave it out to measure several")
        }
        guard let file else { throw CLIError.usage("which text to measure with? name its file with -f") }
        let threads = try threadCount()
        let importance = try imatrix.map { try ImportanceMatrix(path: SystemIO.expandingTilde($0)) }
        // All of them first: a name or a file that is wrong should not show after an hour.
        let quantizers = try names.map { name in
            try ModelQuantizer(path: input, mix: mix(name), options: options(), importance: importance)
        }
        if let output, !force, SystemIO.exists(output) {
            throw CLIError.failure("\(output) exists already: --force replaces it")
        }
        let base = try Checkpoint.open(.path(input))
        let tokenizer = try Tokenizer.load(base)
        let bytes = try SystemIO.contents(of: file)
        let text = try TextChunks(
            TextChunks.tokens(of: bytes, with: tokenizer), contextLength: ctxSize, limit: chunks,
            bosToken: tokenizer.addsBOS ? tokenizer.bosToken : nil)
        let loadOptions = LoadOptions(threads: threads)
        let measurement = LossMeasurement(
            base: base, baseName: LossMeasurement.name(of: input), text: text, options: loadOptions,
            temporaryPath: files.temporaryPath)
        let target = output ?? files.temporaryModelPath
        try await Interrupts.handled(by: { files.abandon() }) {
            try PerplexityCommand.run(measurement, text) { measure in
                for (name, quantizer) in zip(names, quantizers) {
                    let progress = ProgressBar(title: "Quantizing to \(name)")
                    let written = try quantizer.write(to: target, overwrite: true, threads: threads) { step in
                        progress.update(done: step.done, total: step.total, detail: step.entry.name)
                    }
                    progress.clear()
                    defer { if output == nil { for path in written { SystemIO.remove(path) } } }
                    try measure(try Checkpoint.open(.path(written.first ?? target)), name)
                }
            }
        }
        var conditions = PerplexityCommand.conditions(
            text, corpus: .init(name: file, text: bytes), base: input, loadOptions)
        conditions.append(
            "Quantized by the rules \(rules.rawValue)"
                + (imatrix == nil ? ", without an importance matrix." : " with an importance matrix."))
        guard let report = measurement.report(conditions: conditions) else { return }
        try files.write(report)
        if json { return try Console.writeJSON(report.json, pretty: true) }
        Console.write(report.markdown())
    }
}
