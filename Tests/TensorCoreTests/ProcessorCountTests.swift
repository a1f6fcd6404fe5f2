import Testing

@testable import TensorCore

#if os(Linux)
/// The default number of threads, from files as kernels of machines and containers have them.
@Suite struct ProcessorCountTests {
    private static func count(_ files: [String: String]) -> Int { ProcessorCount(readFile: { files[$0] }).usable }

    private static func machine(allowed: String, siblings: [Int: String] = [:]) -> [String: String] {
        var files = ["/proc/self/status": "Name:\tkite\nCpus_allowed:\tff\nCpus_allowed_list:\t\(allowed)\nThreads:\t1"]
        for (processor, list) in siblings {
            files["/sys/devices/system/cpu/cpu\(processor)/topology/core_cpus_list"] = list
        }
        return files
    }

    @Test(arguments: [("0", 1), ("0-3", 4), ("0-1,4,6-7", 5), ("3", 1)])
    func theAffinityMaskCounts(_ allowed: String, _ cores: Int) {
        #expect(Self.count(Self.machine(allowed: allowed)) == cores)
    }

    @Test func hyperThreadsOfOneCoreCountOnce() {
        let siblings = Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, "\($0 % 4),\($0 % 4 + 4)") })
        #expect(Self.count(Self.machine(allowed: "0-7", siblings: siblings)) == 4)
        #expect(Self.count(Self.machine(allowed: "1,5,6", siblings: siblings)) == 2)
        // Kernels before 5.3 have the older name only.
        var files = Self.machine(allowed: "0-1")
        for processor in 0...1 {
            files["/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"] = "0-1"
        }
        #expect(Self.count(files) == 1)
    }

    @Test(arguments: [
        ("max 100000", 8), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8),
        ("nonsense", 8), ("0 0", 8),
    ])
    func theQuotaOfTheGroupIsABound(_ limit: String, _ cores: Int) {
        var files = Self.machine(allowed: "0-7")
        files["/proc/self/cgroup"] = "0::/"
        files["/sys/fs/cgroup/cpu.max"] = limit
        #expect(Self.count(files) == cores)
    }

    @Test func theTightestGroupAboveCounts() {
        var files = Self.machine(allowed: "0-7")
        files["/proc/self/cgroup"] = "0::/user.slice/session"
        files["/sys/fs/cgroup/user.slice/session/cpu.max"] = "600000 100000"
        files["/sys/fs/cgroup/user.slice/cpu.max"] = "300000 100000"
        files["/sys/fs/cgroup/cpu.max"] = "max 100000"
        #expect(Self.count(files) == 3)
    }

    @Test func theOlderGroupsCountToo() {
        var files = Self.machine(allowed: "0-7")
        files["/proc/self/cgroup"] = "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x"
        files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "150000"
        files["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "50000"
        #expect(Self.count(files) == 3)
        files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "-1"
        #expect(Self.count(files) == 8)
    }

    @Test(arguments: ["", "9-3", "x", "0-99999999", "-"])
    func strangeMasksStillGiveACore(_ allowed: String) {
        #expect(Self.count(Self.machine(allowed: allowed)) >= 1)
        #expect(Self.count([:]) >= 1)
    }
}
#endif
