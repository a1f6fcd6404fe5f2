#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How many cores this process can really have.
struct ProcessorCount {
    /// Physical cores in the affinity mask, within the cgroup's CPU quota; at least 1.
    static let usable = ProcessorCount(readFile: text).usable

    /// A small file of the kernel's, without its last newline; nil when there is none.
    let readFile: (_ path: String) -> String?

    var usable: Int { max(1, min(physicalCores, quota ?? .max)) }

    #if os(Linux)
    /// Physical cores that own at least one of the logical processors the process may run on.
    private var physicalCores: Int {
        let allowed = allowedProcessors
        guard !allowed.isEmpty else { return max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }
        let cores = allowed.map { processor in
            let folder = "/sys/devices/system/cpu/cpu\(processor)/topology/"
            return readFile(folder + "core_cpus_list") ?? readFile(folder + "thread_siblings_list") ?? "\(processor)"
        }
        return Set(cores).count
    }

    /// The affinity mask, which the kernel prints as `0-3,8`.
    private var allowedProcessors: [Int] {
        let prefix = "Cpus_allowed_list:"
        let lines = (readFile("/proc/self/status") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(prefix) }) else { return [] }
        return line.dropFirst(prefix.count).split(whereSeparator: { $0 == "," || $0.isWhitespace }).flatMap { part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 16 else { return [Int]() }
            return Array(first...last)
        }
    }

    /// Whole cores that the cgroups of the process (v2 or v1, and their parents) leave it; nil without a limit.
    private var quota: Int? {
        let groups = (readFile("/proc/self/cgroup") ?? "").split(separator: "\n")
        var smallest: Int?
        func consider(_ quota: Int?, _ period: Int?) {
            guard let quota, let period, quota > 0, period > 0 else { return }
            smallest = min(smallest ?? .max, max(quota / period, 1))
        }
        for group in groups {
            let fields = group.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                for path in Self.ancestors(of: fields[2]) {
                    let limits = (readFile("/sys/fs/cgroup\(path)/cpu.max") ?? "").split(separator: " ").map { Int($0) }
                    if limits.count == 2 { consider(limits[0], limits[1]) }
                }
            } else if fields[1].split(separator: ",").contains("cpu") {
                for path in Self.ancestors(of: fields[2]) {
                    let folder = "/sys/fs/cgroup/cpu\(path)/"
                    consider(
                        readFile(folder + "cpu.cfs_quota_us").flatMap { Int($0) },
                        readFile(folder + "cpu.cfs_period_us").flatMap { Int($0) })
                }
            }
        }
        return smallest
    }

    /// `/a/b` as `["/a/b", "/a", ""]`. Inside a container the path may name nothing and only the root is there.
    private static func ancestors(of path: Substring) -> [Substring] {
        var result: [Substring] = []
        var path = path
        while let slash = path.lastIndex(of: "/") {
            if path.count > 1 { result.append(path) }
            path = path[..<slash]
        }
        return result + [""]
    }

    /// A small file of the kernel's, without its last newline; nil when there is none.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        var text = String(decoding: bytes[..<count], as: UTF8.self)
        if text.last == "\n" { text.removeLast() }
        return text
    }
    #else
    static func text(_ path: String) -> String? { nil }

    private var physicalCores: Int {
        var count: Int32 = 0
        var size = MemoryLayout<Int32>.size
        for name in ["hw.perflevel0.physicalcpu", "hw.physicalcpu"]
        where sysctlbyname(name, &count, &size, nil, 0) == 0 && count > 0 {
            return Int(count)
        }
        return 1
    }

    private var quota: Int? { nil }
    #endif
}
