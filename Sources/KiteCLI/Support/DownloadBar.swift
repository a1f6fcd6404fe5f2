import KiteHub
import Synchronization

/// How far a download is, on a terminal.
final class DownloadBar: Sendable {
    private let bar: Mutex<ProgressBar>

    init(title: String) { bar = Mutex(ProgressBar(title: title)) }

    /// Shows how far it is.
    func show(_ progress: DownloadProgress) {
        bar.withLock { bar in
            bar.update(
                done: progress.done, total: progress.total, rate: progress.bytesPerSecond, detail: progress.detail)
        }
    }

    /// Takes the line away.
    func clear() { bar.withLock { $0.clear() } }
}
