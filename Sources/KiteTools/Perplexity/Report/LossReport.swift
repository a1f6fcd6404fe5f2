public import Kite

/// Size and loss of several quantizations of one model: a table in Markdown and a picture.
public struct LossReport: Sendable {
    /// One file.
    public struct Entry: Sendable, Hashable {
        /// What the table calls it: `Q4_K_M`.
        public let name: String
        /// Bytes of its files.
        public let bytes: Int
        /// Weights in it.
        public let parameters: Int
        /// Its perplexity.
        public let perplexity: Estimate
        /// How far it is from the base; nil for the base itself.
        public let divergence: DivergenceStatistics?

        /// Makes an entry.
        public init(
            name: String, bytes: Int, parameters: Int, perplexity: Estimate, divergence: DivergenceStatistics?
        ) {
            self.name = name
            self.bytes = bytes
            self.parameters = parameters
            self.perplexity = perplexity
            self.divergence = divergence
        }

        /// Bits that a weight takes on average, metadata included.
        public var bitsPerWeight: Double { Double(bytes) * 8 / Double(max(parameters, 1)) }
    }

    /// The model's name.
    public let title: String
    /// What all others are compared with.
    public let base: Entry
    /// The others, smallest first.
    public let entries: [Entry]
    /// What it was measured on, a sentence each.
    public let conditions: [String]

    /// Makes a report.
    public init(title: String, base: Entry, entries: [Entry], conditions: [String]) {
        self.title = title
        self.base = base
        self.entries = entries.sorted { ($0.bytes, $0.name) < ($1.bytes, $1.name) }
        self.conditions = conditions
    }

    /// The table, and above it a picture from the file `picture`.
    public func markdown(picture: String? = nil) -> String {
        var lines = ["# \(Self.escaped(title)): size and loss", ""]
        if let picture {
            lines += ["![Divergence from \(Self.escaped(base.name)) by file size](<\(picture)>)", ""]
        }
        lines += [
            "| type | size | bits per weight | PPL | PPL / base | KL divergence | 99% | same favourite | RMS of Δp |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        lines += (entries + [base]).map(row)
        lines += [
            "",
            "PPL: perplexity. KL divergence: mean over all tokens of how far the probabilities are from those of "
                + "\(Self.escaped(base.name)), in natural units; 99% of the tokens are below the next column. Same "
                + "favourite: share of tokens for which both hold the same one likeliest. Δp: change of the true "
                + "token's probability. After ±, the standard error.",
            "",
        ]
        lines += conditions.map { "- " + Self.escaped($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ entry: Entry) -> String {
        var cells = [
            Self.escaped(entry.name), Quantity.bytes(entry.bytes), Quantity.fixed(entry.bitsPerWeight, 2),
            Self.text(entry.perplexity, 4),
        ]
        if let divergence = entry.divergence {
            let high = divergence.divergencePercentiles.first { $0.fraction == 0.99 }
            cells += [
                Self.text(divergence.ratio, 4), Self.text(divergence.divergence, 5),
                high.map { Quantity.fixed($0.value, 4) } ?? "–", Self.percent(divergence.sameTop),
                Self.percent(divergence.rootMeanSquareChange),
            ]
        } else {
            cells += ["1", "0", "0", "100 %", "0 %"]
        }
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func text(_ estimate: Estimate, _ digits: Int) -> String {
        "\(Quantity.fixed(estimate.value, digits)) ± \(Quantity.fixed(estimate.uncertainty, digits))"
    }

    private static func percent(_ estimate: Estimate) -> String {
        text(Estimate(estimate.value * 100, estimate.uncertainty * 100), 2) + " %"
    }

    /// `text` as it stands, whatever Markdown would make of it.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in Quantity.printable(text) {
            if "\\`*[]<>|#".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// The entries as JSON.
    public var json: JSONValue {
        func value(_ entry: Entry) -> JSONValue {
            .of([
                ("name", .string(entry.name)), ("bytes", .integer(Int64(entry.bytes))),
                ("bits_per_weight", .number(entry.bitsPerWeight)),
                ("perplexity", .number(entry.perplexity.value)),
                ("perplexity_uncertainty", .number(entry.perplexity.uncertainty)),
                ("kl", entry.divergence.map { $0.json } ?? .null),
            ])
        }
        return .of([
            ("title", .string(title)), ("base", value(base)), ("entries", .array(entries.map(value))),
            ("conditions", .array(conditions.map { .string($0) })),
        ])
    }
}
