#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Why bytes could not be had from the operating system.
public struct FileError: Error, Sendable, CustomStringConvertible {
    /// The file concerned.
    public let path: String
    /// What was tried: "open", "map".
    public let operation: String
    /// The `errno` of the failed call; 0 when the call itself did not fail.
    public let code: Int32

    package init(path: String, operation: String, code: Int32) {
        self.path = path
        self.operation = operation
        self.code = code
    }

    /// One line for a person.
    public var description: String {
        "cannot \(operation) \(path): \(code == 0 ? "not a regular file" : String(cString: strerror(code)))"
    }
}

/// Immutable bytes with a fixed address: a mapped file, an allocation, or data linked into the program.
///
/// The bytes stay valid and unchanged for as long as the object lives. Sharing between threads is safe for that reason
/// (a mapped file that another process truncates is the exception: the system then ends this process with SIGBUS).
public final class ByteStore: @unchecked Sendable {
    /// First byte; nil only when `count` is 0.
    let base: UnsafeRawPointer?
    /// Number of bytes.
    public let count: Int
    /// Whether the bytes are the page cache's and cost no memory of their own.
    public let isMapped: Bool
    /// Whether the bytes are a mapping of a file of their own, whose pages can be had again from the file.
    let isFile: Bool
    private let release: @Sendable () -> Void

    init(
        base: UnsafeRawPointer?, count: Int, isMapped: Bool, isFile: Bool = false,
        release: @escaping @Sendable () -> Void
    ) {
        self.base = base
        self.count = count
        self.isMapped = isMapped
        self.isFile = isFile
        self.release = release
    }

    deinit { release() }

    /// Maps a whole file for reading.
    /// - Throws: ``FileError`` when it cannot be opened, is no regular file, or cannot be mapped.
    public static func mapping(_ path: String) throws(FileError) -> ByteStore {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, operation: "open", code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, operation: "stat", code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let code: Int32 = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0
            throw FileError(path: path, operation: "read", code: code)
        }
        let count = Int(status.st_size)
        guard count > 0 else { return ByteStore(base: nil, count: 0, isMapped: true, release: {}) }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw FileError(path: path, operation: "map", code: errno)
        }
        let bits = UInt(bitPattern: address)
        return ByteStore(base: UnsafeRawPointer(address), count: count, isMapped: true, isFile: true) {
            munmap(UnsafeMutableRawPointer(bitPattern: bits), count)
        }
    }

    /// Fresh memory, 64-byte aligned and zeroed, that `initialize` fills before anyone else sees it.
    public static func allocating<Failure: Error>(
        _ count: Int, initialize: (inout MutableRawSpan) throws(Failure) -> Void
    ) throws(Failure) -> ByteStore {
        guard count > 0 else { return ByteStore(base: nil, count: 0, isMapped: false, release: {}) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let bits = UInt(bitPattern: memory.baseAddress)
        let store = ByteStore(base: UnsafeRawPointer(memory.baseAddress), count: count, isMapped: false) {
            UnsafeMutableRawPointer(bitPattern: bits)?.deallocate()
        }
        var span = MutableRawSpan(_unsafeBytes: memory)
        try initialize(&span)
        return store
    }

    /// A copy of `bytes`.
    public static func copying(_ bytes: [UInt8]) -> ByteStore {
        allocating(bytes.count) { span in
            span.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
        }
    }

    /// Bytes linked into the program, valid for ever.
    public static func linked(_ base: UnsafeRawPointer, count: Int) -> ByteStore {
        ByteStore(base: base, count: count, isMapped: true, release: {})
    }

    /// Calls `body` with the bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: base, count: count)))
    }
}

/// A run of bytes inside a ``ByteStore``, which it keeps alive.
public struct ByteRegion: Sendable {
    /// Whose bytes these are.
    public let store: ByteStore
    /// Which of them.
    public let range: Range<Int>

    /// The bytes `range` of `store`; nil when the store does not have them all.
    public init?(_ store: ByteStore, _ range: Range<Int>) {
        guard range.lowerBound >= 0, range.upperBound <= store.count else { return nil }
        self.store = store
        self.range = range
    }

    /// All bytes of `store`.
    public init(_ store: ByteStore) {
        self.store = store
        self.range = 0..<store.count
    }

    /// Number of bytes.
    public var count: Int { range.count }

    /// First byte, for kernels only. Valid while `store` lives.
    var pointer: UnsafeRawPointer? { store.base.map { $0 + range.lowerBound } }

    /// Calls `body` with the bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: pointer, count: count)))
    }
}
