import TensorCore

extension QuantizationMix {
    /// The type of a matrix under the rules of December 2023, whatever its shape. Matrices are asked for in the order of
    /// the source file, which is what layers were counted by.
    /// - Parameter fitsRows: Whether rows are whole blocks of 256.
    func december2023Type(of role: TensorRole, fitsRows: Bool, _ context: inout RecipeContext) -> TensorType {
        switch role {
        case .output: return outputType(fitsRows: fitsRows)
        case .value(isFused: true):
            switch name {
            case "Q3_K_M", "Q3_K_L": return .q4_K
            case "Q4_K_M": return .q5_K
            case "Q5_K_M": return .q6_K
            default: return base
            }
        case .value(isFused: false):
            defer { context.valuesSeen += 1 }
            let type = december2023Type(number: context.valuesSeen, of: context.valueCount)
            return context.is70B && (type == .q3_K || type == .q4_K) ? .q5_K : type
        case .down:
            defer { context.downsSeen += 1 }
            return december2023Type(number: context.downsSeen, of: context.downCount)
        case .attentionOutput:
            switch name {
            case "Q2_K": return .q3_K
            case "Q3_K_M": return .q4_K
            case "Q3_K_L": return .q5_K
            default: return base
            }
        case .gate, .up: return name == "Q2_K" ? .q3_K : base
        case .embedding, .query, .key, .other: return base
        }
    }

    /// The type of value and down projections.
    private func december2023Type(number: Int, of count: Int) -> TensorType {
        switch name {
        case "Q2_K": .q3_K
        case "Q3_K_M": number < 2 ? .q5_K : .q4_K
        case "Q3_K_L": .q5_K
        case "Q4_K_S": number < 4 ? .q5_K : base
        case "Q4_K_M", "Q5_K_M": RecipeContext.gainsBits(number, of: count) ? .q6_K : base
        default: base
        }
    }
}
