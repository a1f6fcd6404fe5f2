import ModelFiles
import TensorCore

/// Turns the rows of a tensor into another type, some rows at a time.
struct TensorEncoder: Sendable {
    /// The tensor's name, for errors.
    let name: String
    let source: any RowSource
    let target: TensorType
    /// How much each column matters, for the types that search for the best scales; nil when all are alike.
    var importance: [Float]?
    /// Whether weights that are no finite numbers are refused even where `target` could hold them.
    var requiresFinite = false

    init(
        name: String, source: any RowSource, target: TensorType, importance: [Float]? = nil,
        requiresFinite: Bool = false
    ) {
        self.name = name
        self.source = source
        self.target = target
        self.importance = importance
        self.requiresFinite = requiresFinite
    }

    /// The rows of `matrix`, in its order or another.
    init(name: String, source matrix: Matrix, target: TensorType, rowOrder: RowPermutation? = nil) {
        self.init(name: name, source: MatrixRows(matrix, order: rowOrder), target: target)
    }

    /// Replaces `bytes` by `rows` as `target`.
    /// - Parameter scratch: Room for the numbers of `rows`.
    /// - Throws: ``ConversionError`` for a weight that cannot be stored, and what the source throws.
    func encode(_ rows: Range<Int>, scratch: FloatBuffer, into bytes: inout [UInt8]) throws {
        defer { source.release(rows) }
        bytes.removeAll(keepingCapacity: true)
        let isCopy = source.storedType == target
        if isCopy { try source.copy(rows, appendingTo: &bytes) }
        guard !isCopy || requiresFinite else { return }
        try source.read(rows, into: scratch)
        try scratch.withSpan { all in
            let numbers = all.extracting(first: rows.count * source.columns)
            if requiresFinite || target == .f16 || target.isQuantized {
                try check(FloatOps.firstNonFinite(numbers), rows) { .notFinite(tensor: name, row: $0, column: $1) }
            }
            if target == .f16, !isCopy {
                try check(numbers.firstHalfOverflow, rows) {
                    .overflow(tensor: name, row: $0, column: $1)
                }
            }
            guard !isCopy, let rowBytes = target.byteCount(of: source.columns) else { return }
            bytes.append(contentsOf: repeatElement(0, count: rows.count * rowBytes))
            var output = bytes.mutableSpan
            if let importance {
                try Quantizer.encode(
                    rows: numbers, columns: source.columns, as: target, importance: importance.span, into: &output)
            } else {
                try Quantizer.encode(rows: numbers, columns: source.columns, as: target, into: &output)
            }
        }
    }

    /// Throws the error of the number at `index`, if there is one.
    private func check(_ index: Int?, _ rows: Range<Int>, _ error: (Int, Int) -> ConversionError) throws {
        guard let index else { return }
        throw error(rows.lowerBound + index / source.columns, index % source.columns)
    }
}

extension Span<Float> {
    /// Where the first number is that rounds to infinity as a half; nil when there is none. All are finite.
    fileprivate var firstHalfOverflow: Int? {
        let least: Float = 65520
        for start in stride(from: 0, to: count, by: 1024) {
            let end = Swift.min(start + 1024, count)
            var largest: Float = 0
            for index in start..<end { largest = Swift.max(largest, self[index].magnitude) }
            guard largest >= least else { continue }
            return (start..<end).first { self[$0].magnitude >= least }
        }
        return nil
    }
}
