extension CPUBackend {
    /// Widths of the model and the most tokens of a pass.
    package struct Shape: Sendable {
        package var tokens: Int
        package var embedding: Int
        package var feedForward: Int
        package var vocabulary: Int
        package var queryHeads: Int
        package var kvHeads: Int
        package var headSize: Int

        package init(
            tokens: Int, embedding: Int, feedForward: Int, vocabulary: Int, queryHeads: Int, kvHeads: Int,
            headSize: Int
        ) {
            self.tokens = tokens
            self.embedding = embedding
            self.feedForward = feedForward
            self.vocabulary = vocabulary
            self.queryHeads = queryHeads
            self.kvHeads = kvHeads
            self.headSize = headSize
        }

        var query: Int { queryHeads * headSize }
        var keyValue: Int { kvHeads * headSize }
    }

    /// Types of the matrices that each kind of row is multiplied with.
    package struct InputTypes: Sendable {
        /// Rows of the residual stream, normalized.
        package var residual: Set<TensorType> = []
        /// Rows that attention found.
        package var attention: Set<TensorType> = []
        /// Rows of silu(gate)·up.
        package var gated: Set<TensorType> = []

        package init() {}
    }

    /// The inputs of attention.
    package struct AttentionInputs: Sendable {
        let query: Linear
        let key: Linear
        let value: Linear

        package init(query: Linear, key: Linear, value: Linear) {
            self.query = query
            self.key = key
            self.value = value
        }
    }

    /// The inputs of the MLP's last matrix, silu(gate)·up.
    package struct GatedInputs: Sendable {
        let gate: Linear
        let up: Linear

        package init(gate: Linear, up: Linear) {
            self.gate = gate
            self.up = up
        }
    }

    /// Consecutive tokens of one sequence.
    package struct Segment: Sendable {
        let sequence: KVSequence
        let position: Int
        let tokens: Int

        /// `tokens` tokens from `position` on.
        package init(sequence: KVSequence, position: Int, tokens: Int) {
            self.sequence = sequence
            self.position = position
            self.tokens = tokens
        }
    }

    /// The inputs of products.
    package enum ProductInput: Sendable {
        /// Rows of the residual stream, normalized.
        case residual
        /// Rows that attention found.
        case attention
        /// Rows of silu(gate)·up.
        case gated
    }
}
