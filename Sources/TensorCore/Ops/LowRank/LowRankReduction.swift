internal import CKernels

/// The first half of low-rank products: what the factors A make of a pass's rows, in f32.
///
/// The rows are taken before they are rounded to what quantized weights meet. Each number is the F32 product of
/// kite_matmul.h times the scale, whatever the other columns and however many threads there are.
final class LowRankReduction {
    /// A term, and where its columns and its result are.
    private struct Item {
        let term: LowRankAddition.Term
        /// Row of the input that its first column is; the others follow.
        let inputRow: Int
        let columns: Int
        let offset: Int
    }

    /// One piece of work: rows of A by columns.
    private struct Piece {
        let product: kite_product
        let rows: Range<Int>
        let scale: Float
        /// Row of the input that its first column is.
        let place: Int
    }

    private var coefficients: FloatBuffer
    private let scratch: ProductScratch
    private let pool: ThreadPool

    /// Columns and rows of a piece: A stays in cache, and one column is shared by all threads.
    private static let pieceColumns = 24, pieceRows = 16, fewColumns = 4, rowsForFew = 4

    init(scratch: ProductScratch, pool: ThreadPool) throws(AllocationError) {
        self.scratch = scratch
        self.pool = pool
        coefficients = try FloatBuffer(count: 0)
    }

    /// Makes room for the results of a region: for each term of each of its matrices columns times rank.
    func reserve(_ count: Int) throws(AllocationError) {
        if count > coefficients.count { coefficients = try FloatBuffer(count: count) }
    }

    /// Computes the first half of what is added to several matrices that share an input, in one parallel region.
    /// - Parameters:
    ///   - additions: For each matrix what is added to its result.
    ///   - input: The rows of the pass, `[row][width]`.
    ///   - rows: Of the pass those that are columns of the product; nil for all.
    /// - Returns: For each matrix what is left to add.
    func reduce(
        _ additions: [LowRankAddition?], of input: FloatBuffer, width: Int, rows: ArraySlice<Int>? = nil
    ) -> [[LowRankSum]] {
        var items: [Item] = []
        var end = 0
        let sums = additions.map { addition -> [LowRankSum] in
            guard let addition else { return [] }
            return Self.places(of: addition.runs, rows: rows).flatMap { run, columns, inputRow in
                run.terms.map { term -> LowRankSum in
                    precondition(term.factors.columns == width, "an adapter for another width")
                    precondition((inputRow + columns.count) * width <= input.count, "columns beyond the input")
                    defer { end += columns.count * term.factors.rank }
                    items.append(Item(term: term, inputRow: inputRow, columns: columns.count, offset: end))
                    return LowRankSum(
                        factors: term.factors, columns: columns, coefficients: coefficients, offset: end)
                }
            }
        }
        precondition(end <= coefficients.count, "more low-rank products than reserved for")
        // Columns that were just read meet the next matrix while they are in cache.
        let pieces = items.flatMap { self.pieces($0, input.pointer + $0.inputRow * width, width) }
        run(pieces.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element))
        withExtendedLifetime((additions, input)) {}
        return sums
    }

    /// Consecutive columns of the product whose inputs are consecutive rows of one run.
    private static func places(
        of runs: [LowRankAddition.Run], rows: ArraySlice<Int>?
    ) -> [(run: LowRankAddition.Run, columns: Range<Int>, inputRow: Int)] {
        guard let rows else { return runs.map { ($0, $0.columns, $0.columns.lowerBound) } }
        var places: [(run: LowRankAddition.Run, columns: Range<Int>, inputRow: Int)] = []
        for run in runs {
            for (column, row) in rows.enumerated() where run.columns.contains(row) {
                if let last = places.last, last.columns.upperBound == column, last.run.columns == run.columns,
                    last.inputRow + last.columns.count == row
                {
                    places[places.count - 1].columns = last.columns.lowerBound..<column + 1
                } else {
                    places.append((run, column..<column + 1, row))
                }
            }
        }
        return places
    }

    private func pieces(_ item: Item, _ input: UnsafePointer<Float>, _ width: Int) -> [Piece] {
        let a = item.term.factors.first
        let isFew = item.columns <= Self.fewColumns
        let (rowStep, columnStep) = (isFew ? Self.rowsForFew : Self.pieceRows, isFew ? item.columns : Self.pieceColumns)
        var pieces: [Piece] = []
        for column in stride(from: 0, to: item.columns, by: columnStep) {
            var product = kite_product()
            product.type = a.type.kernelType
            product.format = KITE_ACTIVATIONS_F32
            product.weights = a.data.pointer
            product.row_bytes = a.bytesPerRow
            product.k = width
            product.panel = UnsafeRawPointer(input + column * width)
            product.panel_stride = width
            product.columns = min(columnStep, item.columns - column)
            product.out = coefficients.pointer + item.offset + column * a.rows
            product.out_stride = a.rows
            for row in stride(from: 0, to: a.rows, by: rowStep) {
                pieces.append(
                    Piece(
                        product: product, rows: row..<min(row + rowStep, a.rows), scale: item.term.scale,
                        place: item.inputRow + column))
            }
        }
        return pieces
    }

    private func run(_ pieces: [Piece]) {
        pieces.withUnsafeBufferPointer { pieces in
            pool.forEachChunk(of: pieces.count, chunk: 1) { [scratch] thread, range in
                for index in range {
                    let piece = pieces[index]
                    withUnsafePointer(to: piece.product) {
                        kite_product_rows(
                            $0, piece.rows.lowerBound, piece.rows.upperBound, scratch.pointer(thread: thread))
                    }
                    for column in 0..<piece.product.columns {
                        let start = piece.product.out + column * piece.product.out_stride
                        for row in piece.rows { start[row] *= piece.scale }
                    }
                }
            }
        }
    }
}
