internal import Synchronization
internal import TensorCore

/// What was fetched.
package struct PullResult: Sendable, Equatable {
    /// What a command opens: the first file of a model, or the folder.
    package var path: String
    /// The folder the files are in.
    package var folder: String
    /// The commit they are of.
    package var commit: String
    /// Their names in the repository.
    package var files: [String]
    /// The type of the weights, of a GGUF file whose name tells it.
    package var quantization: String?
    /// Bytes of all files.
    package var bytes: Int
    /// Bytes that had to be fetched now.
    package var fetchedBytes: Int
}

/// The Hugging Face Hub, or a server that speaks like it.
package struct Hub: Sendable {
    /// Where it is and where models are kept.
    package let settings: HubSettings

    /// A hub with these settings.
    package init(_ settings: HubSettings) { self.settings = settings }

    /// The models on this machine.
    package var store: ModelStore { ModelStore(path: settings.cachePath) }

    /// Fetches what is missing of what `request` names. What has arrived stays when this fails or is cancelled; the next
    /// attempt goes on from there.
    /// - Parameter onProgress: Called some ten times a second, on a thread of the download's.
    /// - Throws: ``HubError``.
    package func pull(
        _ request: PullRequest, onProgress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> PullResult {
        let stop = Flag()
        let settings = settings
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<PullResult, any Error>) in
                // Transfers wait for the network, which Swift's few threads must not.
                let started = DetachedThread.start {
                    continuation.resume(
                        with: Result {
                            try Downloader(
                                settings: settings, request: request, onProgress: onProgress,
                                isCancelled: { stop.isRaised }
                            ).run()
                        })
                }
                if !started { continuation.resume(throwing: HubError.noLibrary("the system refuses a thread")) }
            }
        } onCancel: {
            stop.raise()
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }
}
