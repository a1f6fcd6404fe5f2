/// A file on its way.
final class FileDownload {
    /// What comes next.
    enum Stage {
        /// The server must say where the contents are.
        case unknown
        /// It has been asked.
        case asked
        /// Another program is fetching the same contents.
        case locked
        /// Contents arrive.
        case arriving
        /// They are under their name.
        case done
    }

    let name: String
    /// What the list of files says about it.
    let listed: RepositoryListing.File
    /// Where the Hub serves it.
    let source: HTTPAddress

    var stage = Stage.unknown
    /// Where the contents are, which may be another host.
    var address: HTTPAddress?
    var tag = ""
    var size: Int?
    var lock: StoreLock?
    private(set) var partial: PartialFile?
    private(set) var check: ContentCheck?
    /// Attempts to find out where it is, and the wait for all of its ranges.
    var retry = RetryPolicy()
    /// Attempts by chunk.
    var chunkRetries: [Int: RetryPolicy] = [:]
    /// Chunks that arrive at this moment.
    var running: Set<Int> = []
    /// Goes up when what has arrived is forgotten: ranges asked for before count no more.
    private(set) var generation = 0
    /// How often the contents had moved.
    var renewals = 0
    private var wasDamaged = false

    init(_ listed: RepositoryListing.File, source: HTTPAddress) {
        name = listed.name
        self.listed = listed
        self.source = source
        size = listed.size
    }

    /// Bytes that are there.
    var arrived: Int { stage == .done ? size ?? 0 : partial?.count ?? 0 }

    /// Opens the file that collects the contents, with what arrived before.
    func open(_ path: String, chunkSize: Int) throws(HubError) {
        guard let size else { return }
        try Files.makeFolder(Files.folder(of: path))
        partial = try PartialFile(path: path, size: size, chunkSize: chunkSize)
        check = ContentCheck(tag: tag, blob: listed.blob, size: size)
    }

    /// The next range to ask for; nil when all are there, on their way, or to be tried later.
    func nextChunk(now: Double) -> (index: Int, range: ClosedRange<Int>)? {
        guard let partial, retry.notBefore <= now else { return nil }
        for index in partial.arrived.indices where !running.contains(index) {
            guard let range = partial.missing(of: index), chunkRetries[index]?.notBefore ?? 0 <= now else { continue }
            return (index, range)
        }
        return nil
    }

    /// Starts again from nothing, in chunks of another size.
    func restart(chunkSize: Int) throws(HubError) {
        generation += 1
        running = []
        chunkRetries = [:]
        guard let partial, let size else { return }
        try partial.restart(chunkSize: chunkSize)
        check = ContentCheck(tag: tag, blob: listed.blob, size: size)
    }

    /// Looks at up to 4 MB of what has arrived without a hole.
    /// - Returns: Whether there was something to look at.
    func checkSome(_ buffer: inout [UInt8]) throws(HubError) -> Bool {
        guard let partial, let end = check.map(\.count), end < partial.contiguous else { return false }
        var position = end
        let limit = min(partial.contiguous, end + 4 << 20)
        while position < limit {
            let count = min(try partial.read(at: position, into: &buffer), limit - position)
            check?.update(buffer.span.bytes.extracting(0..<count))
            position += count
        }
        return true
    }

    /// Whether everything has arrived and been looked at.
    var isComplete: Bool {
        stage == .arriving && partial.map { $0.contiguous == $0.size && check?.count == $0.size } == true
    }

    /// Gives the contents their name. Wrong ones are fetched once more.
    /// - Returns: Whether they are there.
    func finish(as path: String) throws(HubError) -> Bool {
        guard let partial, let check else { return false }
        if let found = check.mismatch() {
            guard !wasDamaged else {
                partial.discard()
                throw .damaged(file: name, expected: check.expected, found: found)
            }
            wasDamaged = true
            try restart(chunkSize: partial.chunkSize)
            return false
        }
        try partial.finish(as: path)
        close()
        return true
    }

    /// The contents are there.
    func close() {
        stage = .done
        partial = nil
        check = nil
        lock = nil
    }
}
