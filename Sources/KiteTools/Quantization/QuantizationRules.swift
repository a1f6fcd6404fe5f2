/// Which generation of llama.cpp's recipes is followed. A recipe's name has meant different files over time.
public enum QuantizationRules: String, Sendable, CaseIterable {
    /// The newest: layers are counted as they are numbered, tensors are written layer by layer.
    case current
    /// Those of December 2023, when the model cards' files were made: layers are counted, and tensors written, in the
    /// order of the source file.
    case december2023 = "dec2023"

    /// The recipes there were.
    public var recipeNames: [String] {
        QuantizationMix.recipeNames.filter { self == .current || !["IQ4_NL", "IQ4_XS", "BF16"].contains($0) }
    }
}
