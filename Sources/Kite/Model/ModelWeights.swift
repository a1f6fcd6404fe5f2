/// The weights of a model, by their place in the forward pass. Matrices stay where their file has them.
struct ModelWeights: Sendable {
    /// One block of the network.
    struct Layer: Sendable {
        let attentionNorm: Normalization
        var query: Linear
        var key: Linear
        var value: Linear
        /// Per-head norm of the queries; StableLM 2 12B has it.
        let queryNorm: Normalization?
        /// Per-head norm of the keys.
        let keyNorm: Normalization?
        var attentionOutput: Linear
        /// Norm of the MLP's input; nil when the MLP reads what attention reads (parallel residual).
        let mlpNorm: Normalization?
        var gate: Linear
        var up: Linear
        var down: Linear

        /// The same with what adapters add in a pass to each of its matrices.
        func adding(_ addition: (AdaptedMatrix) -> LowRankAddition?) -> Layer {
            var layer = self
            layer.query.addition = addition(.query)
            layer.key.addition = addition(.key)
            layer.value.addition = addition(.value)
            layer.attentionOutput.addition = addition(.attentionOutput)
            layer.gate.addition = addition(.gate)
            layer.up.addition = addition(.up)
            layer.down.addition = addition(.down)
            return layer
        }
    }

    let embedding: Matrix
    let layers: [Layer]
    let outputNorm: Normalization
    let output: Linear
    /// Divisors of the rotary frequencies, where the file brings its own.
    let ropeFactors: [Float]?
    /// Bytes of all tensors, a tied output counted once.
    let byteCount: Int

    init(_ checkpoint: Checkpoint) throws {
        let loader = Loader(checkpoint)
        let configuration = checkpoint.configuration
        embedding = try loader.matrix("token_embd.weight")
        layers = try (0..<configuration.layerCount).map { index in
            let block = "blk.\(index)"
            return Layer(
                attentionNorm: try loader.norm("\(block).attn_norm"), query: try loader.linear("\(block).attn_q"),
                key: try loader.linear("\(block).attn_k"), value: try loader.linear("\(block).attn_v"),
                queryNorm: try loader.headNorm("\(block).attn_q_norm", heads: configuration.headCount),
                keyNorm: try loader.headNorm("\(block).attn_k_norm", heads: configuration.keyValueHeadCount),
                attentionOutput: try loader.linear("\(block).attn_output"),
                mlpNorm: configuration.parallelResidual ? nil : try loader.norm("\(block).ffn_norm"),
                gate: try loader.linear("\(block).ffn_gate"), up: try loader.linear("\(block).ffn_up"),
                down: try loader.linear("\(block).ffn_down"))
        }
        outputNorm = try loader.norm("output_norm")
        output = try configuration.tiedEmbeddings ? loader.linear("token_embd") : loader.linear("output")
        ropeFactors = try configuration.hasRopeFactors ? loader.floats("rope_freqs.weight") : nil
        byteCount = loader.byteCount
    }

    /// Types of the matrices that each kind of row is multiplied with.
    var inputTypes: CPUBackend.InputTypes {
        var types = CPUBackend.InputTypes()
        types.residual = [output.matrix.type]
        for layer in layers {
            for linear in [layer.query, layer.key, layer.value, layer.gate, layer.up] {
                types.residual.insert(linear.matrix.type)
            }
            types.attention.insert(layer.attentionOutput.matrix.type)
            types.gated.insert(layer.down.matrix.type)
        }
        return types
    }

    /// Fetches tensors and counts their bytes.
    private final class Loader {
        private let checkpoint: Checkpoint
        private var seen: Set<String> = []
        private(set) var byteCount = 0

        init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

        func matrix(_ name: String) throws -> Matrix {
            let matrix = try checkpoint.tensor(name)
            if seen.insert(name).inserted { byteCount += matrix.data.count }
            return matrix
        }

        func buffer(_ name: String) throws -> FloatBuffer { try FloatBuffer(dequantizing: matrix(name)) }

        func floats(_ name: String) throws -> [Float] { try matrix(name).dequantizedRow(0) }

        func linear(_ name: String) throws -> Linear {
            let matrix = try matrix("\(name).weight")
            let bias = checkpoint.hasTensor("\(name).bias") ? try buffer("\(name).bias") : nil
            return try Linear(matrix, bias: bias).orThrow(name)
        }

        func norm(_ name: String) throws -> Normalization {
            let bias = checkpoint.hasTensor("\(name).bias") ? try buffer("\(name).bias") : nil
            let configuration = checkpoint.configuration
            return try Normalization(
                configuration.norm == .layer ? .layer : .rms, epsilon: configuration.normEpsilon,
                weight: buffer("\(name).weight"), bias: bias
            ).orThrow(name)
        }

        func headNorm(_ name: String, heads: Int) throws -> Normalization? {
            guard checkpoint.configuration.qkNorm else { return nil }
            return try Normalization(
                .layer, epsilon: checkpoint.configuration.normEpsilon, weight: buffer("\(name).weight"), groups: heads
            ).orThrow(name)
        }
    }
}

extension Optional {
    /// The value; an error that names the tensor when it does not fit the others.
    fileprivate func orThrow(_ name: String) throws -> Wrapped {
        guard let self else { throw ConfigurationError.unsupported("the shape of tensor \(name)") }
        return self
    }
}
