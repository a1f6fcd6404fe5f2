// Attention(_ shape:, layout:, threads:) throws
// begin([Segment]); store(layer:keys:values:stride:pool:); attend(layer:queries:queryStride:output:outputStride:pool:);
// end()
internal import CKernels

/// Causal attention over key/value caches, for the tokens of one forward pass.
///
/// A pass is a list of segments: runs of consecutive tokens of one sequence each, a prompt chunk or a single new token.
/// The result of a token does not depend on the others of the pass, on the number of threads or on the CPU level.
package final class Attention: @unchecked Sendable {
    /// What the model asks for.
    package struct Shape: Sendable {
        /// Query heads per token, a multiple of the layout's kvHeads; head h uses kv head h / (queryHeads / kvHeads).
        package var queryHeads: Int
        /// Multiplies scores: 1 / sqrt(head size) as a rule.
        package var scale: Float
        /// A token sees the last `window` positions up to its own; nil = all.
        package var window: Int?

        package init(queryHeads: Int, scale: Float, window: Int? = nil) {
            self.queryHeads = queryHeads
            self.scale = scale
            self.window = window
        }
    }

    /// Consecutive tokens of one sequence.
    package struct Segment: Sendable {
        /// Has room for the tokens' positions (``KVSequence/reserve(upTo:)``).
        package var sequence: KVSequence
        /// Row of the first token in the buffers of the pass.
        package var firstRow: Int
        /// Position of the first token.
        package var firstPosition: Int
        /// How many.
        package var tokens: Int

        package init(sequence: KVSequence, firstRow: Int, firstPosition: Int, tokens: Int) {
            self.sequence = sequence
            self.firstRow = firstRow
            self.firstPosition = firstPosition
            self.tokens = tokens
        }
    }

    /// A piece of work: a run of a segment's tokens within which a loaded key or value is used again, for some heads.
    struct Item {
        var segment: Int
        var tokens: Range<Int>
        var heads: Range<Int>
        /// The part of the context to look at, where several pieces share it.
        var part: Part?
    }

    /// Some spans of a context that pieces of work share.
    struct Part {
        /// Spans of this piece.
        var spans: Range<Int>
        /// Spans of all pieces.
        var all: Range<Int>
        /// Where the results of the spans are, from the start of ``partials``.
        var offset: Int
    }

    package let shape: Shape
    package let layout: KVLayout
    let group: Int
    private let tokensPerItem: Int
    private let headsPerItem: Int
    let scratch: [FloatBuffer]
    private(set) var segments: [Segment] = []
    private(set) var pages: [[UnsafeRawPointer?]] = []
    private(set) var items: [Item] = []
    /// What adds up the results of spans after ``items``, and where those are.
    private(set) var merges: [Item] = []
    private(set) var partials: FloatBuffer?

    /// Rows (tokens times queries per kv head) of an item of a prompt.
    private static let promptRows = 64
    /// Items of fewer rows than this are bound by memory: they take several heads, whose keys and values follow each
    /// other in a page.
    private static let fewRows = 8
    private static let mostHeads = 8
    /// With fewer items per thread than this, contexts are cut into spans.
    private static let itemsPerThread = 2
    private static let spanTokens = Int(KITE_SPAN_TOKENS)

    /// - Returns: nil when the heads do not divide.
    /// - Throws: ``AllocationError`` when there is no memory for the threads' scratch.
    package init?(_ shape: Shape, layout: KVLayout, threads: Int) throws(AllocationError) {
        guard shape.queryHeads > 0, shape.queryHeads % layout.kvHeads == 0, shape.window ?? 1 > 0 else { return nil }
        self.shape = shape
        self.layout = layout
        group = shape.queryHeads / layout.kvHeads
        tokensPerItem = max(1, Self.promptRows / group)
        headsPerItem = min(max(layout.kvHeads / (2 * max(threads, 1)), 1), Self.mostHeads)
        let rows = max(tokensPerItem * group, headsPerItem * (Self.fewRows - 1))
        var scratch: [FloatBuffer] = []
        for _ in 0..<max(threads, 1) {
            scratch.append(try FloatBuffer(count: kite_attention_scratch(rows, layout.headSize)))
        }
        self.scratch = scratch
    }

    /// Starts a pass. The segments' pages are held until ``end()``.
    package func begin(_ segments: [Segment]) {
        end()
        self.segments = segments
        pages = segments.map { $0.sequence.pages.map { UnsafeRawPointer($0.pointer) } }
        for (index, segment) in segments.enumerated() {
            precondition(
                layout.pages(for: segment.firstPosition + segment.tokens) <= pages[index].count,
                "segment beyond its sequence's reserved positions")
            precondition(segment.sequence.layout == layout, "a sequence of another model")
            for first in stride(from: 0, to: segment.tokens, by: tokensPerItem) {
                let tokens = first..<min(first + tokensPerItem, segment.tokens)
                let step = tokens.count * group < Self.fewRows ? headsPerItem : 1
                for head in stride(from: 0, to: layout.kvHeads, by: step) {
                    items.append(
                        Item(segment: index, tokens: tokens, heads: head..<min(head + step, layout.kvHeads)))
                }
            }
        }
        if scratch.count > 1, items.count < Self.itemsPerThread * scratch.count { splitContexts() }
        // Late tokens see most keys: they go first, so that no long piece of work is left for the end.
        items.reverse()
    }

    /// Cuts the items at the spans of their contexts. The results are the same, to the bit.
    private func splitContexts() {
        var parts: [Item] = []
        var whole: [Item] = []
        var floats = 0
        for item in items {
            let segment = segments[item.segment]
            let first = segment.firstPosition + item.tokens.lowerBound
            let lowest = shape.window.map { max(first + 1 - $0, 0) } ?? 0
            let last = segment.firstPosition + item.tokens.upperBound - 1
            let spans = lowest / Self.spanTokens..<last / Self.spanTokens + 1
            guard spans.count > 1 else {
                parts.append(item)
                continue
            }
            var merge = item
            merge.part = Part(spans: spans, all: spans, offset: floats)
            whole.append(merge)
            for span in spans {
                merge.part?.spans = span..<span + 1
                parts.append(merge)
            }
            floats += item.tokens.count * item.heads.count * group * spans.count * kite_partial_floats(layout.headSize)
        }
        guard !whole.isEmpty else { return }
        if partials.map({ $0.count < floats }) ?? true {
            // Without memory for it the context stays in one piece.
            guard let buffer = try? FloatBuffer(count: floats) else { return }
            partials = buffer
        }
        items = parts
        merges = whole
    }

    /// Ends a pass: lets go of the sequences, which would otherwise copy their pages at the next write.
    package func end() {
        segments.removeAll()
        pages.removeAll()
        items.removeAll(keepingCapacity: true)
        merges.removeAll(keepingCapacity: true)
    }

    /// Attention of every token of the pass in `layer`. Rows of `queries` and `output`, two different buffers, are
    /// [query head][head size], `queryStride` and `outputStride` apart (nil: adjacent). Needs the pass's keys stored.
    package func attend(
        layer: Int, queries: FloatBuffer, queryStride: Int? = nil, output: FloatBuffer, outputStride: Int? = nil,
        pool: ThreadPool
    ) {
        let width = shape.queryHeads * layout.headSize
        let queryStride = queryStride ?? width
        let outputStride = outputStride ?? width
        precondition(pool.threads <= scratch.count, "fewer threads' scratch than threads")
        check(queries, stride: queryStride, width: width)
        check(output, stride: outputStride, width: width)
        for (work, function) in [(items, kite_attend), (merges, kite_merge_spans)] {
            pool.forEachChunk(of: work.count, chunk: 1) { thread, range in
                for index in range {
                    call(
                        function, work[index], layer: layer, thread: thread, queries: queries.pointer,
                        queryStride: queryStride, output: output.pointer, outputStride: outputStride)
                }
            }
        }
    }

    /// One piece of ``attend(layer:queries:queryStride:output:outputStride:pool:)`` on the calling thread.
    private func call(
        _ function: (UnsafePointer<kite_attention>?, UnsafeMutablePointer<Float>?) -> Void, _ item: Item, layer: Int,
        thread: Int, queries: UnsafePointer<Float>, queryStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int
    ) {
        let segment = segments[item.segment]
        let row = segment.firstRow + item.tokens.lowerBound
        let head = item.heads.lowerBound
        let column = head * group * layout.headSize
        pages[item.segment].withUnsafeBufferPointer { pages in
            var call = kite_attention()
            call.pages = pages.baseAddress
            call.key_offset = layout.keyOffset(layer: layer, head: head)
            call.value_offset = layout.valueOffset(layer: layer, head: head)
            call.head_stride = layout.headStride
            call.type = layout.type.kernelType
            call.heads = item.heads.count
            call.dim = layout.headSize
            call.group = group
            call.queries = queries + row * queryStride + column
            call.output = output + row * outputStride + column
            call.query_stride = queryStride
            call.output_stride = outputStride
            call.tokens = item.tokens.count
            call.first_position = segment.firstPosition + item.tokens.lowerBound
            call.window = shape.window ?? 0
            call.scale = shape.scale
            if let part = item.part, let partials {
                call.partials = partials.pointer + part.offset
                call.first_span = part.spans.lowerBound
                call.end_span = part.spans.upperBound
                call.partial_first = part.all.lowerBound
                call.partial_spans = part.all.count
            }
            function(&call, scratch[thread].pointer)
        }
    }

    func check(_ buffer: FloatBuffer, stride: Int, width: Int) {
        for segment in segments where segment.tokens > 0 {
            let last = segment.firstRow + segment.tokens - 1
            precondition(segment.firstRow >= 0 && last * stride + width <= buffer.count, "rows beyond the buffer")
        }
    }
}
