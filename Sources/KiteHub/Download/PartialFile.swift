#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that arrives in pieces. After its bytes it holds a note of what has arrived, so that another process can go on
/// where this one was stopped, by whatever; the note is cut off when all is there and checked.
///
/// The note: `KITEPART`, size, bytes per chunk, and of each chunk the bytes that arrived from its beginning, all u64 in
/// little endian. Bytes are written before the note counts them.
final class PartialFile {
    let path: String
    let size: Int
    private(set) var chunkSize: Int
    /// Bytes of each chunk that are there, from its beginning on.
    private(set) var arrived: [Int]
    private let descriptor: Int32

    private static let magic: UInt64 = 0x5452_4150_4554_494B
    private static let headSize = 24

    /// Opens what is left from before, or begins anew.
    /// - Throws: ``HubError/diskFull(path:needed:free:)`` when there is no room for it.
    init(path: String, size: Int, chunkSize: Int) throws(HubError) {
        self.path = path
        self.size = size
        self.chunkSize = max(chunkSize, 1)
        arrived = []
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("create", path, code: errno) }
        if let note = readNote() {
            self.chunkSize = note.chunkSize
            arrived = note.arrived
        } else {
            try restart(chunkSize: self.chunkSize)
        }
        let missing = size - arrived.reduce(0, +)
        if let free = Files.freeBytes(at: path), free < missing {
            // Nothing is lost by leaving what there is; an empty file would only lie about.
            if missing == size { unlink(path) }
            throw .diskFull(path: path, needed: missing, free: free)
        }
    }

    deinit { close(descriptor) }

    /// Bytes that have arrived.
    var count: Int { arrived.reduce(0, +) }

    /// Bytes from the beginning of the file to the first that is missing.
    var contiguous: Int {
        var total = 0
        for (index, count) in arrived.enumerated() {
            total += count
            if count < length(of: index) { break }
        }
        return total
    }

    /// Bytes of chunk `index`.
    func length(of index: Int) -> Int { min(chunkSize, size - index * chunkSize) }

    /// The bytes of chunk `index` that are missing; nil when none are.
    func missing(of index: Int) -> ClosedRange<Int>? {
        let start = index * chunkSize
        let end = start + length(of: index)
        return start + arrived[index] < end ? (start + arrived[index])...(end - 1) : nil
    }

    /// Forgets what has arrived, and counts in chunks of another size.
    func restart(chunkSize: Int) throws(HubError) {
        self.chunkSize = max(chunkSize, 1)
        arrived = [Int](repeating: 0, count: size == 0 ? 0 : (size - 1) / self.chunkSize + 1)
        let total = size + Self.headSize + 8 * arrived.count
        guard ftruncate(descriptor, 0) == 0, ftruncate(descriptor, off_t(total)) == 0 else {
            throw .system("write", path, code: errno)
        }
        try write([Self.magic, UInt64(size), UInt64(self.chunkSize)], at: size)
    }

    /// Appends to what has arrived of chunk `index`; bytes beyond its end are left out.
    func append(_ bytes: RawSpan, toChunk index: Int) throws(HubError) {
        let room = length(of: index) - arrived[index]
        let count = min(bytes.byteCount, room)
        guard count > 0 else { return }
        try write(bytes.extracting(0..<count), at: index * chunkSize + arrived[index])
        arrived[index] += count
        try write([UInt64(arrived[index])], at: size + Self.headSize + 8 * index)
    }

    /// Up to `buffer.count` bytes from `offset` on into the beginning of `buffer`; how many.
    func read(at offset: Int, into buffer: inout [UInt8]) throws(HubError) -> Int {
        let wanted = min(buffer.count, size - offset)
        let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(offset)) }
        guard count > 0 || wanted == 0 else { throw .system("read", path, code: count < 0 ? errno : EIO) }
        return count
    }

    /// Cuts the note off, brings all to the disk and gives the file its name.
    func finish(as name: String) throws(HubError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .system("write", path, code: errno) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("write", path, code: errno) }
        guard rename(path, name) == 0 else { throw .system("write", name, code: errno) }
    }

    /// Takes the file away.
    func discard() { unlink(path) }

    private func readNote() -> (chunkSize: Int, arrived: [Int])? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) >= size + Self.headSize else { return nil }
        let count = (Int(status.st_size) - size) / 8
        guard count <= 1 << 22 else { return nil }
        var words = [UInt64](repeating: 0, count: count)
        let got = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(size)) }
        words = words.map(UInt64.init(littleEndian:))
        guard got == 8 * count, words[0] == Self.magic, words[1] == UInt64(size),
            let chunk = Int(exactly: words[2]), chunk > 0, count - 3 == (size == 0 ? 0 : (size - 1) / chunk + 1)
        else { return nil }
        var arrived: [Int] = []
        for (index, word) in words[3...].enumerated() {
            guard let bytes = Int(exactly: word), bytes <= min(chunk, size - index * chunk) else { return nil }
            arrived.append(bytes)
        }
        return (chunk, arrived)
    }

    private func write(_ words: [UInt64], at offset: Int) throws(HubError) {
        let words = words.map(\.littleEndian)
        try write(words.span.bytes, at: offset)
    }

    private func write(_ bytes: RawSpan, at offset: Int) throws(HubError) {
        var done = 0
        while done < bytes.byteCount {
            let count = bytes.extracting(done..<bytes.byteCount).withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path, code: count < 0 ? errno : ENOSPC) }
            done += count
        }
    }
}
