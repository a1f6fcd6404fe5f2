extension SchemaCompiler {
    /// A string: of some length, of a pattern, or of a format.
    mutating func string(_ shape: SchemaShape) throws(GrammarError) -> Expression {
        let (least, most) = (shape.minimumLength, shape.maximumLength)
        guard most ?? .max >= least else { return .choice([]) }
        guard shape.patterns.count + shape.formats.count <= 1 else {
            throw .unsupportedKeyword(
                shape.formats.isEmpty ? "pattern" : "format", reason: "only one pattern or format at once is honoured",
                path: shape.path)
        }
        var content: Expression
        var keyword = "pattern"
        if let pattern = shape.patterns.first {
            do { content = try PatternParser.parse(pattern) } catch {
                throw .unsupportedPattern(pattern, reason: error.reason, path: shape.path)
            }
        } else if let format = shape.formats.first, let expression = StringFormats.expression(format) {
            content = expression
            keyword = "format"
        } else {
            for count in [least, most ?? 0] where count > GrammarLimits.repetition {
                throw .repetitionTooLarge(limit: GrammarLimits.repetition, line: 0, column: 0)
            }
            return JSONShapes.string(least: least, most: most)
        }
        let lengths = content.lengths
        if lengths.least < least || lengths.most.map({ $0 > most ?? .max }) ?? (most != nil) {
            guard let fitted = content.fitted(least, most) else {
                throw .unsupportedKeyword(
                    least > lengths.least ? "minLength" : "maxLength",
                    reason: "beside a \(keyword) whose length varies in more than one place", path: shape.path)
            }
            content = fitted
        }
        return JSONShapes.quoted(JSONText.escaped(content))
    }
}

extension Expression {
    /// The fewest and the most characters of its texts; the most nil for no limit. For expressions without rules.
    var lengths: (least: Int, most: Int?) {
        switch self {
        case .text(let bytes):
            let count = String(decoding: bytes, as: UTF8.self).unicodeScalars.count
            return (count, count)
        case .characters: return (1, 1)
        case .rule: return (0, nil)
        case .sequence(let parts):
            return parts.map(\.lengths).reduce((0, 0)) { sum, part in
                (Self.sum(sum.0, part.least), sum.1.flatMap { sum in part.most.map { Self.sum(sum, $0) } })
            }
        case .choice(let parts):
            let all = parts.map(\.lengths)
            let most = all.contains { $0.most == nil } ? nil : all.compactMap(\.most).max() ?? 0
            return (all.map(\.least).min() ?? 0, most)
        case .repeated(let part, let least, let most):
            let inner = part.lengths
            let longest = most.flatMap { count in inner.most.map { Self.product($0, count) } }
            return (Self.product(inner.least, least), inner.most == 0 ? 0 : longest)
        }
    }

    /// The texts of `least` to `most` characters, when the length varies in one repeated character only; else nil.
    func fitted(_ least: Int, _ most: Int?) -> Expression? {
        switch self {
        case .repeated(let part, let low, let high):
            guard case .characters = part else { return nil }
            let fewest = max(low, least)
            let greatest = [high, most].compactMap { $0 }.min()
            guard greatest ?? .max >= fewest else { return .choice([]) }
            guard max(fewest, greatest ?? 0) <= GrammarLimits.repetition else { return nil }
            return .repeated(part, least: fewest, most: greatest)
        case .sequence(let parts):
            let varying = parts.indices.filter { parts[$0].lengths.most != parts[$0].lengths.least }
            guard varying.count == 1, let index = varying.first else { return nil }
            let fixed = parts.indices.reduce(0) { $0 + ($1 == index ? 0 : parts[$1].lengths.least) }
            guard most ?? .max >= fixed else { return .choice([]) }
            guard let part = parts[index].fitted(max(least - fixed, 0), most.map { $0 - fixed }) else { return nil }
            var result = parts
            result[index] = part
            return .sequence(result)
        case .choice(let parts):
            var result: [Expression] = []
            for part in parts {
                let lengths = part.lengths
                if lengths.least >= least, let longest = lengths.most, longest <= most ?? .max {
                    result.append(part)
                } else if lengths.least > most ?? .max || lengths.most ?? .max < least {
                    continue
                } else if let fitted = part.fitted(least, most) {
                    result.append(fitted)
                } else {
                    return nil
                }
            }
            return .choice(result)
        default: return nil
        }
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? .max : product
    }
}
