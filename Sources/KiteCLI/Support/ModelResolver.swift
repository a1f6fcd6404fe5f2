import KiteHub

/// Finds what a MODEL on the command line means: a path, or a model of the Hub, which is fetched when it is not here yet.
enum ModelResolver {
    /// The path of a GGUF file or of a checkpoint folder.
    /// - Parameters:
    ///   - text: A path, or `owner/repo[@revision][:QUANT]`. What exists as a path is one.
    ///   - prefersCheckpoint: Whether a repository that has both means its safetensors.
    static func path(_ text: String, prefersCheckpoint: Bool = false) async throws -> String {
        if SystemIO.exists(text) { return SystemIO.expandingTilde(text) }
        guard ModelReference.isPlausible(text), let reference = ModelReference(text) else {
            throw CLIError.failure(
                "there is no file or folder '\(text)'; give the path of a GGUF file or a checkpoint folder, "
                    + "or owner/repo[:QUANT] of the Hub")
        }
        let hub = try hub()
        if let stored = try hub.store.find(reference, prefersCheckpoint: prefersCheckpoint) { return stored.path }
        var request = PullRequest(reference)
        request.prefersCheckpoint = prefersCheckpoint
        do {
            if !hub.settings.isOffline {
                Console.note(
                    "\(reference) is not in the store yet: fetching it from \(hub.settings.endpoint)", style: .plain)
            }
            return try await pull(request, from: hub).path
        } catch let error as HubError {
            guard case .repositoryNotFound = error else { throw error }
            throw CLIError.failure("there is no file or folder '\(text)', and \(error)")
        }
    }

    /// The Hub as the environment has it.
    static func hub() throws -> Hub { Hub(try HubSettings(environment: SystemIO.environment)) }

    /// Fetches with a progress bar. Ctrl-C ends the program; what has arrived stays.
    static func pull(_ request: PullRequest, from hub: Hub) async throws -> PullResult {
        let bar = DownloadBar(title: "Fetching")
        defer { bar.clear() }
        return try await Interrupts.handled(
            by: {
                bar.clear()
                Console.note("stopped; what has arrived is kept, the same command continues")
                ExitStatus.interrupted.leave()
            },
            { try await hub.pull(request) { bar.show($0) } })
    }
}
