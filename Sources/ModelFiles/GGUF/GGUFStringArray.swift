public import TensorCore

/// A metadata array of strings, left in the file's bytes: a vocabulary of 100,000 tokens costs one table of offsets.
///
/// Elements are byte strings because tokens need not be valid UTF-8.
public struct GGUFStringArray: Sendable, RandomAccessCollection, Equatable {
    /// The strings as the file has them: each an 8-byte length and its bytes.
    public let region: ByteRegion
    /// Where the bytes of each string start within `region`, and one more: where another string would.
    let starts: [Int]

    /// `starts` must describe `region`.
    init(region: ByteRegion, starts: [Int]) {
        self.region = region
        self.starts = starts
    }

    /// An array of the given byte strings.
    public init(_ elements: [[UInt8]]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(0) { $0 + 8 + $1.count })
        var starts: [Int] = []
        starts.reserveCapacity(elements.count + 1)
        for element in elements {
            withUnsafeBytes(of: UInt64(element.count).littleEndian) { bytes.append(contentsOf: $0) }
            starts.append(bytes.count)
            bytes.append(contentsOf: element)
        }
        starts.append(bytes.count + 8)
        self.init(region: ByteRegion(ByteStore.copying(bytes)), starts: starts)
    }

    /// An array of the given texts, in UTF-8.
    public init(_ elements: [String]) {
        self.init(elements.map { [UInt8]($0.utf8) })
    }

    /// Index of the first string.
    public var startIndex: Int { 0 }
    /// Index after the last string.
    public var endIndex: Int { starts.count - 1 }
    /// Number of strings.
    public var count: Int { starts.count - 1 }

    /// A copy of the bytes of string `index`.
    public subscript(index: Int) -> [UInt8] {
        region.withBytes { $0.extracting(range(of: index)).array }
    }

    /// Where the bytes of string `index` are within ``region``. Together with `region.withBytes` the fastest way
    /// through all strings.
    public func range(of index: Int) -> Range<Int> {
        starts[index]..<starts[index + 1] - 8
    }

    /// String `index` as text; nil when it is not valid UTF-8.
    public func text(_ index: Int) -> String? {
        region.withBytes { $0.extracting(range(of: index)).validatedText }
    }

    /// Calls `body` with the bytes of string `index`, without copying.
    public func withBytes<Result, Failure: Error>(
        of index: Int, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try region.withBytes { (bytes) throws(Failure) in try body(bytes.extracting(range(of: index))) }
    }

    /// Calls `body` with the number and bytes of each string in turn, without copying.
    public func forEachBytes(_ body: (_ index: Int, _ bytes: RawSpan) -> Void) {
        region.withBytes { bytes in
            for index in 0..<count {
                body(index, bytes.extracting(range(of: index)))
            }
        }
    }

    /// Whether the strings are the same.
    public static func == (left: GGUFStringArray, right: GGUFStringArray) -> Bool {
        left.starts == right.starts && left.region.withBytes { $0.array } == right.region.withBytes { $0.array }
    }
}
