internal import CKernels

/// How the key/value cache stores numbers.
public enum KVCacheType: String, Sendable, Hashable, CaseIterable {
    case f16
    case f32
    /// 8-bit codes with one f32 scale for a token's keys in a head, and one for its values: half the memory of f16,
    /// and half the reading that each new token costs.
    case int8

    var kernelType: kite_cache_type {
        switch self {
        case .f16: KITE_CACHE_F16
        case .f32: KITE_CACHE_F32
        case .int8: KITE_CACHE_INT8
        }
    }
}

/// Shape of a model's key/value cache.
///
/// A page holds 64 tokens for all layers: [layer][kv head], and for each head its keys, then its values, as
/// `kite_cache_store` lays them out.
public struct KVLayout: Sendable, Hashable {
    /// Tokens per page; pages start at multiples of it.
    public static let pageTokens = Int(KITE_PAGE_TOKENS)

    /// Storage of the numbers.
    public let type: KVCacheType
    /// Blocks of the model.
    public let layers: Int
    /// Key/value heads per block.
    public let kvHeads: Int
    /// Numbers per head.
    public let headSize: Int
    /// Bytes a page takes.
    public let pageBytes: Int
    /// Bytes of one head's keys in a page.
    private let keyBytes: Int
    /// Bytes from one head to the next.
    let headStride: Int

    /// A layout; nil when a count is not positive or a page would have more bytes than can be counted.
    public init?(type: KVCacheType, layers: Int, kvHeads: Int, headSize: Int) {
        guard (1...1 << 24).contains(headSize) else { return nil }
        let row: (keys: Int, values: Int)
        switch type {
        case .f16: row = (2 * headSize, 2 * headSize)
        case .f32: row = (4 * headSize, 4 * headSize)
        // Codes, keys in whole groups of four, and a scale.
        case .int8: row = ((headSize + 3) / 4 * 4 + 4, headSize + 4)
        }
        keyBytes = Self.pageTokens * row.keys
        headStride = Self.pageTokens * (row.keys + row.values)
        var bytes = headStride
        for count in [layers, kvHeads] {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: count)
            guard count > 0, !overflow else { return nil }
            bytes = product
        }
        guard bytes <= Int.max / 2 else { return nil }
        self.type = type
        self.layers = layers
        self.kvHeads = kvHeads
        self.headSize = headSize
        pageBytes = bytes
    }

    /// Bytes that one more token of context takes (rounded up to whole pages in practice).
    public var bytesPerToken: Int { pageBytes / Self.pageTokens }

    /// Pages that `tokens` tokens take.
    public func pages(for tokens: Int) -> Int { tokens <= 0 ? 0 : (tokens - 1) / Self.pageTokens + 1 }

    func keyOffset(layer: Int, head: Int) -> Int { (layer * kvHeads + head) * headStride }
    func valueOffset(layer: Int, head: Int) -> Int { keyOffset(layer: layer, head: head) + keyBytes }
}
