/// The fused operations that a forward pass is written in, computed on the CPU.
///
/// The list is short on purpose: another device implements the same one. A pass runs `begin`, `embed`, then per block
/// `project` (inputs of attention), `attend`, `addProjection`, `project` (inputs of the MLP), `addGated`, and at the end
/// `logits` and `end`. The residual stream and all intermediate rows live in here, `[token][width]`, and are reused from
/// pass to pass. A block of a single token takes five parallel regions. For one thread at a time.
package final class CPUBackend: @unchecked Sendable {
    let shape: Shape
    private let pool: ThreadPool
    private let scratch: ProductScratch
    private let lowRank: LowRankReduction
    private let rotary: RotaryAngles
    private let attention: Attention
    /// The inputs of products, in the formats that the weights they meet call for.
    private let residualPanel: ActivationPanel
    private let attentionPanel: ActivationPanel
    private let gatedPanel: ActivationPanel
    private let residual: FloatBuffer
    private let normed: FloatBuffer
    private let query: FloatBuffer
    private let key: FloatBuffer
    private let value: FloatBuffer
    private let attended: FloatBuffer
    private let gated: FloatBuffer
    private let scores: FloatBuffer
    private var tokens = 0

    /// Logits computed at once when all are wanted: a vocabulary's row is long.
    private static let logitRows = 16

    /// - Parameters:
    ///   - shape: Widths of the model and the most tokens of a pass.
    ///   - inputs: Types of the matrices that each kind of row is multiplied with.
    ///   - layout: Shape of the key/value caches.
    ///   - table: Rotary frequencies.
    ///   - window: How many positions back a token attends to; nil for all.
    ///   - threads: Threads that compute.
    ///   - activations: What quantized weights are multiplied with.
    /// - Returns: nil when the heads do not divide.
    /// - Throws: ``AllocationError``.
    package init?(
        _ shape: Shape, inputs: InputTypes, layout: KVLayout, rotary table: RotaryTable, window: Int?, threads: Int,
        activations: ActivationPrecision
    ) throws(AllocationError) {
        let attentionShape = Attention.Shape(
            queryHeads: shape.queryHeads, scale: 1 / Float(shape.headSize).squareRoot(), window: window)
        pool = ThreadPool(threads: threads)
        guard let attention = try Attention(attentionShape, layout: layout, threads: pool.threads) else { return nil }
        self.shape = shape
        self.attention = attention
        func panel(_ width: Int, _ types: Set<TensorType>) throws(AllocationError) -> ActivationPanel {
            try ActivationPanel(width: width, capacity: shape.tokens, types: types, precision: activations)
        }
        residualPanel = try panel(shape.embedding, inputs.residual)
        attentionPanel = try panel(shape.query, inputs.attention)
        gatedPanel = try panel(shape.feedForward, inputs.gated)
        scratch = try ProductScratch(
            width: max(shape.embedding, shape.query, shape.feedForward), columns: shape.tokens, threads: pool.threads)
        lowRank = try LowRankReduction(scratch: scratch, pool: pool)
        rotary = try RotaryAngles(capacity: shape.tokens, table: table)
        func rows(_ width: Int) throws(AllocationError) -> FloatBuffer {
            try FloatBuffer(count: shape.tokens * width)
        }
        residual = try rows(shape.embedding)
        normed = try rows(shape.embedding)
        query = try rows(shape.query)
        key = try rows(shape.keyValue)
        value = try rows(shape.keyValue)
        attended = try rows(shape.query)
        gated = try rows(shape.feedForward)
        scores = try FloatBuffer(count: min(shape.tokens, Self.logitRows) * shape.vocabulary)
    }

    /// Starts a pass over consecutive tokens of each of `segments`, whose sequences have room for them. Their rows follow
    /// each other in the pass, a segment's first row after the last of the segment before.
    package func begin(_ segments: [Segment]) {
        tokens = segments.reduce(0) { $0 + $1.tokens }
        precondition(tokens <= shape.tokens, "more tokens than the backend was made for")
        var row = 0
        var parts: [Attention.Segment] = []
        for segment in segments {
            for token in 0..<segment.tokens { rotary.set(row: row + token, position: segment.position + token) }
            parts.append(
                .init(
                    sequence: segment.sequence, firstRow: row, firstPosition: segment.position, tokens: segment.tokens))
            row += segment.tokens
        }
        attention.begin(parts)
    }

    /// Makes room for what adapters add, before a pass whose linear layers have additions.
    /// - Parameter count: For the columns of every term of a region, the ranks added up.
    package func reserveAdditions(_ count: Int) throws(AllocationError) { try lowRank.reserve(count) }

    /// Parallel regions of all passes so far.
    package var parallelRegions: Int { pool.regionCount }

    /// Ends a pass and lets go of the sequences.
    package func end() { attention.end() }

    /// Sets the residual stream to the rows `ids` of `table`, which the caller has checked.
    package func embed(_ ids: [Int32], from table: Matrix) {
        pool.forEachChunk(of: ids.count, chunk: 16) { _, range in
            for row in range {
                table.dequantizeRow(Int(ids[row]), into: residual.pointer + row * shape.embedding)
            }
        }
    }

    /// Normalizes the residual stream and multiplies it by the matrices given, in one region: the inputs of attention,
    /// of the MLP, or of both (parallel residual).
    package func project(
        normalizedBy norm: Normalization, attention: AttentionInputs? = nil, mlp: GatedInputs? = nil
    ) {
        loadResidual(0..<tokens, normalizedBy: norm)
        let layers = (attention.map { [$0.query, $0.key, $0.value] } ?? []) + (mlp.map { [$0.gate, $0.up] } ?? [])
        let sums = sums(layers, of: normed, width: shape.embedding)
        var projections: [Projection] = []
        if let attention {
            projections = [
                Projection(attention.query, sums: sums[0], output: query),
                Projection(attention.key, sums: sums[1], output: key),
                Projection(attention.value, sums: sums[2], output: value),
            ]
        }
        let gatedProjection = mlp.map {
            GatedProjection(
                gate: $0.gate, up: $0.up, rows: gated, panel: gatedPanel, gateSums: sums[sums.count - 2],
                upSums: sums[sums.count - 1])
        }
        MatrixProduct.multiply(residualPanel, by: projections, gated: gatedProjection, scratch: scratch, pool: pool)
    }

    /// The first half of what adapters add to `layers`, for each of them; nothing is done without adapters.
    private func sums(
        _ layers: [Linear], of input: FloatBuffer, width: Int, rows: ArraySlice<Int>? = nil
    ) -> [[LowRankSum]] {
        guard layers.contains(where: { $0.addition != nil }) else { return layers.map { _ in [] } }
        return lowRank.reduce(layers.map(\.addition), of: input, width: width, rows: rows)
    }

    /// Norms (per head, where given) and rotates queries and keys, stores keys and values of `layer`, and attends.
    package func attend(layer: Int, queryNorm: Normalization?, keyNorm: Normalization?) {
        pool.forEachChunk(of: tokens, chunk: 4) { _, range in
            for row in range {
                let query = query.pointer + row * shape.query
                let key = key.pointer + row * shape.keyValue
                queryNorm?.normalizeRow(query, into: query)
                keyNorm?.normalizeRow(key, into: key)
                rotary.rotateRow(query, row: row, heads: shape.queryHeads, headSize: shape.headSize)
                rotary.rotateRow(key, row: row, heads: shape.kvHeads, headSize: shape.headSize)
            }
        }
        attention.store(layer: layer, keys: key, values: value, pool: pool)
        attention.attend(layer: layer, queries: query, output: attended, pool: pool)
    }

    /// Adds `layer` of what attention found to the residual stream.
    package func addProjection(_ layer: Linear) {
        attentionPanel.load(attended, columns: tokens, pool: pool)
        add(layer, of: attentionPanel, attended, width: shape.query)
    }

    /// Adds `layer` of silu(gate)·up to the residual stream.
    package func addGated(_ layer: Linear) { add(layer, of: gatedPanel, gated, width: shape.feedForward) }

    /// Replaces `output` by the logits after the tokens `rows` of the pass, `[row][vocabulary]`.
    package func logits(_ layer: Linear, norm: Normalization, rows: [Int], into output: inout [Float]) {
        output.removeAll(keepingCapacity: true)
        eachBatchOfLogits(layer, norm: norm, rows: rows) { _, count in
            output.append(contentsOf: UnsafeBufferPointer(start: scores.pointer, count: count * shape.vocabulary))
        }
    }

    /// Shows `visit` the logits after each of the tokens `rows` of the pass, in any order, from several threads at once.
    /// - Parameter visit: Takes an index of `rows` and the logits, which last as long as the call.
    package func logits(
        _ layer: Linear, norm: Normalization, rows: [Int], visit: (_ index: Int, _ logits: Span<Float>) -> Void
    ) {
        eachBatchOfLogits(layer, norm: norm, rows: rows) { first, count in
            pool.forEachChunk(of: count, chunk: 1) { _, range in
                for row in range {
                    visit(
                        first + row,
                        Span(_unsafeStart: scores.pointer + row * shape.vocabulary, count: shape.vocabulary))
                }
            }
        }
    }

    /// Shows `visit` the tokens `rows` of the pass as they leave the last block, normalized: one after another, on the
    /// calling thread.
    /// - Parameter visit: Takes an index of `rows` and as many numbers as the model is wide, which last as long as the call.
    package func hidden(
        norm: Normalization, rows: [Int], visit: (_ index: Int, _ hidden: Span<Float>) -> Void
    ) {
        pool.forEachChunk(of: rows.count, chunk: 4) { _, range in
            for row in rows[range] {
                let start = row * shape.embedding
                norm.normalizeRow(residual.pointer + start, into: normed.pointer + start)
            }
        }
        for (index, row) in rows.enumerated() {
            visit(index, Span(_unsafeStart: normed.pointer + row * shape.embedding, count: shape.embedding))
        }
    }

    /// Computes the logits of some rows after another; `body` finds those of `count` rows from index `first` in `scores`.
    private func eachBatchOfLogits(
        _ layer: Linear, norm: Normalization, rows: [Int], _ body: (_ first: Int, _ count: Int) -> Void
    ) {
        for first in stride(from: 0, to: rows.count, by: Self.logitRows) {
            let batch = rows[first..<min(first + Self.logitRows, rows.count)]
            loadResidual(batch, normalizedBy: norm)
            let sums = sums([layer], of: normed, width: shape.embedding, rows: batch)
            MatrixProduct.multiply(
                residualPanel, by: [Projection(layer, sums: sums[0], output: scores)], scratch: scratch, pool: pool)
            body(first, batch.count)
        }
    }

    /// Calls `body` with the rows that the last products of a kind were given, `[token][width]`, before any rounding to
    /// what weights are multiplied with.
    package func withInputs(_ input: ProductInput, _ body: (_ rows: Span<Float>, _ width: Int) -> Void) {
        let (buffer, width) =
            switch input {
            case .residual: (normed, shape.embedding)
            case .attention: (attended, shape.query)
            case .gated: (gated, shape.feedForward)
            }
        body(Span(_unsafeStart: buffer.pointer, count: tokens * width), width)
    }

    /// Brings rows of the residual stream, normalized, into their panel.
    private func loadResidual(_ rows: some Collection<Int>, normalizedBy norm: Normalization) {
        let rows = Array(rows)
        residualPanel.begin(columns: rows.count)
        pool.forEachChunk(of: rows.count, chunk: 4) { _, range in
            for column in range {
                let row = rows[column] * shape.embedding
                norm.normalizeRow(residual.pointer + row, into: normed.pointer + row)
                residualPanel.write(column: column, from: normed.pointer + row)
            }
        }
    }

    private func add(_ layer: Linear, of panel: ActivationPanel, _ input: FloatBuffer, width: Int) {
        let sums = sums([layer], of: input, width: width)
        MatrixProduct.multiply(
            panel, by: [Projection(layer, sums: sums[0], output: residual, effect: .add)], scratch: scratch,
            pool: pool)
    }
}
