import TestSupport
import Testing

@testable import TensorCore

@Suite struct ByteStoreTests {
    @Test func prefetchingLeavesTheBytesAsTheyAre() throws {
        let bytes = (0..<(9 << 20) + 123).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try TemporaryFolder.with { folder in
            let path = try folder.write("weights", bytes)
            for _ in 0..<4 {
                let store = try ByteStore.mapping(path)
                store.prefetch()
                #expect(store.withBytes { $0.withUnsafeBytes { $0.elementsEqual(bytes) } })
            }
            // A store may go while its pages are still being fetched.
            for _ in 0..<50 { try ByteStore.mapping(path).prefetch() }
        }
        ByteStore.copying([1, 2, 3]).prefetch()
    }

    @Test func aFewBytesCanBeLocked() throws {
        try ByteStore.copying([1, 2, 3]).lockInMemory()
        try ByteStore.copying([]).lockInMemory()
    }

    @Test func refusedLocksSayWhatToDo() {
        let limited = MemoryLockError(bytes: 1_708_197_248, limit: 8_388_608, code: 12)
        #expect(
            limited.description
                == "cannot lock 1708197248 bytes of weights in memory: the limit is 8388608; raise it with 'ulimit -l' "
                + "(or LimitMEMLOCK= of the service)")
        let full = MemoryLockError(bytes: 10, limit: nil, code: 12)
        #expect(full.description.hasPrefix("cannot lock 10 bytes of weights in memory: "))
        #expect(!full.description.contains("\n"))
    }
}
