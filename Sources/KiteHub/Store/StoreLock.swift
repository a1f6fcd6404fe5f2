#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The right to write a file, among processes: the lock that `huggingface_hub` takes (`flock`). It ends with the object
/// or with the process, however that ends.
final class StoreLock {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock; nil when somebody else has it.
    static func take(_ path: String) throws(HubError) -> StoreLock? {
        try Files.makeFolder(Files.folder(of: path))
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("create", path, code: errno) }
        let lock = StoreLock(descriptor)
        // File systems without locks: contents are still put under their name in one step, at worst fetched twice.
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK ? lock : nil
    }
}
