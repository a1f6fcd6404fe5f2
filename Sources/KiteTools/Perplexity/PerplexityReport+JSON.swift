public import Kite

extension PerplexityReport {
    /// The report as one JSON object.
    public var json: JSONValue {
        get {
            var members: [(String, JSONValue)] = [
                ("protocol", .string("llama.cpp")),
                ("model", .string(model)),
                ("perplexity", .number(result.perplexity.value)),
                ("perplexity_uncertainty", .number(result.perplexity.uncertainty)),
                ("mean_nll", .number(result.meanSurprise.value)),
                ("mean_nll_uncertainty", .number(result.meanSurprise.uncertainty)),
                ("n_ctx", .integer(Int64(text.contextLength))),
                ("n_window", .integer(Int64(text.windowLength))),
                ("ppl_stride", text.isStrided ? .integer(Int64(text.step)) : .null),
                ("n_tokens", .integer(Int64(text.tokens.count))),
                ("n_scored", .integer(Int64(result.count))),
                ("chunks", .integer(Int64(result.chunks))),
                ("running_perplexity", .array(result.runningPerplexity.map { .number($0) })),
                ("bos", .string(text.bosPolicy.rawValue)),
                ("tokenizer_sha256", .string(tokenizerHash)),
                ("tokens_sha256", .string(tokensHash)),
                ("corpus", corpus.map { $0.json } ?? .null),
                ("activations", .string(options.activations == .int8 ? "int8" : "f32")),
                ("kv", .string("\(kvCacheType)")),
                ("seconds", .number(result.seconds)),
                ("tokens_per_second", .number(tokensPerSecond)),
            ]
            if let adapters {
                members.append(
                    (
                        "adapters",
                        .array(
                            adapters.entries.map {
                                .of([("path", .string($0.adapter.path)), ("scale", .number(Double($0.scale)))])
                            })
                    ))
            }
            if let base, let divergence = result.divergence {
                members += [("base", .string(base)), ("kl", divergence.json)]
            }
            return .of(members)
        }
    }

    /// Tokens of the chunks over the seconds it took.
    public var tokensPerSecond: Double {
        Double(result.chunks * text.windowLength) / max(result.seconds, 1e-9)
    }
}

extension PerplexityReport.Corpus {
    fileprivate var json: JSONValue {
        .of([("name", .string(name)), ("bytes", .integer(Int64(bytes))), ("sha256", .string(hash))])
    }
}

extension Estimate {
    fileprivate var json: JSONValue { .of([("value", .number(value)), ("uncertainty", .number(uncertainty))]) }
}

extension DivergenceStatistics {
    /// The statistics as one JSON object; probabilities as shares of 1.
    var json: JSONValue {
        .of([
            ("perplexity", perplexity.json),
            ("base_perplexity", basePerplexity.json),
            ("correlation_ln_ppl", .number(correlation)),
            ("ln_ppl_ratio", logRatio.json),
            ("ppl_ratio", ratio.json),
            ("ppl_difference", difference.json),
            ("kld", divergence.json),
            ("kld_percentiles", Self.json(divergencePercentiles)),
            ("delta_p", probabilityChange.json),
            ("delta_p_percentiles", Self.json(changePercentiles)),
            ("delta_p_rms", rootMeanSquareChange.json),
            ("same_top", sameTop.json),
        ])
    }

    private static func json(_ percentiles: [Percentile]) -> JSONValue {
        .of(percentiles.map { ($0.name, .number($0.value)) })
    }
}

extension DivergenceStatistics.Percentile {
    /// `maximum`, `99.9%`, `median`, `minimum`.
    public var name: String {
        switch fraction {
        case 0: "minimum"
        case 0.5: "median"
        case 1: "maximum"
        default:
            // Tenths of a percent.
            (fraction * 1000).rounded().truncatingRemainder(dividingBy: 10) == 0
                ? "\(Int((fraction * 100).rounded()))%" : "\((fraction * 1000).rounded() / 10)%"
        }
    }
}
