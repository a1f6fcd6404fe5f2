import Kite
import KiteTools

/// A quantization plan as people read it.
enum PlanText {
    /// `[ 12/356] blk.0.attn_q.weight    2560 x 2560   F16 -> Q4_K    13.1 MB -> 3.69 MB`
    static func line(_ entry: QuantizationPlan.Entry, index: Int, count: Int) -> String {
        let width = String(count).count
        let shape = entry.dimensions.map(String.init).joined(separator: " x ")
        let number = "[\(left(String(index + 1), width))/\(count)] "
        let isKept = entry.type == entry.sourceType
        let types = isKept ? entry.type.name : "\(entry.sourceType.name) -> \(entry.type.name)"
        let bytes = isKept ? "" : "\(Format.bytes(entry.sourceBytes)) -> "
        let unfit = entry.unfit.map { "  (rows do not fit \($0.name))" } ?? ""
        return number + right(entry.name, 26) + "  " + left(shape, 14) + "  " + right(types, 14) + "  "
            + bytes + Format.bytes(entry.bytes) + unfit
    }

    /// All tensors and their sum.
    static func table(_ plan: QuantizationPlan, fileBytes: Int?) -> String {
        var lines = plan.entries.enumerated().map { line($1, index: $0, count: plan.entries.count) }
        var sum =
            "\(plan.mix.name): \(Format.parameters(plan.parameters)) parameters, "
            + "\(Format.bytes(plan.sourceBytes)) -> \(Format.bytes(plan.tensorBytes)) "
            + "(\(Format.count(plan.tensorBytes)) bytes of tensors), "
            + "\(Format.fixed(plan.bitsPerWeight, 2)) bits per weight"
        if let fileBytes { sum += "; the file \(Format.count(fileBytes)) bytes" }
        lines.append(sum)
        return lines.joined(separator: "\n")
    }

    /// One line per type.
    static func comparison(_ plans: [(plan: QuantizationPlan, fileBytes: Int?)]) -> String {
        var lines = [right("type", 8) + left("tensor bytes", 16) + left("GB", 8) + left("bits/weight", 13)]
        for (plan, _) in plans {
            lines.append(
                right(plan.mix.name, 8) + left(Format.count(plan.tensorBytes), 16)
                    + left(Format.fixed(Double(plan.tensorBytes) / 1e9, 2), 8)
                    + left(Format.fixed(plan.bitsPerWeight, 2), 13))
        }
        return lines.joined(separator: "\n")
    }

    private static func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }

    private static func right(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}
