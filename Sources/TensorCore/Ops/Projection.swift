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

    /// `stride` is the number of rows unless given.
    package init(
        _ matrix: Matrix, bias: FloatBuffer? = nil, output: FloatBuffer, offset: Int = 0, stride: Int? = nil,
        effect: Effect = .store
    ) {
        self.matrix = matrix
        self.bias = bias
        self.output = output
        self.offset = offset
        self.stride = stride ?? matrix.rows
        self.effect = effect
    }

    /// A layer's, with columns next to each other.
    package init(_ layer: Linear, output: FloatBuffer, effect: Effect = .store) {
        self.init(layer.matrix, bias: layer.bias, output: output, effect: effect)
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

    /// The matrices must have as many rows as `panel` is wide.
    package init(gate: Linear, up: Linear, rows: FloatBuffer, panel: ActivationPanel) {
        self.gate = gate
        self.up = up
        self.rows = rows
        self.panel = panel
    }
}
