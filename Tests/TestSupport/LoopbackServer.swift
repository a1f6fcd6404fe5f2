import Synchronization
import TensorCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An HTTP/1.1 server on this machine, as small as tests need: one thread per connection, `GET` and `HEAD`.
public final class LoopbackServer: Sendable {
    /// A request.
    public struct Request: Sendable {
        /// `GET` or `HEAD`.
        public var method: String
        /// Path and query.
        public var target: String
        /// Values by lower-case name.
        public var headers: [String: String]
    }

    /// An answer.
    public struct Answer: Sendable {
        /// 200, 404 …
        public var status: Int
        /// `Content-Length` comes by itself.
        public var headers: [(String, String)]
        /// What follows; of `HEAD` only its length is told.
        public var body: [UInt8]
        /// Bytes of the body after which the connection is cut; nil sends all.
        public var cutsAfter: Int?

        /// An answer.
        public init(_ status: Int, _ headers: [(String, String)] = [], body: [UInt8] = [], cutsAfter: Int? = nil) {
            (self.status, self.headers, self.body, self.cutsAfter) = (status, headers, body, cutsAfter)
        }
    }

    /// Where it listens on 127.0.0.1.
    public let port: UInt16
    private let socket: Int32
    private let answer: @Sendable (Request) -> Answer

    /// Listens until the object goes.
    public init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        let listener = Self.open(stream)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw Failure() }
        socket = listener
        port = UInt16(bigEndian: address.sin_port)
        self.answer = answer
        DetachedThread.start {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                if !DetachedThread.start({ Self.serve(connection, answer) }) { close(connection) }
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private struct Failure: Error {}

    private static func open(_ type: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.socket(AF_INET, type, 0)
        #else
        Darwin.socket(AF_INET, type, 0)
        #endif
    }

    private static func serve(_ connection: Int32, _ answer: (Request) -> Answer) {
        defer { close(connection) }
        var pending: [UInt8] = []
        while let request = readRequest(connection, &pending) {
            let answer = answer(request)
            var head = "HTTP/1.1 \(answer.status) Status\r\n"
            for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
            if !answer.headers.contains(where: { $0.0 == "Content-Length" }) {
                head += "Content-Length: \(answer.body.count)\r\n"
            }
            guard put(Array((head + "\r\n").utf8), connection) else { return }
            guard request.method != "HEAD" else { continue }
            guard put(Array(answer.body.prefix(answer.cutsAfter ?? .max)), connection), answer.cutsAfter == nil else {
                return
            }
        }
    }

    private static func readRequest(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: pending, as: UTF8.self)
            if text.utf8.count >= 4, text.contains("\r\n\r\n") {
                // Requests come without body, one at a time.
                pending = []
                let lines = text.split(separator: "\r\n")
                let words = lines.first?.split(separator: " ") ?? []
                guard words.count == 3 else { return nil }
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    headers[line[..<colon].lowercased()] = line[colon...].dropFirst().drop { $0 == " " }.description
                }
                return Request(method: String(words[0]), target: String(words[1]), headers: headers)
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            pending += piece[..<count]
        }
    }

    private static func put(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
