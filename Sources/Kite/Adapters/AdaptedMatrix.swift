/// The matrices that adapters can change: those that hidden states are multiplied with.
enum AdaptedMatrix: CaseIterable, Sendable {
    case query
    case key
    case value
    case attentionOutput
    case gate
    case up
    case down
    /// The matrix of the logits, which belongs to no block.
    case output

    /// Name of its tensor in block `layer`.
    func tensor(of layer: Int) -> String {
        switch self {
        case .query: "blk.\(layer).attn_q.weight"
        case .key: "blk.\(layer).attn_k.weight"
        case .value: "blk.\(layer).attn_v.weight"
        case .attentionOutput: "blk.\(layer).attn_output.weight"
        case .gate: "blk.\(layer).ffn_gate.weight"
        case .up: "blk.\(layer).ffn_up.weight"
        case .down: "blk.\(layer).ffn_down.weight"
        case .output: "output.weight"
        }
    }
}

/// Consecutive tokens of a pass that are read with one set of adapters.
struct AdaptedTokens: Sendable {
    let set: AdapterSet
    /// Rows of the pass.
    var rows: Range<Int>
}

extension [AdaptedTokens] {
    /// What is added to the results of a matrix of block `layer`; nil for nothing.
    func addition(to matrix: AdaptedMatrix, of layer: Int) -> LowRankAddition? {
        LowRankAddition(map { .init(columns: $0.rows, terms: $0.set.terms(matrix, of: layer)) })
    }
}
