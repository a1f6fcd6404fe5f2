internal import CKernels

/// How the key/value cache stores a number.
public enum KVCacheType: String, Sendable, Hashable, CaseIterable {
    case f16
    case f32

    /// Bytes per number.
    public var bytes: Int { self == .f16 ? 2 : 4 }

    var kernelType: kite_cache_type { self == .f16 ? KITE_CACHE_F16 : KITE_CACHE_F32 }
}

/// Shape of a model's key/value cache.
///
/// A page holds 64 tokens for all layers: [layer][kv head], and for each head its keys, [dimension][64 tokens], then its
/// values, [64 tokens][dimension].
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

    /// A layout; nil when a count is not positive or a page would have more bytes than can be counted.
    public init?(type: KVCacheType, layers: Int, kvHeads: Int, headSize: Int) {
        var bytes = Self.pageTokens * 2 * type.bytes
        for count in [layers, kvHeads, headSize] {
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

    /// Bytes of one head's keys, and of its values.
    private var halfBytes: Int { Self.pageTokens * headSize * type.bytes }

    /// Bytes from one head to the next.
    var headStride: Int { 2 * halfBytes }

    func keyOffset(layer: Int, head: Int) -> Int { (layer * kvHeads + head) * headStride }
    func valueOffset(layer: Int, head: Int) -> Int { keyOffset(layer: layer, head: head) + halfBytes }
}
