import Kite
import KiteTools

/// The files of a report: a table, a picture beside it, and a temporary one while it is measured.
struct LossReportFiles: Sendable {
    private let table: String
    private let picture: String
    /// Where log-probabilities of the base may lie meanwhile.
    let temporaryPath: String
    /// Where a model may be meanwhile.
    let temporaryModelPath: String
    /// A model that is kept.
    private let output: String?

    /// - Parameters:
    ///   - path: The table's; the picture's name ends in `.svg` instead of `.md`.
    ///   - overwrite: Whether files that are there already are replaced.
    ///   - output: A model that is written too, and kept.
    init(path: String, overwrite: Bool, output: String? = nil) throws {
        self.output = output
        let stem = path.hasSuffix(".md") ? String(path.dropLast(3)) : path
        table = stem + ".md"
        picture = stem + ".svg"
        temporaryPath = "\(stem).base-\(SystemIO.processID).kld"
        temporaryModelPath = "\(stem).model-\(SystemIO.processID).gguf"
        for file in [table, picture] where !overwrite && SystemIO.exists(file) {
            throw CLIError.failure("\(file) exists already: --force replaces it")
        }
    }

    /// Writes both files.
    func write(_ report: LossReport) throws {
        let name = picture.split(separator: "/").last.map(String.init) ?? picture
        try SystemIO.writeAtomically(Array(report.svg.utf8), to: picture)
        try SystemIO.writeAtomically(Array(report.markdown(picture: name).utf8), to: table)
        Console.note("wrote \(table) and \(picture)", style: .plain)
    }

    /// Takes temporary and unfinished files away and ends the program.
    func abandon() {
        for path in [temporaryPath, temporaryModelPath] { SystemIO.remove(path) }
        for path in [temporaryPath, temporaryModelPath, output].compactMap(\.self) {
            SystemIO.remove("\(path).partial-\(SystemIO.processID)")
        }
        ExitStatus.interrupted.leave()
    }
}
