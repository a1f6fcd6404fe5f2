#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
public import Kite

/// Measures quantizations of a model one after another against it.
///
/// The base reads the text once; what it thought lies in a temporary file meanwhile, 2 bytes per scored token and token of the
/// vocabulary, which is taken away at the end.
public final class LossMeasurement {
    /// Where the temporary file is while there is one.
    public let temporaryPath: String
    /// Bytes the temporary file takes.
    public let temporaryBytes: Int

    private let base: Checkpoint
    private let baseName: String
    private let text: TextChunks
    private let options: LoadOptions
    private var baseEntry: LossReport.Entry?
    private var entries: [LossReport.Entry] = []

    /// - Parameters:
    ///   - base: What the others are compared with.
    ///   - baseName: What the table calls it.
    ///   - text: The text.
    ///   - options: How models are run.
    ///   - temporaryPath: Where the temporary file may be.
    public init(
        base: Checkpoint, baseName: String, text: TextChunks, options: LoadOptions, temporaryPath: String
    ) {
        self.base = base
        self.baseName = baseName
        self.text = text
        self.options = options
        self.temporaryPath = temporaryPath
        temporaryBytes = LogProbabilityFile.byteCount(of: text, vocabulary: base.configuration.vocabularySize)
    }

    deinit { unlink(temporaryPath) }

    /// Lets the base read the text.
    public func measureBase(onChunk: (PerplexityMeasurement.Progress) -> Void = { _ in }) throws {
        let measurement = try PerplexityMeasurement(
            base, name: baseName, text: text, options: options, savingTo: temporaryPath)
        let result = try measurement.run(onChunk: onChunk)
        baseEntry = Self.entry(baseName, base, result)
    }

    /// Compares a model with the base, which has read the text.
    public func measure(
        _ checkpoint: Checkpoint, name: String, onChunk: (PerplexityMeasurement.Progress) -> Void = { _ in }
    ) throws {
        let file = try LogProbabilityFile(path: temporaryPath)
        let measurement = try PerplexityMeasurement(
            checkpoint, name: name, text: text, base: .file(file), options: options)
        entries.append(Self.entry(name, checkpoint, try measurement.run(onChunk: onChunk)))
    }

    /// What was measured so far; nil before the base has read the text.
    /// - Parameter conditions: What it was measured on, a sentence each.
    public func report(conditions: [String]) -> LossReport? {
        baseEntry.map { LossReport(title: base.name, base: $0, entries: entries, conditions: conditions) }
    }

    private static func entry(
        _ name: String, _ checkpoint: Checkpoint, _ result: PerplexityResult
    ) -> LossReport.Entry {
        LossReport.Entry(
            name: name, bytes: checkpoint.stores.reduce(0) { $0 + $1.count }, parameters: checkpoint.parameterCount,
            perplexity: result.perplexity, divergence: result.divergence)
    }

    /// What a table calls the model at `path`: the type in its name, else its name.
    public static func name(of path: String) -> String {
        let parts = path.split(separator: "/")
        var file = String(parts.last ?? Substring(path))
        if file.lowercased().hasSuffix(".gguf") { file.removeLast(5) }
        let words = file.split { ".-".contains($0) }
        let types = words.filter { word in
            let word = word.uppercased()
            return ["Q", "IQ", "F", "BF", "TQ"].contains { prefix in
                word.hasPrefix(prefix) && word.dropFirst(prefix.count).first?.isNumber == true
            }
        }
        return types.last.map { $0.uppercased() } ?? file
    }
}
