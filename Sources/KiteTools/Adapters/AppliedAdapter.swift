public import ModelFiles

/// An adapter with how much of it is added.
public struct AppliedAdapter: Sendable {
    /// The adapter.
    public let adapter: LoRAAdapter
    /// How much of it: 1 for what it was trained to be.
    public let weight: Float

    /// `adapter`, multiplied with `weight`.
    /// - Throws: ``AdapterError/scale(_:)`` for a weight that is not finite.
    public init(_ adapter: LoRAAdapter, weight: Float = 1) throws(AdapterError) {
        guard weight.isFinite else { throw .scale("\(weight)") }
        self.adapter = adapter
        self.weight = weight
    }

    /// `source` with what the adapter adds to it; itself where the adapter changes nothing.
    /// - Parameter order: The order in which `source` gives the rows of the checkpoint; nil for the checkpoint's own.
    func merged(
        _ source: any RowSource, _ tensor: ModelConfiguration.RequiredTensor, order: RowPermutation?
    ) throws -> any RowSource {
        guard let part = adapter.parts.first(where: { $0.base.name == tensor.name }) else { return source }
        return try MergedRows(base: source, part: part, weight: weight, order: order)
    }
}
