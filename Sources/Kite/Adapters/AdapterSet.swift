public import ModelFiles

/// The adapters that a request is answered with, and how much of each.
///
/// What a model remembers of a text (its keys and values) depends on the set: sets that are not equal share no prefixes.
/// Two sets are equal when they hold the same ``LoRA`` objects at the same scales in the same order.
public struct AdapterSet: Sendable, Hashable {
    /// An adapter, and how much of it is added.
    public struct Entry: Sendable, Hashable {
        /// The adapter.
        public let adapter: LoRA
        /// How much of it: 1 for what it was trained to be.
        public let scale: Float

        /// Whether both are the same object at the same scale.
        public static func == (left: Entry, right: Entry) -> Bool {
            left.adapter === right.adapter && left.scale == right.scale
        }

        /// By identity.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(ObjectIdentifier(adapter))
            hasher.combine(scale)
        }
    }

    /// The adapters, in the order in which they are added.
    public let entries: [Entry]

    /// No adapters: the model itself.
    public static let none = AdapterSet(entries: [])

    /// Equal when the entries are.
    public static func == (left: AdapterSet, right: AdapterSet) -> Bool { left.entries == right.entries }

    /// Of the entries.
    public func hash(into hasher: inout Hasher) { hasher.combine(entries) }

    /// The ranks of all products for one token in a block, at most.
    let mostRanks: Int

    /// Whether the model answers by itself.
    public var isEmpty: Bool { entries.isEmpty }

    /// A set of one adapter.
    /// - Throws: ``AdapterError/scale(_:)`` for a scale that is not finite.
    public init(_ adapter: LoRA, scale: Float = 1) throws(AdapterError) { try self.init([(adapter, scale)]) }

    /// A set of several adapters. Those with the scale 0 are left out: they change nothing.
    /// - Throws: ``AdapterError/scale(_:)`` for a scale that is not finite; ``AdapterError/otherBase(_:)`` when they were
    ///   not loaded for one model.
    public init(_ adapters: [(adapter: LoRA, scale: Float)]) throws(AdapterError) {
        for (adapter, scale) in adapters {
            guard scale.isFinite else { throw .scale("\(scale)") }
            guard adapter.canScale(by: scale) else { throw .scale("\(scale)") }
            guard adapter.configuration == adapters[0].adapter.configuration else { throw .otherBase(adapter.path) }
        }
        self.init(entries: adapters.filter { $0.scale != 0 }.map { Entry(adapter: $0.adapter, scale: $0.scale) })
    }

    private init(entries: [Entry]) {
        self.entries = entries
        let ranks = entries.map { entry in
            (0..<entry.adapter.configuration.layerCount).map { layer in
                AdaptedMatrix.allCases.reduce(0) {
                    $0 + (entry.adapter.part($1, of: layer)?.factors.rank ?? 0)
                }
            }.max() ?? 0
        }
        mostRanks = ranks.reduce(0, +)
    }

    /// What is added to the results of a matrix of block `layer`, in order.
    func terms(_ matrix: AdaptedMatrix, of layer: Int) -> [LowRankAddition.Term] {
        entries.compactMap { entry in
            entry.adapter.part(matrix, of: layer).map { .init($0.factors, scale: $0.scale * entry.scale) }
        }
    }

    /// Throws ``AdapterError/otherBase(_:)`` unless the adapters fit a model.
    package func check(_ configuration: ModelConfiguration) throws(AdapterError) {
        guard let first = entries.first?.adapter, first.configuration != configuration else { return }
        throw .otherBase(first.path)
    }
}
