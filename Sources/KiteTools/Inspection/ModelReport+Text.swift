import Kite

extension ModelReport {
    /// The report as lines for a person.
    /// - Parameter listsTensors: Whether every tensor is listed.
    package func text(listsTensors: Bool = false) -> String {
        var lines = [Quantity.printable(name)]
        func add(_ label: String, _ value: String) {
            lines.append("  " + label + String(repeating: " ", count: max(1, 16 - label.count)) + value)
        }
        let files = fileCount == 1 ? "" : " in \(fileCount) files"
        add("file", "\(Quantity.printable(path)) (\(container), \(Quantity.bytes(fileBytes))\(files))")
        add("architecture", architectureText)
        add("attention", attentionText)
        add(
            "parameters", "\(Quantity.count(parameters)) (\(Quantity.bitsPerWeight(bytes: memory.weights, parameters)))"
        )
        for (index, type) in types.enumerated() {
            let tensors = type.tensors == 1 ? "1 tensor" : "\(type.tensors) tensors"
            let text = "\(type.type): \(tensors), \(Quantity.count(type.parameters)), \(Quantity.bytes(type.bytes))"
            add(index == 0 ? "types" : "", text)
        }
        add("tokenizer", tokenizerText)
        for token in vocabulary?.specialTokens ?? [] {
            add("", "\(token.role): \(token.id) \(Quantity.printable(token.text ?? "(not text)"))")
        }
        add("chat template", templateText)
        add("context", "\(Quantity.grouped(configuration.contextLength)) tokens trained for")
        add("memory", memoryText)
        for warning in warnings { add("note", Quantity.printable(warning)) }
        if listsTensors {
            lines.append("")
            lines += tensorLines
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var architectureText: String {
        let model = configuration
        let norm = model.norm == .layer ? "LayerNorm" : "RMSNorm"
        var text =
            "\(model.architecture.rawValue): \(model.layerCount) layer\(model.layerCount == 1 ? "" : "s") of \(model.embeddingLength), "
        text += "MLP \(model.feedForwardLength), \(norm)"
        if model.parallelResidual { text += ", parallel residual" }
        if model.tiedEmbeddings { text += ", tied embeddings" }
        return text
    }

    private var attentionText: String {
        let model = configuration
        var text = "\(model.headCount) heads of \(model.headDimension)"
        if model.keyValueHeadCount != model.headCount { text += ", \(model.keyValueHeadCount) for keys and values" }
        text += ", \(model.rotaryDimensions) rotated"
        if model.qkvBias { text += ", q/k/v bias" }
        if model.qkNorm { text += ", q/k norm" }
        if let window = model.slidingWindow { text += ", window \(Quantity.grouped(window))" }
        return text
    }

    private var templateText: String {
        guard let template else { return "none that can be used" }
        switch template.name {
        case "file": return "the file's own"
        case BuiltInTemplate.plain.rawValue: return "none"
        case let name: return "\(name) (built in)"
        }
    }

    private var tokenizerText: String {
        guard let vocabulary else { return "none that can be used" }
        let kind =
            switch vocabulary.kind {
            case .byteLevelBPE: "byte-level BPE, pre-tokenizer \(vocabulary.preTokenizer)"
            case .sentencePiece: "SentencePiece BPE"
            }
        let padding = configuration.vocabularySize - vocabulary.size
        return "\(kind), \(Quantity.grouped(vocabulary.size)) tokens"
            + (padding > 0 ? " and \(padding) unused rows" : "")
    }

    private var memoryText: String {
        "at \(Quantity.grouped(memory.context)) tokens of context: \(Quantity.bytes(memory.weights)) weights + "
            + "\(Quantity.bytes(memory.cacheF16)) context = \(Quantity.bytes(memory.totalF16)) "
            + "(\(Quantity.bytes(memory.totalInt8)) with --kv int8, \(Quantity.bytes(memory.totalF32)) with --kv f32)"
    }

    private var tensorLines: [String] {
        let width = tensors.reduce(0) { max($0, $1.name.count) }
        let typeWidth = tensors.reduce(0) { max($0, $1.type.count) }
        return tensors.map { tensor in
            let name = tensor.name + String(repeating: " ", count: width - tensor.name.count)
            let type = tensor.type + String(repeating: " ", count: typeWidth - tensor.type.count)
            let shape = tensor.rows == 1 ? "\(tensor.columns)" : "\(tensor.rows) x \(tensor.columns)"
            return "  \(name)  \(type)  \(shape)  \(Quantity.bytes(tensor.bytes))"
        }
    }
}
