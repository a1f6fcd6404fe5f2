#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// With `KITE_FUZZ_SEEDS` set, writes inputs to start from into that folder, and leaves; else does nothing.
///
/// For a target's `LLVMFuzzerInitialize`.
/// - Parameter seeds: The inputs, each with the name of its file.
/// - Returns: 0.
public func writeSeeds(_ seeds: () throws -> [(name: String, bytes: [UInt8])]) -> CInt {
    guard let folder = getenv("KITE_FUZZ_SEEDS") else { return 0 }
    do {
        for (name, bytes) in try seeds() {
            guard let file = fopen("\(String(cString: folder))/\(name)", "wb") else { exit(1) }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
    } catch {
        print(error)
        exit(1)
    }
    exit(0)
}

/// The same for inputs without names.
public func writeSeeds(_ seeds: [[UInt8]]) -> CInt {
    writeSeeds { seeds.enumerated().map { (name: "seed-\($0)", bytes: $1) } }
}
