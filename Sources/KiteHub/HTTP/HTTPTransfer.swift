/// A request, and what is done with its answer while it comes.
final class HTTPTransfer {
    /// How a transfer ended.
    enum End: Equatable {
        /// All of the answer has come.
        case complete
        /// It was stopped by ``onHead`` or ``onBody``.
        case stopped
        /// The connection failed: libcurl's number, and that in words.
        case failed(code: Int, detail: String)
    }

    let address: HTTPAddress
    let headers: [String]
    let isHead: Bool
    /// First and last byte asked for.
    let range: ClosedRange<Int>?

    /// Status and headers, as far as they came.
    private(set) var head = HTTPHead()
    /// Decides with the complete head whether the body is wanted.
    var onHead: (HTTPHead) -> Bool = { _ in true }
    /// Takes a piece of the body; false stops the transfer.
    var onBody: (RawSpan) -> Bool = { _ in true }
    /// Called once, after everything else.
    var onEnd: (HTTPTransfer, End) -> Void = { _, _ in }

    private var isAccepted = false
    private(set) var isStopped = false

    init(_ address: HTTPAddress, headers: [String], isHead: Bool = false, range: ClosedRange<Int>? = nil) {
        self.address = address
        self.headers = headers
        self.isHead = isHead
        self.range = range
    }

    /// Takes a line of the head; false stops the transfer.
    func take(header line: String) -> Bool {
        head.add(line)
        return true
    }

    /// Takes a piece of the body; false stops the transfer.
    func take(body bytes: RawSpan) -> Bool {
        if !isAccepted {
            isAccepted = true
            isStopped = !onHead(head)
        }
        if !isStopped { isStopped = !onBody(bytes) }
        return !isStopped
    }

    /// The transfer is over.
    func end(code: Int, detail: String) {
        if code == 0, !isAccepted, !isStopped {
            isAccepted = true
            isStopped = !onHead(head)
        }
        let finish = onEnd
        // What they hold may hold this.
        (onHead, onBody, onEnd) = ({ _ in false }, { _ in false }, { _, _ in })
        finish(self, isStopped ? .stopped : code == 0 ? .complete : .failed(code: code, detail: detail))
    }
}
