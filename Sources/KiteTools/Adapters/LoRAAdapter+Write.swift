public import ModelFiles
import TensorCore

extension LoRAAdapter {
    /// Writes the adapter as a GGUF file, which appears at `path` only when it is whole.
    /// - Parameters:
    ///   - type: What the factors are stored as; f32 is exact.
    ///   - overwrite: Whether a file that is there already is replaced.
    /// - Throws: ``ConversionError``, ``GGUFError``.
    public func writeGGUF(to path: String, type: ConversionType = .f32, overwrite: Bool = false) throws {
        guard overwrite || !OutputFile.exists(path) else { throw ConversionError.exists(path) }
        var metadata = GGUFMetadata(file: path)
        metadata["general.architecture"] = .string(configuration.architecture.rawValue)
        metadata["general.type"] = .string("adapter")
        metadata["adapter.type"] = .string("lora")
        let name = self.path.split(separator: "/").last { $0 != "." } ?? "adapter"
        metadata["general.name"] = .string(ModelIdentity.title(String(name)))
        metadata["adapter.lora.alpha"] = .float32(alpha)
        metadata["general.quantization_version"] = .uint32(2)
        var writer = GGUFWriter(metadata: metadata)
        for part in parts {
            for (suffix, rows, row) in halves(part, rotated: true) {
                let columns = suffix == "lora_a" ? part.base.columns : part.rank
                let target = type.tensorType(columns: columns)
                let tensor = "\(part.base.name).\(suffix)"
                try writer.add(tensor, type: target, dimensions: [columns, rows]) { sink in
                    let bytes = try Self.encoded(rows, row, as: target, tensor)
                    try sink.write(bytes.span.bytes)
                }
            }
        }
        try writer.write(to: path)
    }

    /// Writes the adapter as a PEFT folder, which appears at `path` only when it is whole.
    /// - Parameters:
    ///   - type: f32, f16 or bf16.
    ///   - overwrite: Whether an adapter that is there already is replaced.
    /// - Throws: ``ConversionError``, ``SafetensorsError``, ``FileError``.
    public func writePEFT(to path: String, type: ConversionType = .f32, overwrite: Bool = false) throws {
        guard let stored = SafetensorsType(type.tensorType) else { throw ConversionError.notStorable(type.rawValue) }
        try OutputFolder.check(path, overwrite: overwrite)
        let folder = try PartialFolder(path: path)
        try folder.write(try config().encoded(pretty: true), as: "adapter_config.json")
        var writer = SafetensorsWriter()
        for part in parts {
            for (suffix, rows, row) in halves(part, rotated: false) {
                let columns = suffix == "lora_a" ? part.base.columns : part.rank
                let module = part.base.huggingFaceName.dropLast(".weight".count)
                let tensor = "\(PEFTName.prefix)\(module).\(suffix == "lora_a" ? "lora_A" : "lora_B").weight"
                try writer.add(tensor, type: stored, shape: [rows, columns]) { sink in
                    let bytes = try Self.encoded(rows, row, as: type.tensorType, tensor)
                    try sink.write(bytes.span.bytes)
                }
            }
        }
        try writer.write(to: "\(folder.partialPath)/adapter_model.safetensors")
        try folder.commit()
    }

    /// The alpha for which the scale of the first part is alpha over rank.
    private var alpha: Float { parts.first.map { $0.scale * Float($0.rank) } ?? 1 }

    /// Both factors of a part: suffix, rows, and what gives a row. What one alpha for all does not say about this part's
    /// scale goes into B.
    private func halves(
        _ part: Part, rotated: Bool
    ) -> [(suffix: String, rows: Int, row: (Int) -> [Float])] {
        let factor = part.scale * Float(part.rank) / (alpha == 0 ? 1 : alpha)
        let order =
            rotated && Self.isRotated(part.base.name, configuration)
            ? RowPermutation(headDimension: configuration.headDimension) : nil
        return [
            ("lora_a", part.rank, { part.a.dequantizedRow($0) }),
            (
                "lora_b", part.base.rows,
                { index in
                    let place = order?.source(of: index) ?? index
                    let row = part.b.dequantizedRow(part.order?.source(of: place) ?? place)
                    return abs(factor - 1) < 1e-6 ? row : row.map { $0 * factor }
                }
            ),
        ]
    }

    private func config() -> JSONValue {
        let modules = Set(
            parts.compactMap { part in
                part.base.huggingFaceName.split(separator: ".").dropLast().last.map(String.init)
            })
        var ranks = JSONObject()
        let rank = parts.first?.rank ?? 1
        var alphas = JSONObject()
        for part in parts where part.rank != rank {
            let module = String(part.base.huggingFaceName.dropLast(".weight".count))
            ranks[module] = .integer(Int64(part.rank))
            alphas[module] = .number(Double(alpha))
        }
        return [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "",
            "r": .integer(Int64(rank)), "lora_alpha": .number(Double(alpha)), "lora_dropout": 0.0, "bias": "none",
            "target_modules": .array(modules.sorted().map { .string($0) }), "fan_in_fan_out": false,
            "inference_mode": true, "modules_to_save": nil, "use_rslora": false, "use_dora": false,
            "rank_pattern": .object(ranks), "alpha_pattern": .object(alphas),
        ]
    }

    /// All rows of a factor, which is small.
    private static func encoded(
        _ rows: Int, _ row: (Int) -> [Float], as type: TensorType, _ name: String
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for index in 0..<rows {
            let numbers = row(index)
            guard numbers.allSatisfy(\.isFinite) else { throw AdapterError.notFinite(name) }
            bytes += try Quantizer.encode(numbers, as: type)
        }
        return bytes
    }
}
