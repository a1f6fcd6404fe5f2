public import TensorCore

/// What differs from a recipe.
public struct QuantizationOptions: Sendable {
    /// Which generation of recipes.
    public var rules = QuantizationRules.current
    /// Types of tensors whose names match a pattern; the first that matches counts.
    public var overrides: [TensorTypeOverride] = []
    /// The type of `output.weight`, and of a table of embeddings that serves as output too.
    public var outputType: TensorType?
    /// The type of `token_embd.weight`.
    public var embeddingType: TensorType?
    /// Whether `output.weight` keeps its type.
    public var leavesOutput = false
    /// Whether tensors that are quantized already may be quantized again, which loses more each time.
    public var allowsRequantizing = false
    /// Whether a split model is written in the same parts.
    public var keepsSplit = false

    /// The recipe and nothing else.
    public init() {}
}

/// A type for the tensors whose names match a pattern: `ffn_down=q6_k`, `blk\.[0-3]\.=q8_0`.
public struct TensorTypeOverride: Sendable, Equatable {
    /// A regular expression that is looked for anywhere in a tensor's name.
    public let pattern: String
    /// The type.
    public let type: TensorType

    /// Takes `PATTERN=TYPE` apart.
    /// - Throws: ``QuantizationError`` when it is no such thing.
    public init(_ text: String) throws(QuantizationError) {
        guard let separator = text.lastIndex(of: "="), separator != text.startIndex else { throw .badOverride(text) }
        let name = text[text.index(after: separator)...]
        let type = try Self.tensorType(String(name))
        let pattern = String(text[..<separator])
        guard (try? Regex(pattern)) != nil else { throw .badPattern(pattern) }
        self.pattern = pattern
        self.type = type
    }

    /// The tensor type called `name`, upper or lower case.
    /// - Throws: ``QuantizationError/unknownTensorType(_:)``.
    public static func tensorType(_ name: String) throws(QuantizationError) -> TensorType {
        guard let type = TensorType(name: name) else { throw .unknownTensorType(name) }
        return type
    }
}
