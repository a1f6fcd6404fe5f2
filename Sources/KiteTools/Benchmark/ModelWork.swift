public import Kite

/// What a forward pass has to read and to compute, whatever the program: the bound that a speed is compared with.
///
/// A pass reads every weight once, and the keys and values that its tokens see. It multiplies each token with every
/// weight of the blocks, the output matrix with those tokens only whose logits are wanted, and does attention: for every
/// token and key two products per number of each query head (scores, then values).
public struct ModelWork: Sendable {
    /// Instructions that a product is computed with.
    private enum Arithmetic: Hashable {
        case int8, bf16, f32
    }

    /// A pass over the weights.
    struct Pass: Equatable {
        /// Positions of each sequence's first token in the pass.
        var positions: [Int]
        /// Tokens of each sequence.
        var tokens: Int
        /// Whether the logits of each sequence's last token are wanted.
        var wantsLogits: Bool
    }

    private struct Part {
        var bytes = 0
        var weights: [Arithmetic: Int] = [:]
    }

    private var blocks = Part()
    private var output = Part()
    private let contextBytesPerToken: Int
    private let attentionPerKey: Int
    private let attention: Arithmetic
    private let window: Int?

    /// - Parameters:
    ///   - checkpoint: Shapes and types of the weights.
    ///   - layout: How keys and values are stored.
    ///   - activations: What quantized weights are multiplied with.
    public init(_ checkpoint: Checkpoint, layout: KVLayout, activations: ActivationPrecision) throws {
        let configuration = checkpoint.configuration
        let outputName = configuration.tiedEmbeddings ? "token_embd.weight" : "output.weight"
        for name in checkpoint.tensorNames {
            let matrix = try checkpoint.shape(of: name)
            let bytes = (matrix.type.byteCount(of: matrix.columns) ?? 0) * matrix.rows
            if name == outputName {
                output.bytes += bytes
                output.weights[Self.arithmetic(matrix.type, activations), default: 0] += matrix.rows * matrix.columns
            } else if name != "token_embd.weight" {
                blocks.bytes += bytes
                guard matrix.rows > 1, !name.hasSuffix("_norm.weight") else { continue }
                blocks.weights[Self.arithmetic(matrix.type, activations), default: 0] += matrix.rows * matrix.columns
            }
        }
        contextBytesPerToken = layout.bytesPerToken
        attentionPerKey = 4 * configuration.headCount * configuration.headDimension * configuration.layerCount
        // Halves are widened: eleven bits do not fit bf16.
        attention = layout.type == .int8 ? .int8 : .f32
        window = configuration.slidingWindow
    }

    /// Tokens per second of `test` at which memory or arithmetic would be the limit in every pass.
    /// - Parameter promptChunk: Most tokens of a pass.
    public func ceiling(of test: SpeedBenchmark.Test, promptChunk: Int, _ ceilings: MachineCeilings) -> Double {
        let seconds = Self.passes(of: test, promptChunk: promptChunk).reduce(0) { $0 + self.seconds($1, ceilings) }
        return seconds > 0 ? Double(test.tokenCount) / seconds : 0
    }

    /// Bytes that making one token reads, with `context` tokens before it.
    public func bytesPerToken(context: Int) -> Int {
        blocks.bytes + output.bytes + min(context, window ?? .max) * contextBytesPerToken
    }

    /// The passes that a test consists of.
    static func passes(of test: SpeedBenchmark.Test, promptChunk: Int) -> [Pass] {
        var passes: [Pass] = []
        for _ in 0..<(test.prompt > 0 ? test.sequences : 0) {
            for start in stride(from: 0, to: test.prompt, by: max(promptChunk, 1)) {
                let count = min(promptChunk, test.prompt - start)
                passes.append(
                    Pass(
                        positions: [test.depth + start], tokens: count, wantsLogits: start + count == test.prompt))
            }
        }
        for step in 0..<test.generated {
            let position = test.depth + test.prompt + step
            passes.append(
                Pass(positions: .init(repeating: position, count: test.sequences), tokens: 1, wantsLogits: true))
        }
        return passes
    }

    /// Seconds that a pass takes at least.
    func seconds(_ pass: Pass, _ ceilings: MachineCeilings) -> Double {
        var bytes = Double(blocks.bytes + (pass.wantsLogits ? output.bytes : 0))
        var keys = 0
        for position in pass.positions {
            bytes += Double(min(position, window ?? .max) * contextBytesPerToken)
            for token in position..<position + pass.tokens { keys += min(token + 1, window ?? .max) }
        }
        let tokens = Double(pass.positions.count * pass.tokens)
        var compute = Double(keys) * Double(attentionPerKey) / Self.rate(attention, ceilings)
        for (arithmetic, count) in blocks.weights {
            compute += 2 * Double(count) * tokens / Self.rate(arithmetic, ceilings)
        }
        for (arithmetic, count) in output.weights where pass.wantsLogits {
            compute += 2 * Double(count) * Double(pass.positions.count) / Self.rate(arithmetic, ceilings)
        }
        return max(bytes / max(ceilings.readBandwidth, 1), compute)
    }

    /// 8-bit weights and activations multiply as integers, bf16 weights as bf16; all others need f32 to be exact.
    private static func arithmetic(_ type: TensorType, _ activations: ActivationPrecision) -> Arithmetic {
        switch type {
        case .bf16: activations == .int8 ? .bf16 : .f32
        case .f16, .f32: .f32
        default: activations == .int8 ? .int8 : .f32
        }
    }

    /// Operations per second; a CPU without bf16 instructions does them in f32.
    private static func rate(_ arithmetic: Arithmetic, _ ceilings: MachineCeilings) -> Double {
        let rate =
            switch arithmetic {
            case .int8: ceilings.int8Operations
            case .bf16: ceilings.bf16Operations ?? ceilings.f32Operations
            case .f32: ceilings.f32Operations
            }
        return max(rate, 1)
    }
}
