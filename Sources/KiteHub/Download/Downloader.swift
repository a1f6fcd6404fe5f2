/// Fetches what a request names: asks for the list of files, then fetches several files and several ranges of each at once
/// over a few connections, checks them and puts them under their names. All of it happens on the thread that calls ``run()``.
final class Downloader {
    let settings: HubSettings
    let request: PullRequest
    let store: ModelStore
    let local: LocalFolder?
    let loop: HTTPLoop
    let endpoint: HTTPAddress
    private let onProgress: (DownloadProgress) -> Void
    private let isCancelled: () -> Bool

    var files: [FileDownload] = []
    /// What ended the download, found out in the middle of a transfer.
    var failure: HubError?
    /// Whether the server has answered anything yet.
    var hasContact = false
    /// Bytes that came over the network.
    var fetched = 0
    /// What is waited for, when nothing moves.
    var waitingFor = ""
    private var meter = RateMeter()
    private var lastReport = -1.0
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)

    var repository: String { request.reference.repository }
    var revision: String { request.reference.revision ?? "main" }

    /// - Throws: ``HubError/offline(what:)``, ``HubError/noLibrary(_:)``.
    init(
        settings: HubSettings, request: PullRequest, onProgress: @escaping (DownloadProgress) -> Void,
        isCancelled: @escaping () -> Bool
    ) throws(HubError) {
        guard !settings.isOffline else { throw .offline(what: "\(request.reference) is not in the store") }
        guard let endpoint = HTTPAddress(settings.endpoint) else { throw .invalidReference(settings.endpoint) }
        self.settings = settings
        self.request = request
        self.endpoint = endpoint
        self.onProgress = onProgress
        self.isCancelled = isCancelled
        store = ModelStore(path: settings.cachePath)
        local = request.localFolder.map(LocalFolder.init)
        loop = try HTTPLoop(certificates: settings.certificates, stallSeconds: settings.stallSeconds)
    }

    /// Fetches everything. What has arrived stays when this fails, and the next attempt goes on from there.
    func run() throws(HubError) -> PullResult {
        defer { loop.stopAll() }
        let listing = try list()
        let choice = try request.choice(from: listing)
        for name in choice.files {
            guard let file = listing.files.first(where: { $0.name == name }) else { continue }
            files.append(FileDownload(file, source: try address(of: name, at: listing.commit)))
        }
        if local == nil { try store.prepare() }
        try checkRoom()
        while !files.allSatisfy({ $0.stage == .done }) {
            if isCancelled() { throw .cancelled }
            let now = Files.seconds
            try startWork(now)
            var isBusy = false
            for file in files where file.stage == .arriving {
                if try file.checkSome(&buffer) { isBusy = true }
                if file.isComplete { try finish(file, commit: listing.commit) }
            }
            try loop.turn(milliseconds: isBusy ? 0 : 100)
            if let failure { throw failure }
            // Without transfers the library does not wait.
            if loop.count == 0, !isBusy { Files.sleep(0.02) }
            report()
        }
        return try publish(choice, commit: listing.commit)
    }

    /// Starts as many transfers as there may be.
    private func startWork(_ now: Double) throws(HubError) {
        for file in files {
            guard loop.count < settings.connections else { return }
            switch file.stage {
            case .unknown: if file.retry.notBefore <= now { try locate(file) }
            case .locked:
                if file.retry.notBefore <= now { try begin(file) }
            case .arriving:
                while loop.count < settings.connections, let next = file.nextChunk(now: now) {
                    try fetch(file, next.index, next.range)
                }
            case .asked, .done: break
            }
        }
    }

    /// The server has told where a file is: opens what collects it, unless it is here already.
    func begin(_ file: FileDownload) throws(HubError) {
        if let local {
            try local.prepare(file.name)
            if local.isCurrent(file.name, tag: file.tag, size: file.size) { return file.close() }
        } else {
            // Two files of equal contents are one.
            if files.contains(where: { $0 !== file && $0.tag == file.tag && $0.stage == .arriving }) {
                return hold(file)
            }
            if isStored(file) { return file.close() }
        }
        if file.lock == nil {
            let path = local?.lock(file.name) ?? store.lock(file.tag, of: repository)
            file.lock = try StoreLock.take(path)
            guard file.lock != nil else {
                waitingFor = "another program is downloading \(file.name)"
                return hold(file)
            }
            // It may have come between the question and the lock.
            if local == nil, isStored(file) { return file.close() }
        }
        let path =
            local?.partial(file.name, tag: file.tag)
            ?? store.blob(file.tag, of: repository) + ModelStore.partialSuffix
        try file.open(path, chunkSize: settings.chunkSize)
        file.stage = .arriving
    }

    private func hold(_ file: FileDownload) {
        file.stage = .locked
        file.retry.hold(until: Files.seconds + 0.2)
    }

    private func isStored(_ file: FileDownload) -> Bool {
        guard let status = Files.status(store.blob(file.tag, of: repository)), !status.isFolder else { return false }
        file.size = file.size ?? status.size
        return status.size == file.size
    }

    private func finish(_ file: FileDownload, commit: String) throws(HubError) {
        let lock = file.lock
        let path = local?.file(file.name) ?? store.blob(file.tag, of: repository)
        guard try file.finish(as: path) else { return }
        try local?.note(file.name, tag: file.tag, commit: commit)
        withExtendedLifetime(lock) {}
    }

    /// Names appear only now that all files are whole: a model of several files is never seen in part.
    private func publish(_ choice: ModelChoice, commit: String) throws(HubError) -> PullResult {
        if local == nil {
            try store.publish(
                files.map { ($0.name, $0.tag) }, commit: commit, revision: revision, repository: repository)
        }
        let folder = local?.path ?? store.snapshot(commit, of: repository)
        // One model is opened by its first file; a choice of other files is a folder.
        let isFolder =
            choice.isCheckpoint || (choice.files.count > 1 && ModelChoice.ggufModels(among: choice.files).count != 1)
        return PullResult(
            path: isFolder ? folder : "\(folder)/\(choice.files[0])", folder: folder, commit: commit,
            files: choice.files, quantization: choice.isCheckpoint ? nil : choice.quantization,
            bytes: files.reduce(0) { $0 + ($1.size ?? 0) }, fetchedBytes: fetched)
    }

    /// Refuses early what cannot fit.
    private func checkRoom() throws(HubError) {
        let folder = local?.path ?? store.path
        try Files.makeFolder(folder)
        var needed = 0
        for file in files {
            guard let size = file.size, let tag = file.listed.sha256 ?? file.listed.blob, SafePath.isBlobName(tag)
            else { continue }
            let blob = local.map { $0.file(file.name) } ?? store.blob(tag, of: repository)
            let partial = local?.partial(file.name, tag: tag) ?? blob + ModelStore.partialSuffix
            // What has begun has its own check, which knows how much is missing.
            if Files.status(blob) == nil, Files.status(partial) == nil { needed += size }
        }
        guard let free = Files.freeBytes(at: folder), free < needed else { return }
        throw .diskFull(path: folder, needed: needed, free: free)
    }

    /// Tells how far it is, some ten times a second.
    private func report() {
        let now = Files.seconds
        guard now - lastReport >= 0.1 || files.allSatisfy({ $0.stage == .done }) else { return }
        lastReport = now
        meter.add(fetched, at: now)
        let current = files.filter { $0.stage == .arriving }.map(\.name)
        let detail =
            loop.count == 0 && !waitingFor.isEmpty
            ? waitingFor : current.count > 1 ? "\(current[0]) and \(current.count - 1) more" : current.first ?? ""
        onProgress(
            DownloadProgress(
                done: files.reduce(0) { $0 + $1.arrived }, total: files.reduce(0) { $0 + ($1.size ?? 0) },
                bytesPerSecond: meter.rate, detail: detail))
    }

    func stopIfCancelled() throws(HubError) {
        if isCancelled() { throw .cancelled }
    }
}
