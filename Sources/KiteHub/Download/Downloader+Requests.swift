extension Downloader {
    /// Where the Hub serves a file of a commit.
    func address(of name: String, at commit: String) throws(HubError) -> HTTPAddress {
        let path = "/\(repository)/resolve/\(commit)/\(HTTPAddress.escaped(name, keepingSlashes: true))"
        guard let address = HTTPAddress(settings.endpoint + path) else { throw .invalidReference(name) }
        return address
    }

    /// Starts a request and follows where it is sent. `onEnd` gets the last address, and the head of the last answer with
    /// what earlier ones said about the contents.
    /// - Parameter stopsAtContents: Whether a redirection that names the contents is an answer.
    func send(
        _ address: HTTPAddress, isHead: Bool = false, range: ClosedRange<Int>? = nil, hops: Int = 0,
        onHead: @escaping (HTTPHead) -> Bool = { _ in true }, onBody: @escaping (RawSpan) -> Bool = { _ in true },
        onEnd: @escaping (HTTPAddress, HTTPHead, HTTPTransfer.End) -> Void
    ) throws(HubError) {
        // Sizes are those of the contents, not of something packed.
        var headers = ["Accept-Encoding: identity"]
        // Only the Hub may see the token: redirections lead to other hosts, which have signatures in their addresses.
        if let token = settings.token, address.origin == endpoint.origin {
            headers.append("Authorization: Bearer \(token)")
        }
        let transfer = HTTPTransfer(address, headers: headers, isHead: isHead, range: range)
        transfer.onHead = { $0.isRedirect || onHead($0) }
        transfer.onBody = { [unowned transfer] in transfer.head.isRedirect || onBody($0) }
        transfer.onEnd = { [self] transfer, end in
            let head = transfer.head
            if head.status != 0 { hasContact = true }
            let namesContents = isHead && head["x-linked-etag"] != nil
            guard case .complete = end, head.isRedirect, !namesContents else { return onEnd(address, head, end) }
            guard hops < 10, let location = head["location"], let next = address.following(location) else {
                failure = .unsafe(what: "a redirection", text: head["location"] ?? "")
                return
            }
            do throws(HubError) {
                try send(
                    next, isHead: isHead, range: range, hops: hops + 1, onHead: onHead, onBody: onBody, onEnd: onEnd)
            } catch { failure = error }
        }
        try loop.start(transfer)
    }

    /// The list of files, asked for until it comes.
    func list() throws(HubError) -> RepositoryListing {
        let what = "the list of files of \(repository)"
        let path = "/api/models/\(repository)/revision/\(HTTPAddress.escaped(revision))?blobs=true"
        guard let address = HTTPAddress(settings.endpoint + path) else { throw .invalidReference(repository) }
        var retry = RetryPolicy()
        while true {
            var body: [UInt8] = []
            var answer: (head: HTTPHead, end: HTTPTransfer.End)?
            try send(
                address,
                onBody: { bytes in
                    bytes.withUnsafeBytes { body.append(contentsOf: $0) }
                    return body.count <= 64 << 20
                },
                onEnd: { _, head, end in answer = (head, end) })
            while answer == nil {
                try stopIfCancelled()
                try loop.turn(milliseconds: 100)
                if let failure { throw failure }
            }
            guard let (head, end) = answer else { continue }
            if case .complete = end, RetryPolicy.verdict(head.status) == .success {
                return try RepositoryListing(parsing: body, of: repository)
            }
            if case .stopped = end { throw .unexpectedAnswer(what: what, detail: "it is longer than 64 MB") }
            try again(&retry, what: what, head, end, madeProgress: false) { .refused(by: head, for: nil, in: self) }
            while Files.seconds < retry.notBefore {
                try stopIfCancelled()
                Files.sleep(min(0.05, settings.firstDelay))
            }
        }
    }

    /// Asks where a file is, how long, and what its contents are called.
    func locate(_ file: FileDownload) throws(HubError) {
        file.stage = .asked
        try send(file.source, isHead: true) { [self] address, head, end in
            do throws(HubError) {
                guard case .complete = end, RetryPolicy.verdict(head.status) == .success || head.isRedirect else {
                    file.stage = .unknown
                    return try again(&file.retry, what: file.name, head, end, madeProgress: false) {
                        .refused(by: head, for: file.name, in: self)
                    }
                }
                try take(head, from: address, for: file)
                file.retry = RetryPolicy()
                if file.partial == nil {
                    try begin(file)
                } else {
                    file.stage = .arriving
                }
            } catch {
                failure = error
            }
        }
    }

    private func take(_ head: HTTPHead, from address: HTTPAddress, for file: FileDownload) throws(HubError) {
        let tag = head.entityTag ?? file.listed.sha256 ?? file.listed.blob ?? ""
        guard SafePath.isBlobName(tag) else { throw .unsafe(what: "an entity tag", text: tag) }
        let length = head["x-linked-size"] ?? (head.isRedirect ? nil : head["content-length"])
        guard let size = length.flatMap(Int.init) ?? file.listed.size, (0...1 << 44).contains(size) else {
            throw .unexpectedAnswer(what: file.name, detail: "the server does not tell its size")
        }
        if let promised = file.listed.sha256, tag.utf8.count == 64, tag != promised {
            throw .unexpectedAnswer(what: file.name, detail: "the server tells two hashes, \(promised) and \(tag)")
        }
        guard file.partial == nil || (tag == file.tag && size == file.size) else {
            throw .unexpectedAnswer(what: file.name, detail: "its contents change while they are downloaded")
        }
        (file.tag, file.size) = (tag, size)
        file.address = address
        guard head.isRedirect, let location = head["location"] else { return }
        guard let next = address.following(location) else { throw .unsafe(what: "a redirection", text: location) }
        file.address = next
    }

    /// Takes note of a failure that may pass; throws one that will not, or that came too often.
    func again(
        _ retry: inout RetryPolicy, what: String, _ head: HTTPHead, _ end: HTTPTransfer.End, madeProgress: Bool,
        refusal: () -> HubError
    ) throws(HubError) {
        var detail = "the server answers \(head.status)"
        if case .failed(let code, let text) = end {
            detail = text.isEmpty ? "connection error \(code)" : text
            guard RetryPolicy.verdict(failure: code) == .later else {
                // Certificates that are refused, or that cannot be read.
                let hint = [60, 77].contains(code) ? "; SSL_CERT_FILE names a file of other certificates to trust" : ""
                throw .refused(what: "\(what) from \(endpoint.origin)", status: head.status, message: detail + hint)
            }
        } else if RetryPolicy.verdict(head.status) == .never {
            throw refusal()
        } else if RetryPolicy.verdict(head.status) == .success {
            detail = "the answer is cut short"
        }
        retry.fail(
            now: Files.seconds, wait: head.retryAfter(now: Files.now), madeProgress: madeProgress,
            first: settings.firstDelay)
        waitingFor = "\(detail); trying again"
        // Where nothing was ever heard of, the name is wrong or the network is down: no reason to wait long.
        let limit = hasContact ? settings.attempts : min(settings.attempts, 3)
        guard retry.failures < limit else {
            throw .connection(what: "\(what) from \(endpoint.origin)", detail: detail, attempts: retry.failures)
        }
    }
}

extension HubError {
    /// What a status that will not change means, for a file or for the repository.
    static func refused(by head: HTTPHead, for file: String?, in downloader: Downloader) -> HubError {
        let repository = downloader.repository
        let endpoint = downloader.settings.endpoint
        let hasToken = downloader.settings.token != nil
        let message = head["x-error-message"] ?? ""
        switch (head.status, head["x-error-code"]) {
        case (_, "GatedRepo"): return .gated(repository: repository, endpoint: endpoint, hasToken: hasToken)
        case (_, "RevisionNotFound"):
            return .revisionNotFound(repository: repository, revision: downloader.revision)
        case (_, "EntryNotFound"): return .fileNotFound(repository: repository, file: file ?? "", near: [])
        case (_, "RepoNotFound"):
            return .repositoryNotFound(repository: repository, endpoint: endpoint, hasToken: hasToken)
        case (401, _) where hasToken && message.contains("Invalid"): return .invalidToken(endpoint: endpoint)
        case (401, _):
            return .repositoryNotFound(repository: repository, endpoint: endpoint, hasToken: hasToken)
        case (404, _):
            guard let file else {
                return .repositoryNotFound(repository: repository, endpoint: endpoint, hasToken: hasToken)
            }
            return .fileNotFound(repository: repository, file: file, near: [])
        default: return .refused(what: file ?? repository, status: head.status, message: message)
        }
    }
}
