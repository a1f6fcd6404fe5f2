extension Downloader {
    /// Asks for the missing bytes of a chunk.
    func fetch(_ file: FileDownload, _ index: Int, _ range: ClosedRange<Int>) throws(HubError) {
        guard let address = file.address, let partial = file.partial else { return }
        file.running.insert(index)
        let generation = file.generation
        let renewals = file.renewals
        let before = partial.arrived[index]
        let isWhole = partial.arrived.count == 1
        // Bytes at the beginning of the answer that are there already.
        var skipped = 0
        var refusal: HubError?
        // Whether the answer is the file's bytes, not a page that says why there are none.
        var isContents = false
        try send(
            address, range: range,
            onHead: { [self] head in
                switch head.status {
                case 206:
                    let told = head.contentRange
                    guard told?.start == range.lowerBound, told?.total ?? partial.size == partial.size else {
                        refusal = .unexpectedAnswer(
                            what: file.name, detail: "the server sends \(head["content-range"] ?? "other bytes")")
                        return false
                    }
                    isContents = true
                    return true
                case 200 where isWhole:
                    skipped = range.lowerBound
                    isContents = true
                    return true
                case 200:
                    // The server knows no ranges: everything must come as one.
                    do throws(HubError) {
                        if file.generation == generation { try file.restart(chunkSize: partial.size) }
                    } catch {
                        failure = error
                    }
                    return false
                default: return true
                }
            },
            onBody: { [self] bytes in
                guard file.generation == generation, failure == nil else { return false }
                guard isContents else { return true }
                let start = min(skipped, bytes.byteCount)
                skipped -= start
                do throws(HubError) {
                    let count = partial.arrived[index]
                    try partial.append(bytes.extracting(start..<bytes.byteCount), toChunk: index)
                    fetched += partial.arrived[index] - count
                } catch {
                    failure = error
                    return false
                }
                return true
            },
            onEnd: { [self] _, head, end in
                guard file.generation == generation, failure == nil else { return }
                file.running.remove(index)
                if let refusal {
                    failure = refusal
                    return
                }
                guard partial.missing(of: index) != nil else {
                    file.chunkRetries[index] = nil
                    return
                }
                do throws(HubError) {
                    try retry(
                        file, index, head, end, renewals: renewals, madeProgress: partial.arrived[index] > before)
                } catch { failure = error }
            })
    }

    /// A range did not come, or not all of it.
    private func retry(
        _ file: FileDownload, _ index: Int, _ head: HTTPHead, _ end: HTTPTransfer.End, renewals: Int,
        madeProgress: Bool
    ) throws(HubError) {
        // Addresses with signatures are good for a while only: the Hub has a fresh one. Other ranges may have asked already.
        if [401, 403, 404, 410].contains(head.status), file.address != file.source {
            if file.renewals != renewals { return }
            if file.renewals < 5 {
                file.renewals += 1
                file.stage = .unknown
                return
            }
        }
        var policy = file.chunkRetries[index] ?? RetryPolicy()
        try again(&policy, what: file.name, head, end, madeProgress: madeProgress) {
            .refused(by: head, for: file.name, in: self)
        }
        file.chunkRetries[index] = policy
        // A server that has enough of us means all our requests.
        if head.status == 429 { file.retry.hold(until: policy.notBefore) }
    }
}
