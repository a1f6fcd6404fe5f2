internal import CKernels

extension Attention {
    /// Stores the pass's keys (normed and rotated) and values in `layer`'s pages. Rows are [kv head][head size],
    /// `stride` apart (nil: adjacent).
    package func store(
        layer: Int, keys: FloatBuffer, values: FloatBuffer, stride: Int? = nil, pool: ThreadPool
    ) {
        let width = layout.kvHeads * layout.headSize
        let stride = stride ?? width
        check(keys, stride: stride, width: width)
        check(values, stride: stride, width: width)
        let tokens = segments.reduce(0) { $0 + $1.tokens }
        // A piece is some heads of all tokens: a single token is stored by one thread, a prompt by all.
        let heads = max(1, 8192 / max(layout.headSize * tokens, 1))
        pool.forEachChunk(of: layout.kvHeads, chunk: heads) { _, range in
            for index in segments.indices {
                store(
                    segment: index, heads: range, layer: layer, keys: keys.pointer, values: values.pointer,
                    stride: stride)
            }
        }
    }

    /// Stores some heads of one segment's tokens on the calling thread.
    func store(
        segment index: Int, heads: Range<Int>, layer: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        stride: Int
    ) {
        let segment = segments[index]
        var position = segment.firstPosition
        let end = position + segment.tokens
        while position < end {
            let slot = position % KVLayout.pageTokens
            let tokens = min(KVLayout.pageTokens - slot, end - position)
            let page = segment.sequence.pages[position / KVLayout.pageTokens].pointer
            let row = segment.firstRow + position - segment.firstPosition
            for head in heads {
                let source = row * stride + head * layout.headSize
                kite_cache_store(
                    layout.type.kernelType, keys + source, values + source, stride, tokens, layout.headSize, slot,
                    page + layout.keyOffset(layer: layer, head: head),
                    page + layout.valueOffset(layer: layer, head: head))
            }
            position += tokens
        }
    }
}
