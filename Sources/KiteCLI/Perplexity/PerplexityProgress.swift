import Kite
import KiteTools

/// What standard error shows while a perplexity is measured.
final class PerplexityProgress {
    private let text: TextChunks
    private let isCompared: Bool
    private let began = SystemIO.seconds
    private var isFirst = true

    init(_ text: TextChunks, isCompared: Bool) {
        self.text = text
        self.isCompared = isCompared
        let chunks = Format.plural(text.count, "chunk")
        Console.note(
            "\(chunks) of \(text.windowLength) tokens, \(text.scoredPerChunk) of each count; the text has "
                + Format.plural(text.tokens.count, "token"), style: .plain)
    }

    /// Shows the results so far.
    func show(_ progress: PerplexityMeasurement.Progress) {
        if isFirst {
            let elapsed = SystemIO.seconds - began
            let left = elapsed / Double(progress.done) * Double(progress.total - progress.done)
            Console.note("\(Format.fixed(elapsed, 2)) s for the first, \(Format.duration(left)) left", style: .plain)
            if isCompared {
                Console.noteLines(
                    "chunk                 PPL             ln(PPL/base)           KL divergence          RMS of dp"
                        + "       same favourite")
            }
        }
        isFirst = false
        guard let divergence = progress.divergence else {
            let value = "[\(progress.done)]\(Format.fixed(progress.perplexity.value, 4)),"
            return SystemIO.write(value.utf8, to: 2)
        }
        let cells = [
            Self.cell(progress.perplexity, 1, 4, 9), Self.cell(divergence.logRatio, 1, 5, 9),
            Self.cell(divergence.divergence, 1, 5, 9), Self.cell(divergence.rootMeanSquareChange, 100, 3, 6) + " %",
            Self.cell(divergence.sameTop, 100, 3, 6) + " %",
        ]
        Console.noteLines(Self.padded("\(progress.done)", 5) + "  " + cells.joined(separator: "  "))
    }

    /// Ends the line of running values.
    func end() { if !isCompared { SystemIO.write("\n".utf8, to: 2) } }

    private static func cell(_ estimate: Estimate, _ factor: Double, _ digits: Int, _ width: Int) -> String {
        padded(Format.fixed(estimate.value * factor, digits), width) + " ± "
            + padded(Format.fixed(estimate.uncertainty * factor, digits), width)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }
}
