#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif
internal import Kite

/// Work that waits for the disk or takes long, on a thread of its own: Swift's few threads carry everybody's requests.
enum BlockingThread {
    /// Runs `work` and waits for it without holding a thread.
    /// - Throws: What `work` throws; ``GenerationError/outOfMemory(_:)`` when the system has no thread to give.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let box = Box { continuation.resume(with: Result(catching: work)) }
            let code = start(box)
            guard code != 0 else { return }
            continuation.resume(
                throwing: GenerationError.outOfMemory("no thread to work on (\(String(cString: strerror(code))))"))
        }
    }

    fileprivate final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    private static func start(_ box: Box) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 4 << 20)
        let context = Unmanaged.passRetained(box).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, &attributes, blockingThread, context)
        if code != 0 { Unmanaged<Box>.fromOpaque(context).release() }
        return code
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work()
    }
}

#if canImport(Darwin)
private func blockingThread(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    BlockingThread.run(context)
    return nil
}
#else
private func blockingThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { BlockingThread.run(context) }
    return nil
}
#endif
