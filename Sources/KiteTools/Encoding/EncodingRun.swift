import Synchronization
import TensorCore

/// One pass of an ``EncodingPipeline`` over tensors: their pieces, and the threads that encode them.
final class EncodingRun: Sendable {
    private struct Piece {
        let tensor: Int
        let rows: Range<Int>
    }

    /// Where a piece lies between the thread that encodes it and the one that writes it.
    private struct Slot {
        var bytes: [UInt8] = []
        var error: (any Error)?
        var isReady = false
    }

    private struct State {
        /// The piece that is taken next.
        var next = 0
        /// Pieces that the writer is through with.
        var written = 0
        var slots: [Slot]
        var isStopped = false
    }

    private let encoders: [TensorEncoder]
    private let pieces: [Piece]
    /// The pieces of each tensor.
    private let ranges: [Int: Range<Int>]
    private let scratchSize: Int
    private let window: Int
    private let state: Mutex<State>
    private let changed = Condition()

    /// A pass over the tensors from `first` on.
    init(_ encoders: [TensorEncoder], from first: Int, threads: Int) {
        var pieces: [Piece] = []
        var ranges: [Int: Range<Int>] = [:]
        var scratchSize = 1
        for (index, encoder) in encoders.enumerated().dropFirst(first) {
            let (rows, columns) = (encoder.source.rows, encoder.source.columns)
            let start = pieces.count
            let rowsPerPiece = max(1, EncodingPipeline.pieceSize / max(columns, 1))
            scratchSize = max(scratchSize, min(rowsPerPiece, rows) * columns)
            for row in stride(from: 0, to: rows, by: rowsPerPiece) {
                pieces.append(Piece(tensor: index, rows: row..<min(row + rowsPerPiece, rows)))
            }
            ranges[index] = start..<pieces.count
        }
        self.encoders = encoders
        self.pieces = pieces
        self.ranges = ranges
        self.scratchSize = scratchSize
        window = 4 * threads + 4
        state = Mutex(State(slots: Array(repeating: Slot(), count: window)))
    }

    /// Starts threads that encode.
    /// - Returns: false when the system gives none.
    func start(threads: Int) -> Bool {
        var hasAny = false
        for _ in 0..<min(threads, pieces.count) {
            guard DetachedThread.start({ self.work() }) else { break }
            hasAny = true
        }
        return hasAny
    }

    /// Ends the threads, as soon as each is through with its piece.
    func stop() {
        state.withLock { $0.isStopped = true }
        changed.broadcast()
    }

    /// Hands the bytes of tensor `index` to `output`, in order. Tensors are asked for in their order.
    func deliver(_ index: Int, _ output: (RawSpan) throws -> Void) throws {
        for piece in ranges[index] ?? 0..<0 {
            changed.wait { state.withLock { $0.slots[piece % window].isReady } }
            var slot = state.withLock { state in
                defer { state.slots[piece % window] = Slot() }
                return state.slots[piece % window]
            }
            if let error = slot.error { throw error }
            try output(slot.bytes.span.bytes)
            // The memory goes back to be filled again.
            slot = Slot(bytes: slot.bytes)
            state.withLock { state in
                state.slots[piece % window] = slot
                state.written = piece + 1
            }
            changed.broadcast()
        }
    }

    /// Encodes pieces until there are none left.
    private func work() {
        var scratch: FloatBuffer?
        while let piece = claim() {
            var slot = state.withLock { state in
                defer { state.slots[piece % window].bytes = [] }
                return state.slots[piece % window]
            }
            do {
                let buffer = try scratch ?? FloatBuffer(count: scratchSize)
                scratch = buffer
                let place = pieces[piece]
                try encoders[place.tensor].encode(place.rows, scratch: buffer, into: &slot.bytes)
            } catch {
                slot.error = error
            }
            slot.isReady = true
            state.withLock { $0.slots[piece % window] = slot }
            changed.broadcast()
        }
    }

    /// The number of the next piece, as soon as there is a slot for it; nil when all are taken or nobody wants them.
    private func claim() -> Int? {
        var claimed: Int?
        changed.wait {
            state.withLock { state in
                if state.isStopped || state.next == pieces.count { return true }
                guard state.next < state.written + window else { return false }
                claimed = state.next
                state.next += 1
                return true
            }
        }
        return claimed
    }
}
