internal import CKernels
internal import Synchronization

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
    /// A number of its own for what it holds now.
    private(set) var version: UInt64 = 0
    private static let versions = Atomic<UInt64>(0)

    private let floats: FloatBuffer?
    private let by32: FloatBuffer?
    private let by256: FloatBuffer?
    private let brainFloats: FloatBuffer?
    /// Per slab of 256 numbers: how many are ready in ``complete(_:of:)``.
    private let ready: UnsafeMutablePointer<Atomic<Int>>
    private let slabs: Int

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
        let halves = kite_panel_bytes_bf16(width, capacity) / MemoryLayout<Float>.stride
        brainFloats = formats.contains(.bfloat16) ? try FloatBuffer(count: halves) : nil
        slabs = (max(width, 1) - 1) / Self.slab + 1
        ready = .allocate(capacity: slabs)
        for index in 0..<slabs { (ready + index).initialize(to: Atomic(0)) }
    }

    deinit {
        ready.deinitialize(count: slabs)
        ready.deallocate()
    }

    /// Numbers per slab of a panel of codes.
    private static let slab = 256

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

    /// Says how many vectors the following calls of `write` will bring, before any product with them. Their place
    /// depends on it.
    func begin(columns: Int) {
        precondition(columns >= 0 && columns <= capacity, "more columns than the panel has room for")
        self.columns = columns
        version = Self.versions.wrappingAdd(1, ordering: .relaxed).newValue
        for index in 0..<slabs { ready[index].store(0, ordering: .relaxed) }
    }

    /// Sets one vector, in every format. Different columns may be written at the same time.
    func write(column: Int, from numbers: UnsafePointer<Float>) {
        write(column: column, 0..<width, from: numbers)
    }

    /// Says that the numbers `range` of all vectors, which lie within one slab, are in `source`, `[column][width]`. Who
    /// brings the last of a slab writes it, while it is in cache. For several threads at once; ``begin(columns:)`` first.
    func complete(_ range: Range<Int>, of source: FloatBuffer) {
        let index = range.lowerBound / Self.slab
        let slab = index * Self.slab..<min((index + 1) * Self.slab, width)
        precondition(range.upperBound <= slab.upperBound && columns * width <= source.count, "not within a slab")
        let (_, count) = ready[index].wrappingAdd(range.count, ordering: .acquiringAndReleasing)
        guard count == slab.count else { return }
        for column in 0..<columns {
            write(column: column, slab, from: source.pointer + column * width + slab.lowerBound)
        }
    }

    /// Sets the numbers `range`, whole slabs, of one vector.
    private func write(column: Int, _ range: Range<Int>, from numbers: UnsafePointer<Float>) {
        precondition(column >= 0 && column < columns, "no such column")
        floats?.pointer.advanced(by: column * width + range.lowerBound).update(from: numbers, count: range.count)
        func write(_ format: kite_activations, _ buffer: FloatBuffer, at bytes: Int) {
            let start = bytes / MemoryLayout<Float>.stride
            kite_panel_write(format, numbers, range.count, columns, column, buffer.pointer + start)
        }
        let codes = kite_panel_bytes(range.lowerBound, columns)
        if let by32 { write(KITE_ACTIVATIONS_Q32, by32, at: codes) }
        if let by256 { write(KITE_ACTIVATIONS_Q256, by256, at: codes) }
        if let brainFloats {
            write(KITE_ACTIVATIONS_BF16, brainFloats, at: kite_panel_bytes_bf16(range.lowerBound, columns))
        }
    }

    func format(for type: TensorType) -> ActivationFormat {
        precision == .float32 ? .float32 : type.activationFormat
    }

    func storage(for format: ActivationFormat) -> UnsafeMutablePointer<Float>? {
        switch format {
        case .float32: floats?.pointer
        case .int8By32: by32?.pointer
        case .int8By256: by256?.pointer
        case .bfloat16: brainFloats?.pointer
        }
    }
}
