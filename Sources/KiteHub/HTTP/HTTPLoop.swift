internal import CCurl

/// Transfers that run together on the thread that calls ``turn(milliseconds:)``. Not for use from several threads.
final class HTTPLoop {
    private let loop: OpaquePointer
    private let certificates: String?
    private let stallSeconds: Int
    /// What each running transfer is to the library, and the reference that keeps it alive.
    private var running: [ObjectIdentifier: (handle: OpaquePointer, transfer: Unmanaged<HTTPTransfer>)] = [:]

    /// - Throws: ``HubError/noLibrary(_:)``.
    init(certificates: String?, stallSeconds: Int) throws(HubError) {
        if let problem = kite_http_load() { throw .noLibrary(String(cString: problem)) }
        guard let loop = kite_http_new() else { throw .noLibrary("libcurl has no memory") }
        self.loop = loop
        self.certificates = certificates
        self.stallSeconds = stallSeconds
    }

    deinit {
        kite_http_free(loop)
        for (_, transfer) in running.values { transfer.release() }
    }

    /// How many transfers run.
    var count: Int { running.count }

    /// Starts a transfer. It ends with its `onEnd`, during a later turn.
    func start(_ transfer: HTTPTransfer) throws(HubError) {
        let retained = Unmanaged.passRetained(transfer)
        var request = kite_http_request()
        request.is_head = transfer.isHead ? 1 : 0
        request.connect_seconds = 20
        request.stall_seconds = stallSeconds
        request.context = retained.toOpaque()
        request.on_header = { bytes, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
            var line = UnsafeRawBufferPointer(start: bytes, count: count)[...]
            while let last = line.last, last == 0x0D || last == 0x0A { line.removeLast() }
            return line.isEmpty || transfer.take(header: String(decoding: line, as: UTF8.self)) ? count : 0
        }
        request.on_body = { bytes, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.take(body: UnsafeRawBufferPointer(start: bytes, count: count).bytes) ? count : 0
        }
        let range = transfer.range.map { "\($0.lowerBound)-\($0.upperBound)" }
        let handle = transfer.address.description.withCString { url in
            Self.withCStrings(transfer.headers) { headers in
                Self.withCString(range) { range in
                    Self.withCString(certificates) { certificates in
                        "kite".withCString { agent in
                            request.url = url
                            request.headers = headers.baseAddress
                            request.header_count = headers.count
                            request.range = range
                            request.certificates = certificates
                            request.user_agent = agent
                            return kite_http_start(loop, &request)
                        }
                    }
                }
            }
        }
        guard let handle else {
            retained.release()
            throw .noLibrary("libcurl refuses a request to \(transfer.address.origin)")
        }
        running[ObjectIdentifier(transfer)] = (handle, retained)
    }

    /// Moves what can be moved, after waiting at most `milliseconds`, and ends what is through.
    func turn(milliseconds: Int) throws(HubError) {
        guard kite_http_run(loop, Int32(clamping: milliseconds)) == 0 else { throw .noLibrary("libcurl fails") }
        var end = kite_http_end()
        while let handle = kite_http_next_end(loop, &end) {
            let detail = end.message.map { String(cString: $0) } ?? ""
            guard let context = end.context else { continue }
            let retained = Unmanaged<HTTPTransfer>.fromOpaque(context)
            let transfer = retained.takeUnretainedValue()
            running[ObjectIdentifier(transfer)] = nil
            kite_http_stop(loop, handle)
            transfer.end(code: Int(end.code), detail: detail)
            retained.release()
        }
    }

    /// Ends the transfers that `isWanted` does not name, without a word to them.
    func stopAll() {
        for (handle, transfer) in running.values {
            kite_http_stop(loop, handle)
            transfer.release()
        }
        running = [:]
    }

    private static func withCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }

    private static func withCStrings<R>(
        _ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        // One buffer of all texts, each with its zero, and pointers into it.
        let bytes = texts.flatMap { Array($0.utf8CString) }
        return bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = []
            var start = 0
            for text in texts {
                pointers.append(buffer.baseAddress.map { $0 + start })
                start += text.utf8CString.count
            }
            return pointers.withUnsafeBufferPointer(body)
        }
    }
}
