import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Write end of the pipe that carries signals to the watching thread.
nonisolated(unsafe) private var signalPipe: Int32 = -1

/// Runs in whatever thread the signal hits: only async-signal-safe calls.
private func forwardSignal(_ number: Int32) {
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(signalPipe, &byte, 1)
    errno = saved
}

private let watcher = Mutex<(@Sendable () -> Void)?>(nil)

/// What a server does about signals; nil while none runs.
private let server = Mutex<Interrupts.ServerHandlers?>(nil)

/// Ctrl-C, `kill` and a closed terminal.
///
/// A signal handler only writes to a pipe; a thread of its own reads it, so what happens then is ordinary code.
enum Interrupts {
    /// Starts watching. Without a handler Ctrl-C ends the program with status 130, the terminal put back.
    static func watch() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        signalPipe = ends[1]
        Thread.start(reading: ends[0])
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
            var action = sigaction()
            setHandler(&action, forwardSignal)
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    /// Runs `body`; Ctrl-C meanwhile calls `onInterrupt`, a second one ends the program.
    static func handled<T>(
        by onInterrupt: @escaping @Sendable () -> Void, _ body: () async throws -> T
    ) async rethrows -> T {
        watcher.withLock { $0 = onInterrupt }
        defer { watcher.withLock { $0 = nil } }
        return try await body()
    }

    /// What a server does about signals.
    struct ServerHandlers: Sendable {
        /// The first Ctrl-C or `kill`: nil from then on, so that the second ends the program at once.
        var stop: (@Sendable () -> Void)?
        /// SIGHUP.
        var reload: @Sendable () -> Void
    }

    /// Runs `body`; the first SIGINT or SIGTERM meanwhile calls `stop`, a second one ends the program, SIGHUP calls `reload`.
    /// Without `stop` the first one ends the program.
    static func served<T>(
        stop: (@Sendable () -> Void)?, reload: @escaping @Sendable () -> Void, _ body: () async throws -> T
    ) async rethrows -> T {
        server.withLock { $0 = ServerHandlers(stop: stop, reload: reload) }
        defer { server.withLock { $0 = nil } }
        return try await body()
    }

    /// Has a server act on a signal.
    /// - Returns: Whether it did.
    private static func deliverToServer(_ number: Int32) -> Bool {
        let action: (@Sendable () -> Void)? = server.withLock { handlers in
            guard handlers != nil else { return nil }
            if number == SIGHUP { return handlers?.reload }
            return handlers?.stop.take()
        }
        action?()
        return action != nil
    }

    /// A parent such as `nohup` has asked for a signal to be ignored, and so it stays.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        #if canImport(Glibc)
        let handler = action.__sigaction_handler.sa_handler
        #else
        let handler = action.__sigaction_u.__sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    fileprivate static func deliver(_ number: Int32) {
        if deliverToServer(number) { return }
        guard number == SIGINT, let handler = watcher.withLock({ $0.take() }) else {
            TerminalMode.restore()
            if SystemIO.isTerminal(2) { SystemIO.write("\n".utf8, to: 2) }
            _exit(128 + number)
        }
        handler()
    }

    private enum Thread {
        static func start(reading descriptor: Int32) {
            #if canImport(Glibc)
            var thread = pthread_t()
            #else
            var thread: pthread_t?
            #endif
            let argument = UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1)
            guard pthread_create(&thread, nil, watchSignals, argument) == 0 else { return }
            #if canImport(Glibc)
            pthread_detach(thread)
            #else
            if let thread { pthread_detach(thread) }
            #endif
        }
    }
}

#if canImport(Glibc)
private func watchSignals(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    readSignals(Int32(Int(bitPattern: argument) - 1))
    return nil
}
#else
private func watchSignals(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    readSignals(Int32(Int(bitPattern: argument) - 1))
    return nil
}
#endif

private func readSignals(_ descriptor: Int32) {
    while let bytes = SystemIO.read(1, from: descriptor), let number = bytes.first {
        Interrupts.deliver(Int32(number))
    }
}

/// The handler is a member of a union that each C library names its own way.
func setHandler(_ action: inout sigaction, _ handler: @escaping @convention(c) (Int32) -> Void) {
    #if canImport(Glibc)
    action.__sigaction_handler.sa_handler = handler
    #else
    action.__sigaction_u.__sa_handler = handler
    #endif
}
