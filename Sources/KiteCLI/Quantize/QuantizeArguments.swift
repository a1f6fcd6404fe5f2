import Kite
import KiteTools

/// The words of `kite quantize`: `IN OUT TYPE`, `IN TYPE` to plan only, `TYPE` alone with a preset. A number at the end
/// is the number of threads, as llama.cpp takes it.
struct QuantizeArguments: Equatable {
    private(set) var input: String?
    private(set) var output: String?
    private(set) var type = ""
    private(set) var threads: Int?

    init(_ words: [String], preset: String?, dryRun: Bool) throws {
        var words = words
        if let last = words.last, let count = Int(last), words.count > 1 {
            threads = count
            words.removeLast()
        }
        if preset != nil {
            guard dryRun else { throw CLIError.usage("--preset has no weights to write: it goes with --dry-run") }
            guard words.count == 1 else {
                throw CLIError.usage("with --preset only a type is given: kite quantize --preset stablelm-3b Q4_K_M")
            }
        }
        guard let name = words.popLast() else {
            throw CLIError.usage("which file to read, which to write, which type?")
        }
        guard QuantizationMix(recipe: name) != nil || (dryRun && name.lowercased() == "all") else {
            throw CLIError.usage(QuantizationError.unknownType(name).description)
        }
        type = name
        guard preset == nil else { return }
        guard (dryRun ? 1...2 : 2...2).contains(words.count) else {
            throw CLIError.usage(
                words.count == 1
                    ? "which file to write? kite quantize \(words[0]) <out> \(name), or --dry-run"
                    : "quantize takes a file to read, a file to write and a type")
        }
        input = words[0]
        output = words.count > 1 ? SystemIO.expandingTilde(words[1]) : nil
    }
}
