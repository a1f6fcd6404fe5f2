#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

package import TensorCore

/// A file that appears under its name only when it is whole: written beside it as `NAME.partial-PID`, then renamed.
///
/// Unless ``commit()`` succeeds, nothing is left behind and a file of that name keeps its old content.
package final class AtomicFile {
    private let path: String
    private let partialPath: String
    private var descriptor: Int32
    private var isPending = true

    /// Starts a new file that will be called `path`.
    package init(path: String) throws(FileError) {
        self.path = path
        partialPath = "\(path).partial-\(getpid())"
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            isPending = false
            throw FileError(path: path, operation: "create", code: errno)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if isPending { unlink(partialPath) }
    }

    /// Appends `bytes`.
    package func write(_ bytes: RawSpan) throws(FileError) {
        var done = 0
        while done < bytes.byteCount {
            // One call takes at most 2 GiB on Linux.
            let end = min(bytes.byteCount, done + (1 << 26))
            let count = bytes.extracting(done..<end).withUnsafeBytes { chunk in
                #if canImport(Glibc)
                Glibc.write(descriptor, chunk.baseAddress, chunk.count)
                #else
                Darwin.write(descriptor, chunk.baseAddress, chunk.count)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: path, operation: "write", code: errno)
            }
            done += count
        }
    }

    /// Brings everything written to the disk and closes the file, still under its temporary name.
    package func finish() throws(FileError) {
        guard descriptor >= 0 else { return }
        let synced = fsync(descriptor)
        // Pipes and some file systems cannot be synchronised; that alone loses nothing.
        let code = synced == 0 || errno == EINVAL ? 0 : errno
        let closed = close(descriptor)
        descriptor = -1
        guard code == 0, closed == 0 else {
            throw FileError(path: path, operation: "write", code: code != 0 ? code : errno)
        }
    }

    /// Gives the file its name, replacing any file of that name.
    package func commit() throws(FileError) {
        try finish()
        guard rename(partialPath, path) == 0 else { throw FileError(path: path, operation: "create", code: errno) }
        isPending = false
        // Make the new name itself last; failing that, the file is still whole.
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }
}
