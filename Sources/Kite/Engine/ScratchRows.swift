import Synchronization

/// Rows of logits to be changed, kept for the next time: a row is long, and as many are in use as threads choose tokens.
final class ScratchRows: Sendable {
    private let rows = Mutex<[[Float]]>([])

    /// A row with the contents of `logits`.
    func copy(_ logits: Span<Float>) -> [Float] {
        var row = rows.withLock { $0.popLast() } ?? []
        row.removeAll(keepingCapacity: true)
        logits.withUnsafeBufferPointer { row.append(contentsOf: $0) }
        return row
    }

    /// Takes a row back.
    func put(_ row: [Float]) { rows.withLock { $0.append(row) } }
}
