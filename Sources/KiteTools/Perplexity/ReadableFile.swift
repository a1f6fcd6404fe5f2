#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import TensorCore

/// A file read at any place, without a mapping: it may be larger than memory, and may be cut off meanwhile.
final class ReadableFile {
    /// Where it is.
    let path: String
    /// Bytes of it when it was opened.
    let length: Int
    private let descriptor: Int32

    /// - Throws: `FileError`.
    init(path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, operation: "open", code: errno) }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        let code = isKnown ? (status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0) : errno
        guard isKnown, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(path: path, operation: "read", code: code)
        }
        length = Int(status.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads `count` little-endian numbers from `offset`.
    /// - Throws: `FileError`, also when the file ends before.
    func read<Number: FixedWidthInteger>(
        _ count: Int, as type: Number.Type, at offset: Int
    ) throws(FileError) -> [Number] {
        var failure: Int32?
        var numbers = [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var done = 0
            while done < bytes.count {
                let got = pread(
                    descriptor, bytes.baseAddress?.advanced(by: done), min(bytes.count - done, 1 << 30),
                    off_t(offset + done))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = got < 0 ? errno : EIO
                    return
                }
                done += got
            }
            initialized = count
        }
        if let failure { throw FileError(path: path, operation: "read", code: failure) }
        #if _endian(big)
        for index in numbers.indices { numbers[index] = Number(littleEndian: numbers[index]) }
        #endif
        return numbers
    }
}
