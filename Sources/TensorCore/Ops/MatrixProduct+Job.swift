internal import CKernels

extension MatrixProduct {
    /// A matrix, or a gated pair, of a region, and what becomes of its rows.
    struct Job {
        private enum Effect {
            case store
            case add
            case gate
        }

        /// Rows of the matrix.
        let rows: Int
        private let product: kite_product
        private let effect: Effect
        private let up: kite_product
        // Kept alive by the caller: the threads of a region would count references to them against each other.
        private let gatedRows: Unmanaged<FloatBuffer>?
        private let gatedPanel: Unmanaged<ActivationPanel>?
        /// What adapters add to the product, and to `up`.
        private let addition: Range<Int>
        private let upAddition: Range<Int>

        init(_ panel: ActivationPanel, _ projection: Projection, _ additions: inout LowRankJobs) {
            rows = projection.matrix.rows
            product = MatrixProduct.product(panel, projection)
            effect = projection.effect == .add ? .add : .store
            up = kite_product()
            gatedRows = nil
            gatedPanel = nil
            addition = additions.append(projection.sums, rows: rows, columns: panel.columns)
            upAddition = 0..<0
        }

        init(_ panel: ActivationPanel, _ gated: GatedProjection, _ additions: inout LowRankJobs) {
            rows = gated.gate.matrix.rows
            precondition(
                rows == gated.up.matrix.rows && rows == gated.panel.width && gated.panel.columns == panel.columns
                    && rows * panel.columns <= gated.rows.count,
                "gate, up and their output have different shapes")
            var gate = MatrixProduct.product(panel, gated.gate.matrix, bias: gated.gate.bias)
            gate.out = gated.rows.pointer
            gate.out_stride = rows
            product = gate
            effect = .gate
            up = MatrixProduct.product(panel, gated.up.matrix, bias: gated.up.bias)
            gatedRows = .passUnretained(gated.rows)
            gatedPanel = .passUnretained(gated.panel)
            addition = additions.append(gated.gateSums, rows: rows, columns: panel.columns)
            upAddition = additions.append(gated.upSums, rows: rows, columns: panel.columns)
        }

        /// Whether the rows first go to a tile in the scratch memory.
        var needsTile: Bool { effect != .store }

        /// Computes some rows of all columns on the calling thread.
        func run(_ range: Range<Int>, thread: Int, scratch: ProductScratch, additions: LowRankJobs.All) {
            let memory = scratch.pointer(thread: thread)
            switch effect {
            case .store:
                withUnsafePointer(to: product) { kite_product_rows($0, range.lowerBound, range.upperBound, memory) }
                additions.add(addition, to: place(range, 0), stride: product.out_stride, range)
            case .add:
                let tile = scratch.tile(thread: thread, 0)
                compute(product, range, into: tile, memory)
                additions.add(addition, to: tile, stride: MatrixProduct.mostRows, range)
                for column in 0..<product.columns {
                    kite_add(
                        place(range, column), tile + column * MatrixProduct.mostRows, range.count)
                }
            case .gate:
                let gateTile = scratch.tile(thread: thread, 0)
                let upTile = scratch.tile(thread: thread, 1)
                withUnsafePointer(to: up) { kite_product_prefetch($0, range.lowerBound) }
                compute(product, range, into: gateTile, memory)
                compute(up, range, into: upTile, memory)
                additions.add(addition, to: gateTile, stride: MatrixProduct.mostRows, range)
                additions.add(upAddition, to: upTile, stride: MatrixProduct.mostRows, range)
                for column in 0..<product.columns {
                    let start = column * MatrixProduct.mostRows
                    kite_swiglu(gateTile + start, upTile + start, place(range, column), range.count)
                }
                guard let gatedPanel, let gatedRows else { return }
                gatedPanel._withUnsafeGuaranteedRef { panel in
                    gatedRows._withUnsafeGuaranteedRef { panel.complete(range, of: $0) }
                }
            }
        }

        private func place(_ range: Range<Int>, _ column: Int) -> UnsafeMutablePointer<Float> {
            product.out + column * product.out_stride + range.lowerBound
        }

        private func compute(
            _ product: kite_product, _ range: Range<Int>, into tile: UnsafeMutablePointer<Float>,
            _ memory: UnsafeMutablePointer<Float>
        ) {
            var product = product
            // Kernels count from the matrix's first row.
            product.out = tile - range.lowerBound
            product.out_stride = MatrixProduct.mostRows
            kite_product_rows(&product, range.lowerBound, range.upperBound, memory)
        }
    }
}
