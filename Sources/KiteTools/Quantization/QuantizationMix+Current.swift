import TensorCore

extension QuantizationMix {
    /// The type of a matrix under the newest rules, whatever its shape. Matrices are asked for in the order of layers.
    /// - Parameter fitsRows: Whether rows are whole blocks of the base type.
    func currentType(of role: TensorRole, fitsRows: Bool, _ context: inout RecipeContext) -> TensorType {
        switch role {
        case .output: return outputType(fitsRows: fitsRows)
        case .embedding: return context.hasTiedEmbeddings ? outputType(fitsRows: fitsRows) : base
        case .value:
            defer { context.valuesSeen += 1 }
            let type = currentValueType(context)
            return context.is70B && (type == .q3_K || type == .q4_K) ? .q5_K : type
        case .down:
            defer { context.downsSeen += 1 }
            return currentDownType(context)
        case .attentionOutput:
            switch name {
            case "Q2_K": return .q3_K
            case "Q3_K_M": return .q4_K
            case "Q3_K_L": return .q5_K
            default: return base
            }
        case .query, .key, .gate, .up, .other: return base
        }
    }

    /// The type of the output matrix, under all rules.
    func outputType(fitsRows: Bool) -> TensorType { !fitsRows || base == .q8_0 ? .q8_0 : .q6_K }

    private func currentValueType(_ context: RecipeContext) -> TensorType {
        let isGrouped = context.headsPerKeyValueHead >= 4
        switch name {
        case "Q2_K": return isGrouped ? .q4_K : .q3_K
        case "Q3_K_M": return context.valuesSeen < 2 ? .q5_K : .q4_K
        case "Q3_K_L": return .q5_K
        case "Q4_K_S": return context.valuesSeen < 4 ? .q5_K : base
        case "Q4_K_M", "Q5_K_M":
            return RecipeContext.gainsBits(context.valuesSeen, of: context.valueCount) ? .q6_K : base
        case "IQ4_NL", "IQ4_XS": return isGrouped ? .q5_K : base
        default: return base
        }
    }

    private func currentDownType(_ context: RecipeContext) -> TensorType {
        let (index, count) = (context.downsSeen, context.layerCount)
        let isEarly = index < count / 8
        switch name {
        case "Q2_K": return .q3_K
        case "Q3_K_M": return index < count / 16 ? .q5_K : .q4_K
        case "Q3_K_L": return .q5_K
        case "Q4_K_S": return isEarly ? .q5_K : base
        case "Q4_K_M", "Q5_K_M": return RecipeContext.gainsBits(index, of: count) ? .q6_K : base
        case "IQ4_NL", "IQ4_XS": return isEarly && !context.hasImportance ? .q5_K : base
        case "Q4_0": return isEarly && context.hasImportance ? .q4_1 : base
        case "Q5_0": return isEarly && context.hasImportance ? .q5_1 : base
        default: return base
        }
    }
}
