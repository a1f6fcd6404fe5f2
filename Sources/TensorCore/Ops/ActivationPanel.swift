internal import CKernels

/// The inputs of matrix products: up to `capacity` vectors ("columns") of `width` numbers, in each format that the
/// matrices they will meet need, brought there once however many matrices share them.
package final class ActivationPanel: @unchecked Sendable {
    /// Numbers per vector.
    package let width: Int
    /// Most vectors it can hold.
    package let capacity: Int
    /// How exactly the vectors are kept.
    package let precision: ActivationPrecision
    /// Vectors it holds now.
    package private(set) var columns = 0

    private let floats: FloatBuffer?
    private let by32: FloatBuffer?
    private let by256: FloatBuffer?

    /// A panel for products with matrices of the types `types`, all `width` columns wide.
    /// - Throws: ``AllocationError`` when there is no memory for it.
    package init(
        width: Int, capacity: Int, types: some Sequence<TensorType>, precision: ActivationPrecision
    ) throws(AllocationError) {
        self.width = width
        self.capacity = capacity
        self.precision = precision
        let formats = types.map { precision == .float32 ? .float32 : $0.activationFormat }
        let (count, overflow) = width.multipliedReportingOverflow(by: capacity)
        guard !overflow, count < 1 << 48 else { throw AllocationError(purpose: "activation panel", bytes: .max) }
        let codes = kite_panel_bytes(width, capacity) / MemoryLayout<Float>.stride
        floats = formats.contains(.float32) ? try FloatBuffer(count: count) : nil
        by32 = formats.contains(.int8By32) ? try FloatBuffer(count: codes) : nil
        by256 = formats.contains(.int8By256) ? try FloatBuffer(count: codes) : nil
    }

    /// Whether products with matrices of `type` can use the panel.
    package func serves(_ type: TensorType) -> Bool { storage(for: format(for: type)) != nil }

    /// Takes the first `columns` vectors of `input`, one after another.
    package func load(_ input: FloatBuffer, columns: Int, pool: ThreadPool) {
        precondition(columns >= 0 && columns * width <= input.count, "columns beyond the buffer")
        begin(columns: columns)
        pool.forEachChunk(of: columns, chunk: 4) { _, range in
            for column in range { self.write(column: column, from: input.pointer + column * self.width) }
        }
    }

    /// Says how many vectors the following calls of `write` will bring. Their place depends on it.
    func begin(columns: Int) {
        precondition(columns >= 0 && columns <= capacity, "more columns than the panel has room for")
        self.columns = columns
    }

    /// Sets one vector, in every format. Different columns may be written at the same time.
    func write(column: Int, from numbers: UnsafePointer<Float>) {
        precondition(column >= 0 && column < columns, "no such column")
        floats?.pointer.advanced(by: column * width).update(from: numbers, count: width)
        if let by32 { kite_panel_write(KITE_ACTIVATIONS_Q32, numbers, width, columns, column, by32.pointer) }
        if let by256 { kite_panel_write(KITE_ACTIVATIONS_Q256, numbers, width, columns, column, by256.pointer) }
    }

    func format(for type: TensorType) -> ActivationFormat {
        precision == .float32 ? .float32 : type.activationFormat
    }

    func storage(for format: ActivationFormat) -> UnsafeMutablePointer<Float>? {
        switch format {
        case .float32: floats?.pointer
        case .int8By32: by32?.pointer
        case .int8By256: by256?.pointer
        }
    }
}
