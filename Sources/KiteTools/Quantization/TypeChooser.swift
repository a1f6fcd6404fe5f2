import TensorCore

/// Chooses tensors' types one after the other, as recipe and options say.
struct TypeChooser {
    private let mix: QuantizationMix
    private let options: QuantizationOptions
    private var context: RecipeContext
    private let patterns: [(pattern: String, regex: Regex<AnyRegexOutput>, type: TensorType)]
    private var used: Set<String> = []

    init(_ mix: QuantizationMix, options: QuantizationOptions, context: RecipeContext) throws(QuantizationError) {
        self.mix = mix
        self.options = options
        self.context = context
        var patterns: [(String, Regex<AnyRegexOutput>, TensorType)] = []
        for override in options.overrides {
            guard let regex = try? Regex(override.pattern).ignoresCase() else { throw .badPattern(override.pattern) }
            patterns.append((override.pattern, regex, override.type))
        }
        self.patterns = patterns
    }

    /// A pattern that matched no tensor so far; nil when all did.
    var unusedPattern: String? { patterns.first { !used.contains($0.pattern) }?.pattern }

    /// The type of the next tensor, and the one its rows did not fit.
    mutating func choose(
        _ name: String, dimensions: [Int], sourceType: TensorType
    ) -> (type: TensorType, unfit: TensorType?) {
        guard isQuantizable(name, dimensions) else { return (sourceType, nil) }
        let wanted = wantedType(name, columns: dimensions[0])
        let type = fitting(wanted, columns: dimensions[0])
        return (type, type == wanted ? nil : wanted)
    }

    /// Matrices are, except norms of heads and what the user wants left alone.
    private func isQuantizable(_ name: String, _ dimensions: [Int]) -> Bool {
        let isMatrix = dimensions.dropFirst().contains { $0 > 1 }
        return isMatrix && name.hasSuffix("weight") && !name.contains("_norm.weight")
            && !(options.leavesOutput && name == "output.weight")
    }

    private mutating func wantedType(_ name: String, columns: Int) -> TensorType {
        let role = TensorRole(name)
        // The counters of a recipe advance even where it is overridden: other layers keep the types they have without.
        let byRecipe = recipeType(role, columns: columns)
        for (pattern, regex, _) in patterns where name.contains(regex) { used.insert(pattern) }
        if role == .embedding, let type = options.embeddingType { return type }
        if role == .output, let type = options.outputType { return type }
        if let override = patterns.first(where: { name.contains($0.regex) }) { return override.type }
        if role == .embedding, context.hasTiedEmbeddings, !mix.isUniform, let type = options.outputType { return type }
        return byRecipe
    }

    private mutating func recipeType(_ role: TensorRole, columns: Int) -> TensorType {
        guard !mix.isUniform, mix.base.isQuantized else { return mix.base }
        switch options.rules {
        case .current:
            return mix.currentType(of: role, fitsRows: columns % mix.base.blockSize == 0, &context)
        case .december2023:
            return mix.december2023Type(of: role, fitsRows: columns % 256 == 0, &context)
        }
    }

    /// `type`, or the nearest that rows of `columns` numbers are whole blocks of.
    private func fitting(_ type: TensorType, columns: Int) -> TensorType {
        guard columns % type.blockSize != 0 else { return type }
        let smaller: TensorType =
            switch type {
            case .q2_K: .q4_0
            case .q3_K: options.rules == .current ? .q4_0 : .q4_1
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            case .iq4_XS: .iq4_NL
            default: type
            }
        return columns % smaller.blockSize == 0 ? smaller : .f16
    }
}
