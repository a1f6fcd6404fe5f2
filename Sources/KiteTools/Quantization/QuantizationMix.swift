public import TensorCore

/// Which types the matrices of a model get: a recipe that files are known by (`Q4_K_M`), or one type for all.
public struct QuantizationMix: Sendable, Equatable {
    /// What the mix is called: `Q4_K_M`.
    public let name: String
    /// The type of matrices that the recipe says nothing special about.
    public let base: TensorType
    /// Whether all matrices have that type.
    public let isUniform: Bool

    /// The recipes of the model cards.
    public static let cardNames = [
        "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0",
    ]

    /// All recipes, those of the cards first.
    public static let recipeNames = cardNames + ["Q4_1", "Q5_1", "IQ4_NL", "IQ4_XS", "F16", "BF16", "F32"]

    /// The recipes of the cards, then the types that stand for themselves: what random weights can be made of.
    public static var allNames: [String] {
        cardNames + TensorType.allCases.map(\.name).filter { !cardNames.contains($0) }
    }

    /// The mix called `name`, upper or lower case: a recipe of the cards, or one type for all matrices; nil when there
    /// is none.
    public init?(name: String) {
        let wanted = name.uppercased()
        if Self.cardNames.contains(wanted) {
            self.init(recipe: wanted)
        } else {
            guard let base = TensorType(name: wanted) else { return nil }
            self.init(name: wanted, base: base, isUniform: true)
        }
    }

    /// The recipe called `name`, upper or lower case, or of llama.cpp's short names: `Q4_K` is `Q4_K_M`; nil when there
    /// is none.
    /// - Parameter isUniform: Whether all matrices get the recipe's base type instead.
    public init?(recipe name: String, isUniform: Bool = false) {
        var wanted = name.uppercased()
        if ["Q3_K", "Q4_K", "Q5_K"].contains(wanted) { wanted += "_M" }
        guard Self.recipeNames.contains(wanted) else { return nil }
        let hasSize = ["_S", "_M", "_L"].contains { wanted.hasSuffix("_K" + $0) }
        guard let base = TensorType(name: hasSize ? String(wanted.dropLast(2)) : wanted) else { return nil }
        self.init(name: wanted, base: base, isUniform: isUniform)
    }

    private init(name: String, base: TensorType, isUniform: Bool) {
        self.name = name
        self.base = base
        self.isUniform = isUniform
    }

    /// What `general.file_type` of a GGUF file says (llama.cpp's `llama_ftype`).
    var fileType: UInt32 {
        switch name {
        case "F32": 0
        case "F16": 1
        case "Q4_0": 2
        case "Q4_1": 3
        case "Q8_0": 7
        case "Q5_0": 8
        case "Q5_1": 9
        case "Q2_K": 10
        case "Q3_K_S": 11
        case "Q3_K_M", "Q3_K": 12
        case "Q3_K_L": 13
        case "Q4_K_S": 14
        case "Q4_K_M", "Q4_K": 15
        case "Q5_K_S": 16
        case "Q5_K_M", "Q5_K": 17
        case "Q6_K": 18
        case "IQ4_NL": 25
        case "IQ4_XS": 30
        default: 32
        }
    }
}
