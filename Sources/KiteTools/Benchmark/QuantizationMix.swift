public import TensorCore

/// Which type each matrix of a model gets: the recipes that files are known by (`Q4_K_M`), or one type for all.
///
/// Recipes as llama.cpp had them in December 2023, when the model cards' files were made.
public struct QuantizationMix: Sendable, Equatable {
    /// What the mix is called: `Q4_K_M`.
    public let name: String
    private let base: TensorType
    private let isUniform: Bool

    /// The recipes of the model cards.
    public static let cardNames = [
        "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0",
    ]

    /// All names there are: the recipes, then the types that stand for themselves.
    public static var allNames: [String] {
        cardNames + TensorType.allCases.map(\.name).filter { !cardNames.contains($0) }
    }

    /// The mix called `name`, upper or lower case; nil when there is none.
    public init?(name: String) {
        let wanted = name.uppercased()
        self.name = wanted
        if Self.cardNames.contains(wanted) {
            let stem = wanted.hasSuffix("_S") || wanted.hasSuffix("_M") || wanted.hasSuffix("_L")
            guard let base = TensorType(name: stem ? String(wanted.dropLast(2)) : wanted) else { return nil }
            self.base = base
            isUniform = false
        } else {
            guard let base = TensorType(name: wanted) else { return nil }
            self.base = base
            isUniform = true
        }
    }

    /// The type of a matrix.
    /// - Parameters:
    ///   - tensor: Its canonical name, `blk.3.attn_v.weight`.
    ///   - layerCount: Blocks of the model.
    public func type(of tensor: String, layerCount: Int) -> TensorType {
        if isUniform { return base }
        let parts = tensor.split(separator: ".")
        if tensor == "output.weight" { return base == .q8_0 ? .q8_0 : .q6_K }
        guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]) else { return base }
        let gainsBits = Self.gainsBits(layer, of: layerCount)
        switch (name, parts[2]) {
        case ("Q2_K", "attn_v"), ("Q2_K", "attn_output"), ("Q2_K", "ffn_gate"), ("Q2_K", "ffn_up"),
            ("Q2_K", "ffn_down"):
            return .q3_K
        case ("Q3_K_M", "attn_v"), ("Q3_K_M", "ffn_down"): return layer < 2 ? .q5_K : .q4_K
        case ("Q3_K_M", "attn_output"): return .q4_K
        case ("Q3_K_L", "attn_v"), ("Q3_K_L", "attn_output"), ("Q3_K_L", "ffn_down"): return .q5_K
        case ("Q4_K_S", "attn_v"), ("Q4_K_S", "ffn_down"): return layer < 4 ? .q5_K : .q4_K
        case ("Q4_K_M", "attn_v"), ("Q4_K_M", "ffn_down"), ("Q5_K_M", "attn_v"), ("Q5_K_M", "ffn_down"):
            return gainsBits ? .q6_K : base
        default: return base
        }
    }

    /// Whether block `layer` is among those that the `_M` recipes spend more bits on: the first and the last eighth, and
    /// every third between.
    private static func gainsBits(_ layer: Int, of count: Int) -> Bool {
        let eighth = count / 8
        return layer < eighth || layer >= 7 * count / 8 || (layer - eighth) % 3 == 2
    }
}
