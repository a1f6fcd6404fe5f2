#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

enum OutputFile {
    /// Whether there is something at `path`.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether there is a folder at `path`.
    static func isFolder(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    /// Whether two paths lead to one file, by whatever names and links.
    static func isSame(_ left: String, _ right: String) -> Bool {
        guard let left = status(left), let right = status(right) else { return false }
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
