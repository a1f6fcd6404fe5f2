public struct SamplingOptions: Sendable, Hashable {
    public init() {}
    public static var greedy: SamplingOptions { SamplingOptions() }
    public var temperature: Float = 0.8, repeatLastN = 64; public var seed: UInt64?; func validate() throws {}
}
struct Sampler {
    let seed: UInt64 = 0
    init(_ o: SamplingOptions, vocabularySize: Int, neverSampled: [TokenID], promptTail: ArraySlice<TokenID>) throws {}
    mutating func sample(_ l: inout MutableSpan<Float>) throws -> TokenID { TokenID(FloatOps.argmax(l.span)) }
    mutating func accept(_ t: TokenID) {}
}
