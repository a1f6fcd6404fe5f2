import TensorCore

extension Checkpoint {
    /// The model in a checkpoint folder.
    /// - Throws: ``ConfigurationError``, ``CheckpointError`` and ``SafetensorsError``.
    public init(huggingFace folder: HuggingFaceFolder) throws {
        let configuration = try ModelConfiguration(huggingFace: folder.config)
        let gptq = try GPTQSettings(of: folder)
        var used: Set<String> = []
        var tensors: [(name: String, stored: Stored)] = []
        for required in configuration.requiredTensors {
            let matrix: Matrix
            if let tensor = folder.weights[tensor: required.huggingFaceName] {
                guard tensor.shape == required.huggingFaceShape else {
                    throw CheckpointError.wrongShape(
                        tensor.name, found: tensor.shape, expected: required.huggingFaceShape)
                }
                matrix = try tensor.matrix
                used.insert(tensor.name)
            } else if let gptq, let module = required.moduleName, folder.weights[tensor: module + ".qweight"] != nil {
                let packed = try GPTQMatrix(
                    module, rows: required.rows, columns: required.columns, in: folder.weights, gptq)
                used.formUnion(["qweight", "qzeros", "scales", "g_idx"].map { "\(module).\($0)" })
                tensors.append((required.name, .gptq(packed)))
                continue
            } else if required.name.hasSuffix("_norm.weight"), !required.isVector {
                matrix = try Self.stackedNorms(required, in: folder.weights, used: &used)
            } else {
                throw CheckpointError.missingTensor(required.huggingFaceName)
            }
            tensors.append((required.name, .matrix(matrix)))
        }
        let unused = folder.weights.tensors.map(\.name).filter { !used.contains($0) && !Self.isIgnorable($0) }
        self.init(
            source: .huggingFace(folder), configuration: configuration, stored: tensors,
            warnings: Self.warnings(unused: unused))
    }

    /// Frequencies some checkpoints carry along although they follow from the configuration, and tied output matrices.
    private static func isIgnorable(_ name: String) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || name == "lm_head.weight"
    }

    /// The norms of all heads, which StableLM 2 12B keeps as `….norms.0.weight` and so on, as one matrix of a row each.
    private static func stackedNorms(
        _ required: ModelConfiguration.RequiredTensor, in weights: SafetensorsCheckpoint, used: inout Set<String>
    ) throws -> Matrix {
        let prefix = required.huggingFaceName.dropLast("weight".count)
        var bytes: [UInt8] = []
        var type: TensorType?
        for head in 0..<required.rows {
            let name = "\(prefix)norms.\(head).weight"
            guard let tensor = weights[tensor: name] else { throw CheckpointError.missingTensor(name) }
            guard tensor.shape == [required.columns] else {
                throw CheckpointError.wrongShape(name, found: tensor.shape, expected: [required.columns])
            }
            let matrix = try tensor.matrix
            guard type == nil || type == matrix.type else {
                throw SafetensorsError(file: FileSystem.name(tensor.file), .unusableType(tensor.type, tensor: name))
            }
            type = matrix.type
            matrix.data.withBytes { data in data.withUnsafeBytes { bytes.append(contentsOf: $0) } }
            used.insert(name)
        }
        guard let type,
            let matrix = Matrix(
                type: type, rows: required.rows, columns: required.columns, data: ByteRegion(.copying(bytes)))
        else { throw CheckpointError.missingTensor(required.huggingFaceName) }
        return matrix
    }
}

extension ModelConfiguration.RequiredTensor {
    fileprivate var huggingFaceShape: [Int] { isVector ? [columns] : [rows, columns] }

    /// The layer that a matrix belongs to: its name without `.weight`; nil for vectors.
    fileprivate var moduleName: String? {
        !isVector && huggingFaceName.hasSuffix(".weight") ? String(huggingFaceName.dropLast(".weight".count)) : nil
    }
}
