#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How much memory this process can have without taking it from others.
package enum FreeMemory {
    /// Bytes; nil where the system does not say.
    package static var bytes: Int? {
        #if os(Linux)
        [available(ProcessorCount.text("/proc/meminfo")), groupLimit].compactMap(\.self).min()
        #else
        var size = 0
        var length = MemoryLayout<Int>.size
        return sysctlbyname("hw.memsize", &size, &length, nil, 0) == 0 && size > 0 ? size / 2 : nil
        #endif
    }

    /// `MemAvailable` of /proc/meminfo: free memory, and what the kernel can take back from its caches.
    static func available(_ text: String?) -> Int? {
        let prefix = "MemAvailable:"
        guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else { return nil }
        let fields = line.dropFirst(prefix.count).split(separator: " ")
        return fields.first.flatMap { Int($0) }.map { $0 << 10 }
    }

    #if os(Linux)
    /// What the container may have (cgroup v2, else v1), seen from inside.
    private static var groupLimit: Int? {
        let paths = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        return paths.lazy.compactMap { ProcessorCount.text($0).flatMap { Int($0) } }.first
    }
    #endif
}
