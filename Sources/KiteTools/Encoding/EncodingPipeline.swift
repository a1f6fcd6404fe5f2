import ModelFiles

/// Encodes the tensors of a file being written on several threads, ahead of the writer and in its order.
///
///     let pipeline = EncodingPipeline(threads: 2)
///     for encoder in encoders {
///         let place = pipeline.append(encoder)
///         try writer.add(name, type: encoder.target, dimensions: sizes) { try pipeline.deliver(place, to: $0) }
///     }
///     try writer.write(to: path)
///
/// Tensors are cut into pieces of whole rows; the threads take them in order, across tensors, and stop some pieces ahead
/// of the writer. So memory does not depend on the model: a few megabytes for each thread.
/// What is written does not depend on the number of threads, nor does the error reported: the first in the file.
final class EncodingPipeline {
    /// Numbers in a piece, unless a row has more.
    static let pieceSize = 1 << 17

    private let threads: Int
    private var encoders: [TensorEncoder] = []
    private var run: EncodingRun?
    private var next = 0

    /// - Parameter threads: Threads that encode. The one that writes is not counted; it mostly waits.
    init(threads: Int) { self.threads = max(threads, 1) }

    deinit { run?.stop() }

    /// Adds a tensor, the next in the order of the file.
    /// - Returns: Its number, for ``deliver(_:to:)``.
    func append(_ encoder: TensorEncoder) -> Int {
        encoders.append(encoder)
        return encoders.count - 1
    }

    /// Writes tensor `index` to `sink`.
    func deliver(_ index: Int, to sink: GGUFTensorSink) throws {
        try deliver(index) { bytes in try sink.write(bytes) }
    }

    /// Hands the bytes of tensor `index` to `output`, in order. Asking for tensors in their order is fast; any other works.
    /// - Throws: ``ConversionError`` for a weight that cannot be stored, and what sources and `output` throw.
    func deliver(_ index: Int, _ output: (RawSpan) throws -> Void) throws {
        if run == nil || next != index {
            run?.stop()
            let fresh = EncodingRun(encoders, from: index, threads: threads)
            guard fresh.start(threads: threads) else { throw ConversionError.noThreads }
            run = fresh
        }
        guard let run else { return }
        do {
            try run.deliver(index, output)
        } catch {
            run.stop()
            self.run = nil
            throw error
        }
        next = index + 1
        if next == encoders.count { self.run = nil }
    }
}
