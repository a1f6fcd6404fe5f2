#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the store asks of the file system.
package enum Files {
    /// What there is at a path, links followed.
    struct Status {
        var isFolder: Bool
        var size: Int
        /// Seconds since 1970.
        var modified: Double
        /// Which file it is, whatever its names.
        var identity: [UInt64]
    }

    /// What is at `path`; nil when there is nothing, or a link to nothing.
    static func status(_ path: String) -> Status? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        return Status(
            isFolder: status.st_mode & S_IFMT == S_IFDIR, size: Int(status.st_size),
            modified: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9,
            identity: [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)])
    }

    /// Whether there is something at `path`, a link to nothing included.
    static func hasEntry(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The names in a folder, sorted; none when there is no such folder.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// All files below a folder by their path from there, links to files included, links to folders not followed.
    static func tree(_ folder: String, prefix: String = "", depth: Int = 16) -> [String] {
        names(in: folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            let isFolder = status(path)?.isFolder == true && linkTarget(path) == nil
            guard isFolder else { return [prefix + name] }
            return depth > 0 ? tree(path, prefix: "\(prefix)\(name)/", depth: depth - 1) : []
        }
    }

    /// Where a symbolic link points; nil for anything else.
    static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count >= 0 && count < bytes.count ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(HubError) {
        guard status(path)?.isFolder != true else { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .system("make the folder", path, code: errno) }
    }

    /// The folder a path is in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes or replaces a symbolic link in one step.
    static func link(_ path: String, to target: String) throws(HubError) {
        let temporary = "\(path).\(getpid()).kite-tmp"
        unlink(temporary)
        guard symlink(target, temporary) == 0 else { throw .system("make the link", path, code: errno) }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw .system("make the link", path, code: code)
        }
    }

    /// Replaces a file in one step.
    static func write(_ text: String, to path: String) throws(HubError) {
        let temporary = "\(path).\(getpid()).kite-tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("write", path, code: errno) }
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { put(descriptor, $0.baseAddress, $0.count) }
        let code = errno
        close(descriptor)
        guard count == bytes.count, rename(temporary, path) == 0 else {
            let reason = count == bytes.count ? errno : count < 0 ? code : ENOSPC
            unlink(temporary)
            throw .system("write", path, code: reason)
        }
    }

    /// Takes a file or an empty folder away; whether it was there.
    @discardableResult
    static func remove(_ path: String) -> Bool { unlink(path) == 0 || rmdir(path) == 0 }

    /// Gives a file another name, replacing what has it.
    static func move(_ path: String, to target: String) throws(HubError) {
        guard rename(path, target) == 0 else { throw .system("write", target, code: errno) }
    }

    /// A short text file; nil when it cannot be read.
    package static func text(at path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count >= 0 ? String(validating: bytes[..<count], as: UTF8.self) : nil
    }

    /// Bytes that can still be written where `path` is.
    static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize))
        return overflow ? nil : bytes
    }

    /// Whether `code` says that no more bytes fit.
    static func isFull(_ code: Int32) -> Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }

    /// What an error number means.
    static func text(of code: Int32) -> String { String(cString: strerror(code)) }

    /// Seconds on a clock that only goes forward.
    static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Waits.
    static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

    private static func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(descriptor, bytes, count)
        #else
        Darwin.write(descriptor, bytes, count)
        #endif
    }
}
