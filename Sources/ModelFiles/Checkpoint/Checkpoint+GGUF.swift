import TensorCore

extension Checkpoint {
    /// The model in a GGUF file.
    /// - Throws: ``ConfigurationError``, ``CheckpointError`` and ``GGUFError``.
    public init(gguf file: GGUFFile) throws {
        let configuration = try ModelConfiguration(gguf: file)
        if let tokens = try file.metadata.strings("tokenizer.ggml.tokens"),
            tokens.count != configuration.vocabularySize
        {
            throw CheckpointError.vocabularyMismatch(tokens: tokens.count, rows: configuration.vocabularySize)
        }
        var used: Set<String> = []
        var tensors: [(name: String, matrix: Matrix)] = []
        for required in configuration.requiredTensors {
            let matrix = try Self.matrix(required, of: file, configuration, used: &used)
            guard matrix.rows == required.rows, matrix.columns == required.columns else {
                throw CheckpointError.wrongShape(
                    required.name, found: [matrix.rows, matrix.columns],
                    expected: [required.rows, required.columns])
            }
            tensors.append((required.name, matrix))
        }
        if configuration.hasRopeFactors {
            let factors = try file.requiredTensor(Self.ropeFactors).matrix
            guard factors.rows == 1, factors.columns == configuration.rotaryDimensions / 2, factors.type == .f32 else {
                throw CheckpointError.wrongShape(
                    Self.ropeFactors, found: [factors.rows, factors.columns],
                    expected: [1, configuration.rotaryDimensions / 2])
            }
            tensors.append((Self.ropeFactors, factors))
            used.insert(Self.ropeFactors)
        }
        self.init(
            source: .gguf(file), configuration: configuration, tensors: tensors,
            warnings: Self.warnings(unused: file.tensors.map(\.name).filter { !used.contains($0) }))
    }

    /// Name of the tensor that divides rotary frequencies.
    static let ropeFactors = "rope_freqs.weight"

    private static func matrix(
        _ required: ModelConfiguration.RequiredTensor, of file: GGUFFile, _ configuration: ModelConfiguration,
        used: inout Set<String>
    ) throws -> Matrix {
        if let tensor = file[tensor: required.name] {
            used.insert(required.name)
            return try tensor.matrix
        }
        guard let part = FusedPart(required.name, configuration), let tensor = file[tensor: part.fusedName] else {
            throw CheckpointError.missingTensor(required.name)
        }
        used.insert(part.fusedName)
        return try part.view(of: tensor.matrix)
    }
}

/// Which rows of a fused `attn_qkv` tensor are the q, k or v projection.
private struct FusedPart {
    let fusedName: String
    private let rows: Range<Int>
    private let total: Int
    private let isBias: Bool

    init?(_ name: String, _ configuration: ModelConfiguration) {
        let parts = name.split(separator: ".")
        guard parts.count == 4, parts[0] == "blk", parts[3] == "weight" || parts[3] == "bias" else { return nil }
        let query = configuration.headCount * configuration.headDimension
        let key = configuration.keyValueHeadCount * configuration.headDimension
        switch parts[2] {
        case "attn_q": rows = 0..<query
        case "attn_k": rows = query..<query + key
        case "attn_v": rows = query + key..<query + 2 * key
        default: return nil
        }
        total = query + 2 * key
        isBias = parts[3] == "bias"
        fusedName = "blk.\(parts[1]).attn_qkv.\(parts[3])"
    }

    func view(of fused: Matrix) throws -> Matrix {
        let found = isBias ? fused.columns : fused.rows
        guard found == total, !isBias || fused.rows == 1 && !fused.type.isQuantized else {
            throw CheckpointError.wrongFusedShape(fusedName, rows: found, expected: total)
        }
        let stride = isBias ? fused.data.count / max(fused.columns, 1) : fused.bytesPerRow
        let start = fused.data.range.lowerBound
        guard
            let region = ByteRegion(
                fused.data.store, start + rows.lowerBound * stride..<start + rows.upperBound * stride),
            let matrix = Matrix(
                type: fused.type, rows: isBias ? 1 : rows.count, columns: isBias ? rows.count : fused.columns,
                data: region)
        else { throw CheckpointError.wrongFusedShape(fusedName, rows: found, expected: total) }
        return matrix
    }
}
