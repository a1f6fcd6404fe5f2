import ModelFiles
import TensorCore

/// The rows of a matrix with what a LoRA adapter adds to them: W + scale · B · A, summed over the rank in order.
struct MergedRows: RowSource {
    let base: any RowSource
    private let part: LoRAAdapter.Part
    private let scale: Float
    /// The order in which `base` gives the rows of the checkpoint.
    private let order: RowPermutation?

    init(base: any RowSource, part: LoRAAdapter.Part, weight: Float, order: RowPermutation?) throws {
        self.base = base
        self.part = part
        scale = part.scale * weight
        self.order = order
        for (half, matrix) in [("lora_a", part.a), ("lora_b", part.b)] {
            for row in 0..<matrix.rows where matrix.dequantizedRow(row).contains(where: { !$0.isFinite }) {
                throw AdapterError.notFinite("\(part.base.name).\(half)")
            }
        }
    }

    var rows: Int { base.rows }
    var columns: Int { base.columns }
    /// Every row is computed.
    var storedType: TensorType? { nil }

    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) {}

    func read(_ rows: Range<Int>, into numbers: FloatBuffer) throws {
        try base.read(rows, into: numbers)
        let factors = rows.map { row -> [Float] in
            let place = order?.source(of: row) ?? row
            return part.b.dequantizedRow(part.order?.source(of: place) ?? place).map { $0 * scale }
        }
        numbers.withMutableSpan { target in
            for rank in 0..<part.rank {
                let direction = part.a.dequantizedRow(rank)
                for (index, factor) in factors.enumerated() {
                    let (start, amount) = (index * columns, factor[rank])
                    for column in 0..<columns { target[start + column] += amount * direction[column] }
                }
            }
        }
    }

    func release(_ rows: Range<Int>) { base.release(rows) }
}
