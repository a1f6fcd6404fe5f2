#if os(Linux)
import Foundation
import TestSupport
import Testing

/// The C program of `Benchmarks/kernels`: every kernel, bit by bit beside its scalar twin, at every level
/// of arm64 under emulation. The other tests cover this CPU's levels; `scripts/check-kernels.sh` does as well.
struct KernelCheckTests {
    static let arm64 = CheckScript("check-arm64.sh")

    @Test(.enabled(if: arm64.obstacle == nil, Comment(rawValue: arm64.obstacle ?? "")))
    func everyLevelOfArm64HasTheBitsOfTheScalarTwin() throws {
        let result = try Self.arm64.run([])
        #expect(result.status == 0, "\(result.output)")
        for level in ["neon", "dotprod", "i8mm"] {
            #expect(
                result.output.contains("\(level.padding(toLength: 10, withPad: " ", startingAt: 0)) products equal"))
        }
    }
}

/// A script of the folder `scripts`.
struct CheckScript: Sendable {
    let path: String
    /// What keeps it from running here, nil when nothing does.
    let obstacle: String?

    init(_ name: String) {
        path = Golden.repository.appending(path: "scripts/\(name)").path(percentEncoded: false)
        let tools = try? Self.run(path, ["--tools"])
        obstacle = tools?.status == 0 ? nil : tools?.output ?? "cannot run \(name)"
    }

    func run(_ arguments: [String]) throws -> (status: Int32, output: String) { try Self.run(path, arguments) }

    private static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [path] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
#endif
