import Kite

extension ModelReport {
    /// What `LoadOptions` takes when nothing is asked for, unless the model was trained for less.
    static let defaultContext = 4096

    static func files(of checkpoint: Checkpoint) -> (container: String, count: Int, bytes: Int) {
        switch checkpoint.source {
        case .gguf(let file): ("GGUF v\(file.version)", max(file.paths.count, 1), file.byteCount)
        case .huggingFace(let folder):
            (
                "safetensors", folder.weights.files.count,
                folder.weights.files.reduce(0) { $0 + ($1.tensors.first?.data.store.count ?? 0) }
            )
        }
    }

    static func types(of tensors: [Tensor]) -> [TypeShare] {
        Dictionary(grouping: tensors, by: \.type).map { type, tensors in
            TypeShare(
                type: type, tensors: tensors.count,
                parameters: tensors.reduce(0) { $0 + $1.rows * $1.columns },
                bytes: tensors.reduce(0) { $0 + $1.bytes })
        }.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
    }

    /// Vocabulary and chat format, each nil with a warning when it cannot be used.
    static func text(_ checkpoint: Checkpoint, _ warnings: inout [String]) -> (Vocabulary?, Template?) {
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer.load(checkpoint, preTokenizerOverride: nil)
        } catch {
            warnings.append("the tokenizer cannot be used: \(error)")
            return (nil, nil)
        }
        warnings += tokenizer.warnings
        let vocabulary = Vocabulary(
            kind: tokenizer.kind, preTokenizer: tokenizer.preTokenizerName, size: tokenizer.vocabularySize,
            specialTokens: specialTokens(of: tokenizer))
        do {
            let resolved = try ResolvedTemplate(checkpoint, tokenizer: tokenizer, override: nil)
            warnings += resolved.warnings
            return (vocabulary, Template(name: resolved.name, source: resolved.template.source))
        } catch {
            warnings.append("the chat template cannot be used: \(error)")
            return (vocabulary, nil)
        }
    }

    private static func specialTokens(of tokenizer: Tokenizer) -> [SpecialToken] {
        let named: [(String, TokenID?)] = [
            ("bos", tokenizer.bosToken), ("eos", tokenizer.eosToken), ("unknown", tokenizer.unknownToken),
            ("padding", tokenizer.paddingToken),
        ]
        let ends = tokenizer.endOfGeneration.sorted().map { ("end of generation", $0 as TokenID?) }
        return (named + ends).compactMap { role, id in
            id.map { SpecialToken(role: role, id: $0, text: tokenizer.piece(of: $0)) }
        }
    }

    static func memory(_ checkpoint: Checkpoint, context: Int) -> Memory {
        let configuration = checkpoint.configuration
        func cache(_ type: KVCacheType) -> Int {
            guard
                let layout = KVLayout(
                    type: type, layers: configuration.layerCount, kvHeads: configuration.keyValueHeadCount,
                    headSize: configuration.headDimension)
            else { return 0 }
            let (bytes, overflow) = layout.pages(for: context).multipliedReportingOverflow(by: layout.pageBytes)
            return overflow ? Int.max / 4 : min(bytes, Int.max / 4)
        }
        return Memory(
            context: context, weights: checkpoint.tensorByteCount, cacheF16: cache(.f16), cacheF32: cache(.f32),
            cacheInt8: cache(.int8))
    }
}
