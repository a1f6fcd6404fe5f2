#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The system refused to keep bytes in memory.
public struct MemoryLockError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Bytes that were to stay.
    public let bytes: Int
    /// Bytes that the process may lock; nil without a limit.
    public let limit: Int?
    /// The `errno` of the refusal.
    public let code: Int32

    package init(bytes: Int, limit: Int?, code: Int32) {
        self.bytes = bytes
        self.limit = limit
        self.code = code
    }

    /// One line for a person.
    public var description: String {
        let what = "cannot lock \(bytes) bytes of weights in memory: "
        if let limit, bytes > limit {
            return what + "the limit is \(limit); raise it with 'ulimit -l' (or LimitMEMLOCK= of the service)"
        }
        return what + String(cString: strerror(code))
    }
}

extension ByteStore {
    /// Keeps the bytes in memory for as long as the store lives: the system will not put them out for others. Reads them
    /// first where they are on disk.
    package func lockInMemory() throws(MemoryLockError) {
        guard let base, mlock(base, count) != 0 else { return }
        let code = errno
        throw MemoryLockError(bytes: count, limit: Self.lockLimit, code: code)
    }

    /// `RLIMIT_MEMLOCK`; nil when there is none.
    private static var lockLimit: Int? {
        var limit = rlimit()
        #if canImport(Glibc)
        let code = getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit)
        #else
        let code = getrlimit(RLIMIT_MEMLOCK, &limit)
        #endif
        guard code == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
        return Int(limit.rlim_cur)
    }
}
