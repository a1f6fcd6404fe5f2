package import TensorCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that appears under its name only when all its files are whole: filled beside it as `NAME.partial-PID`, then
/// renamed.
///
/// Unless ``commit()`` succeeds, nothing is left behind and a folder of that name keeps its old content.
package final class PartialFolder {
    /// Where the folder will be.
    private let path: String
    /// Where its files are written meanwhile.
    package let partialPath: String
    private var isPending = true

    /// Starts a new, empty folder that will be called `path`.
    package init(path: String) throws(FileError) {
        self.path = Self.withoutSlash(path)
        partialPath = Self.partialPath(path)
        // What a killed process of the same number may have left.
        Self.remove(partialPath)
        guard mkdir(partialPath, 0o777) == 0 else {
            isPending = false
            throw FileError(path: path, operation: "create", code: errno)
        }
    }

    deinit { if isPending { Self.remove(partialPath) } }

    /// What the unfinished folder of this process for `path` is called.
    package static func partialPath(_ path: String) -> String { "\(withoutSlash(path)).partial-\(getpid())" }

    /// Writes a small file into the folder.
    package func write(_ bytes: [UInt8], as name: String) throws(FileError) {
        let file = try AtomicFile(path: FileSystem.join(partialPath, name))
        try file.write(bytes.span.bytes)
        try file.commit()
    }

    /// Gives the folder its name. A folder of that name is replaced.
    package func commit() throws(FileError) {
        let old = "\(path).replaced-\(getpid())"
        let isReplacing = FileSystem.exists(path)
        if isReplacing {
            Self.remove(old)
            guard rename(path, old) == 0 else { throw FileError(path: path, operation: "replace", code: errno) }
        }
        guard rename(partialPath, path) == 0 else {
            let code = errno
            if isReplacing { rename(old, path) }
            throw FileError(path: path, operation: "create", code: code)
        }
        isPending = false
        if isReplacing { Self.remove(old) }
        let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
        let directory = open(parent, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Removes a folder of plain files, or a file; nothing when there is none. Links are removed, not followed.
    package static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in FileSystem.names(in: path) { remove(FileSystem.join(path, name)) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// Removes the unfinished files of this process for `path`: `NAME.partial-PID`, and of a split `NAME-….partial-PID`.
    package static func removeParts(of path: String) {
        let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
        let name = FileSystem.name(path)
        let stem = name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
        for file in FileSystem.names(in: parent)
        where file.hasPrefix(stem) && file.hasSuffix(".partial-\(getpid())") {
            remove(FileSystem.join(parent, file))
        }
    }

    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
