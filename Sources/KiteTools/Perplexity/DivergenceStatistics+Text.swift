extension DivergenceStatistics {
    /// The statistics as a table of lines.
    public var table: String {
        let number = Quantity.fixed(_:_:)
        func plain(_ title: String, _ estimate: Estimate, _ digits: Int = 6) -> (String, String, String) {
            (title, number(estimate.value, digits), "± " + number(estimate.uncertainty, digits))
        }
        func percent(_ title: String, _ estimate: Estimate) -> (String, String, String) {
            (title, number(estimate.value * 100, 3) + " %", "± " + number(estimate.uncertainty * 100, 3) + " %")
        }
        var rows: [(String, String, String)] = [
            plain("PPL", perplexity), plain("PPL of the base", basePerplexity),
            ("correlation of ln PPL", number(correlation * 100, 2) + " %", ""),
            plain("ln(PPL / base)", logRatio), plain("PPL / base", ratio), plain("PPL - base", difference),
            ("", "", ""), plain("KL divergence, mean", divergence),
        ]
        rows += divergencePercentiles.map { ("  " + $0.name, number($0.value, 6), "") }
        rows += [("", "", ""), percent("change of p, mean", probabilityChange)]
        rows += changePercentiles.map { ("  " + $0.name, number($0.value * 100, 3) + " %", "") }
        rows += [percent("  root mean square", rootMeanSquareChange), ("", "", ""), percent("same favourite", sameTop)]
        let width = rows.map { $0.1.count }.max() ?? 0
        return rows.map { title, value, uncertainty in
            guard !title.isEmpty else { return "" }
            let left = title + String(repeating: " ", count: max(24 - title.count, 1))
            let line = left + String(repeating: " ", count: width - value.count) + value
            return uncertainty.isEmpty ? line : line + " " + uncertainty
        }.joined(separator: "\n")
    }
}
