#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes to and from descriptors and files, with errors a person can act on.
enum SystemIO {
    /// Whether `descriptor` is a terminal.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// The value of an environment variable; nil when it is unset or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// Writes everything. A reader that has gone away ends the program silently, as SIGPIPE would.
    static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32) {
        let buffer = Array(bytes)
        var start = 0
        while start < buffer.count {
            let written = buffer[start...].withUnsafeBytes { rest in
                #if canImport(Glibc)
                Glibc.write(descriptor, rest.baseAddress, rest.count)
                #else
                Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if written >= 0 {
                start += written
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno == EPIPE {
                ExitStatus.brokenPipe.leave()
            } else if errno != EINTR {
                // A full disk or a closed descriptor: on standard output the answer is lost, and that is a failure.
                if descriptor == 1 { ExitStatus.failure.leave(saying: "cannot write to standard output: \(errorText)") }
                return
            }
        }
    }

    /// Up to `count` bytes; empty at the end of the input, nil when nothing can be read.
    static func read(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                #if canImport(Glibc)
                let got = Glibc.read(descriptor, buffer.baseAddress, count)
                #else
                let got = Darwin.read(descriptor, buffer.baseAddress, count)
                #endif
                if got < 0 { failure = errno }
                initialized = max(got, 0)
            }
            switch failure {
            case 0: return bytes
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, -1)
            default: return nil
            }
        }
    }

    /// Whether bytes can be read from `descriptor` within `milliseconds`.
    static func hasInput(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) > 0
    }

    /// Everything up to the end of the input.
    static func readAll(from descriptor: Int32, named name: String, limit: Int = 1 << 30) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            guard let piece = read(1 << 16, from: descriptor) else {
                throw CLIError.failure("cannot read \(name): \(errorText)")
            }
            if piece.isEmpty { return bytes }
            bytes += piece
            guard bytes.count <= limit else {
                throw CLIError.failure("\(name) is longer than \(Format.bytes(limit)): is this the right file?")
            }
        }
    }

    /// The contents of a file; `-` is standard input.
    static func contents(of path: String) throws -> [UInt8] {
        if path == "-" { return try readAll(from: 0, named: "standard input") }
        let descriptor = open(expandingTilde(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CLIError.failure("cannot open \(path): \(errorText)") }
        defer { close(descriptor) }
        return try readAll(from: descriptor, named: path)
    }

    /// Replaces a file in one step: readers see the old contents or the new, never a part.
    static func writeAtomically(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws {
        let target = expandingTilde(path)
        let temporary = "\(target).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw CLIError.failure("cannot write \(path): \(errorText)") }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { rest in
                #if canImport(Glibc)
                Glibc.write(descriptor, rest.baseAddress, rest.count)
                #else
                Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        let isComplete = written == bytes.count && fsync(descriptor) == 0
        let reason = errorText
        close(descriptor)
        guard isComplete, rename(temporary, target) == 0 else {
            let why = isComplete ? errorText : reason
            unlink(temporary)
            throw CLIError.failure("cannot write \(path): \(why)")
        }
    }

    /// Appends to a file that only its owner may read, creating it.
    static func appendPrivately(_ bytes: [UInt8], to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        fchmod(descriptor, 0o600)
        write(bytes, to: descriptor)
    }

    /// Makes a folder and those above it, for their owner alone.
    static func makePrivateFolder(_ path: String) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            mkdir(made, 0o700)
        }
    }

    /// Takes a file away, if it is there.
    static func remove(_ path: String) { unlink(path) }

    /// Number of this process.
    static var processID: Int32 { getpid() }

    /// Whether `path` names something that is there.
    static func exists(_ path: String) -> Bool { access(expandingTilde(path), F_OK) == 0 }

    /// `path` with a leading `~/` replaced by the home folder, as a shell does where it gets the chance.
    static func expandingTilde(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = environment("HOME") else { return path }
        return home + path.dropFirst(1)
    }

    /// What the last system call complained about.
    static var errorText: String { String(cString: strerror(errno)) }

    /// The date and time, `2026-01-31T12:00:00Z`.
    static var timestamp: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Seconds since 1970.
    static var unixTime: Double { Double(time(nil)) }

    /// Seconds on a clock that only goes forward.
    static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
