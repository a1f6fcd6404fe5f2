import Synchronization
import TensorCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP client on this machine that does exactly what it is told: half requests, silence, a sudden end.
///
/// Calls block a thread of their own, never one of Swift's few, which the server under test needs.
public final class RawClient: Sendable {
    /// A reply.
    public struct Reply: Sendable {
        /// 200, 404 …
        public var status: Int
        /// Values by lower-case name; of a name that came twice the last.
        public var headers: [String: String]
        /// The body, put together from its chunks.
        public var body: [UInt8]
        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let descriptor: Int32
    private let pending = Mutex<[UInt8]>([])

    private struct Failure: Error {}

    /// Connects to 127.0.0.1.
    /// - Parameters:
    ///   - receiveBuffer: Bytes that the system takes in while nobody reads; nil for its own choice.
    ///   - timeout: Seconds after which a read gives up.
    public init(port: Int, receiveBuffer: Int32? = nil, timeout: Int = 20) throws {
        #if canImport(Glibc)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval()
        limit.tv_sec = .init(timeout)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            throw Failure()
        }
    }

    deinit { close(descriptor) }

    /// Sends text.
    /// - Returns: Whether all of it went out.
    @discardableResult
    public func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Sends bytes.
    /// - Returns: Whether all of them went out.
    @discardableResult
    public func send(_ bytes: [UInt8]) async -> Bool {
        await Self.onThread { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes { rest in
                    #if canImport(Glibc)
                    Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                    #else
                    Darwin.send(descriptor, rest.baseAddress, rest.count, 0)
                    #endif
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Sends a request and reads its reply.
    public func ask(
        _ method: String, _ path: String, _ headers: [(String, String)] = [], body: String? = nil
    ) async -> Reply? {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        await send(text + "\r\n" + (body ?? ""))
        return await reply(hasBody: method != "HEAD")
    }

    /// Reads a whole reply; nil when the connection ends before, or nothing comes in time.
    public func reply(hasBody: Bool = true) async -> Reply? {
        guard var reply = await head() else { return nil }
        guard hasBody, reply.status != 204, reply.status != 304 else { return reply }
        if let length = reply.headers["content-length"].flatMap({ Int($0) }) {
            guard let body = await take(length) else { return nil }
            reply.body = body
        } else if reply.headers["transfer-encoding"] == "chunked" {
            while let chunk = await chunk() {
                if chunk.isEmpty { return reply }
                reply.body += chunk
            }
            return nil
        }
        return reply
    }

    /// Reads a reply's head; interim replies (100) count too.
    public func head() async -> Reply? {
        guard let bytes = await take(through: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[colon...].dropFirst().drop { $0 == " " }.description
        }
        return Reply(status: status, headers: headers, body: [])
    }

    /// Reads a chunk of a body; empty for the last, nil when the connection ends before.
    public func chunk() async -> [UInt8]? {
        let lineBreak = Array("\r\n".utf8)
        guard let line = await take(through: lineBreak),
            let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16),
            let chunk = await take(size), await take(2) != nil
        else { return nil }
        return chunk
    }

    /// Whether the other side has ended the connection; waits for it.
    public func isEnded() async -> Bool {
        while true {
            switch await receive() {
            case .some(let bytes) where bytes.isEmpty: return true
            case .some: continue
            case .none: return false
            }
        }
    }

    /// Ends the connection without a goodbye (RST).
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        // The number stays taken until the object goes, so that nobody else's connection gets it.
        #if canImport(Glibc)
        let nothing = Glibc.open("/dev/null", O_RDONLY)
        #else
        let nothing = Darwin.open("/dev/null", O_RDONLY)
        #endif
        dup2(nothing, descriptor)
        close(nothing)
    }

    /// Ends our side of the connection.
    public func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Bytes

    /// Reads so many bytes; nil when the connection ends before, or nothing comes in time.
    public func take(_ count: Int) async -> [UInt8]? {
        while pending.withLock(\.count) < count {
            guard let bytes = await receive(), !bytes.isEmpty else { return nil }
            pending.withLock { $0 += bytes }
        }
        return pending.withLock { pending in
            defer { pending.removeFirst(count) }
            return Array(pending.prefix(count))
        }
    }

    private func take(through mark: [UInt8]) async -> [UInt8]? {
        while true {
            let found: [UInt8]? = pending.withLock { pending in
                guard pending.count >= mark.count else { return nil }
                for start in 0...(pending.count - mark.count)
                where pending[start..<(start + mark.count)].elementsEqual(mark) {
                    defer { pending.removeFirst(start + mark.count) }
                    return Array(pending.prefix(start + mark.count))
                }
                return nil
            }
            if let found { return found }
            guard let bytes = await receive(), !bytes.isEmpty else { return nil }
            pending.withLock { $0 += bytes }
        }
    }

    /// What comes next: nothing at the end of the connection, however it ended; nil when nothing comes in time.
    private func receive() async -> [UInt8]? {
        await Self.onThread { [descriptor] in
            var piece = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EAGAIN { return nil }
            return count > 0 ? Array(piece[..<count]) : []
        }
    }

    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            if !DetachedThread.start({ continuation.resume(returning: body()) }) {
                continuation.resume(returning: body())
            }
        }
    }
}
