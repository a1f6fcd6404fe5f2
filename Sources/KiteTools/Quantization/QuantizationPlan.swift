public import ModelFiles
public import TensorCore

/// What each tensor of a model becomes, in the order in which tensors are written.
public struct QuantizationPlan: Sendable {
    /// One tensor.
    public struct Entry: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its sizes, the contiguous one first.
        public let dimensions: [Int]
        /// What it is stored as now.
        public let sourceType: TensorType
        /// What it becomes.
        public let type: TensorType
        /// What the recipe would make of it if its rows were whole blocks of that type; nil when they are.
        public let unfit: TensorType?

        /// Bytes it takes now.
        public var sourceBytes: Int { bytes(sourceType) }
        /// Bytes it will take.
        public var bytes: Int { bytes(type) }

        private func bytes(_ type: TensorType) -> Int {
            let rows = dimensions.dropFirst().reduce(1, *)
            return (type.byteCount(of: dimensions[0]) ?? 0) * rows
        }
    }

    /// The recipe.
    public let mix: QuantizationMix
    /// All tensors, in the order of the file.
    public let entries: [Entry]

    /// Bytes of all tensors, without the padding between them.
    public var tensorBytes: Int { entries.reduce(0) { $0 + $1.bytes } }
    /// Bytes of all tensors as they are now.
    public var sourceBytes: Int { entries.reduce(0) { $0 + $1.sourceBytes } }
    /// Number of weights.
    public var parameters: Int { entries.reduce(0) { $0 + $1.dimensions.reduce(1, *) } }
    /// Bits per weight, on average.
    public var bitsPerWeight: Double { parameters > 0 ? Double(tensorBytes) * 8 / Double(parameters) : 0 }

    /// What becomes of the tensors of a file.
    /// - Parameters:
    ///   - mix: The recipe.
    ///   - file: The model.
    ///   - configuration: Its hyper-parameters.
    ///   - hasImportance: Whether there are importances of columns, which some recipes heed.
    /// - Throws: ``QuantizationError``.
    public init(
        _ mix: QuantizationMix, file: GGUFFile, configuration: ModelConfiguration, options: QuantizationOptions,
        hasImportance: Bool = false
    ) throws(QuantizationError) {
        try self.init(
            mix, tensors: file.tensors.map { Source(name: $0.name, dimensions: $0.dimensions, type: $0.type) },
            configuration: configuration, options: options, hasImportance: hasImportance)
    }

    /// What would become of a model of this shape, converted to F16 before.
    /// - Throws: ``QuantizationError``.
    public init(
        _ mix: QuantizationMix, preset configuration: ModelConfiguration, options: QuantizationOptions,
        hasImportance: Bool = false
    ) throws(QuantizationError) {
        let tensors = configuration.requiredTensors.map { tensor in
            let isMatrix = !tensor.isVector && !tensor.name.hasSuffix("_norm.weight")
            return Source(
                name: tensor.name, dimensions: tensor.isVector ? [tensor.columns] : [tensor.columns, tensor.rows],
                type: isMatrix ? .f16 : .f32)
        }
        try self.init(
            mix, tensors: tensors, configuration: configuration, options: options, hasImportance: hasImportance)
    }

    private struct Source {
        let name: String
        let dimensions: [Int]
        let type: TensorType
    }

    private init(
        _ mix: QuantizationMix, tensors: [Source], configuration: ModelConfiguration, options: QuantizationOptions,
        hasImportance: Bool
    ) throws(QuantizationError) {
        if !options.rules.recipeNames.contains(mix.name), !mix.isUniform {
            throw .unknownToRules(mix.name, rules: options.rules.rawValue)
        }
        var chooser = try TypeChooser(
            mix, options: options,
            context: RecipeContext(configuration, names: tensors.map(\.name), hasImportance: hasImportance))
        var tensors = tensors
        if options.rules == .current, !options.keepsSplit {
            tensors.sort { TensorOrder($0.name) < TensorOrder($1.name) }
        }
        self.mix = mix
        entries = tensors.map { tensor in
            let chosen = chooser.choose(tensor.name, dimensions: tensor.dimensions, sourceType: tensor.type)
            return Entry(
                name: tensor.name, dimensions: tensor.dimensions, sourceType: tensor.type, type: chosen.type,
                unfit: chosen.unfit)
        }
        if let pattern = chooser.unusedPattern { throw .unusedPattern(pattern) }
    }
}

/// The order that llama.cpp writes tensors in: what belongs to no block, then block after block, by name.
struct TensorOrder: Comparable {
    private let block: Int
    private let name: String

    init(_ name: String) {
        self.name = name
        let parts = name.split(separator: ".", maxSplits: 2)
        block = parts.count == 3 && parts[0] == "blk" ? Int(parts[1]) ?? -1 : -1
    }

    static func < (left: Self, right: Self) -> Bool {
        if left.block != right.block { return left.block < right.block }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
