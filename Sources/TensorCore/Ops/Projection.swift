/// One matrix that an input meets: output[c][r] = Σ_k matrix[r][k] · input[c][k] + bias[r].
package struct Projection: Sendable {
    /// What becomes of what the output held before.
    package enum Effect: Sendable {
        /// It is replaced.
        case store
        /// The result is added to it: the residual stream.
        case add
    }

    /// The weights.
    package let matrix: Matrix
    /// One number per row of the matrix.
    package let bias: FloatBuffer?
    /// Column c of the result starts at number `offset + c * stride`.
    package let output: FloatBuffer
    /// Where the result starts in `output`.
    package let offset: Int
    /// Numbers from one column of the result to the next.
    package let stride: Int
    /// Whether the result replaces the output or is added.
    package let effect: Effect
    /// What adapters add to the result.
    let sums: [LowRankSum]

    /// `stride` is the number of rows unless given.
    package init(
        _ matrix: Matrix, bias: FloatBuffer? = nil, output: FloatBuffer, offset: Int = 0, stride: Int? = nil,
        effect: Effect = .store
    ) {
        self.init(matrix, bias: bias, sums: [], output: output, offset: offset, stride: stride, effect: effect)
    }

    private init(
        _ matrix: Matrix, bias: FloatBuffer?, sums: [LowRankSum], output: FloatBuffer, offset: Int, stride: Int?,
        effect: Effect
    ) {
        self.matrix = matrix
        self.bias = bias
        self.output = output
        self.offset = offset
        self.stride = stride ?? matrix.rows
        self.effect = effect
        self.sums = sums
    }

    /// A layer's, with columns next to each other.
    package init(_ layer: Linear, output: FloatBuffer, effect: Effect = .store) {
        self.init(layer, sums: [], output: output, effect: effect)
    }

    /// The same with what is left of the layer's addition.
    init(_ layer: Linear, sums: [LowRankSum], output: FloatBuffer, effect: Effect = .store) {
        self.init(
            layer.matrix, bias: layer.bias, sums: sums, output: output, offset: 0, stride: nil, effect: effect)
    }
}

/// Two matrices of one shape that an input meets: silu(gate) · up, ready to be the input of the next product (SwiGLU,
/// arXiv:2002.05202).
package struct GatedProjection: Sendable {
    package let gate: Linear
    package let up: Linear
    /// The result, `[column][row]`.
    package let rows: FloatBuffer
    /// Takes the result as its input, as soon as enough of it is there.
    package let panel: ActivationPanel
    /// What adapters add to the gate's result and to up's.
    let gateSums: [LowRankSum]
    let upSums: [LowRankSum]

    /// The matrices must have as many rows as `panel` is wide.
    package init(gate: Linear, up: Linear, rows: FloatBuffer, panel: ActivationPanel) {
        self.init(gate: gate, up: up, rows: rows, panel: panel, gateSums: [], upSums: [])
    }

    init(
        gate: Linear, up: Linear, rows: FloatBuffer, panel: ActivationPanel, gateSums: [LowRankSum],
        upSums: [LowRankSum]
    ) {
        self.gate = gate
        self.up = up
        self.rows = rows
        self.panel = panel
        self.gateSums = gateSums
        self.upSums = upSums
    }
}
