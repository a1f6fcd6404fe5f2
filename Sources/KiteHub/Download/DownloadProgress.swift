/// How far a download is.
package struct DownloadProgress: Sendable, Equatable {
    /// Bytes that are there, of all files.
    package var done: Int
    /// Bytes of all files.
    package var total: Int
    /// Bytes per second of the last seconds; 0 while nothing is known.
    package var bytesPerSecond: Double
    /// What is being done: the name of a file, or what is waited for.
    package var detail: String

    /// Seconds to the end; nil while nothing is known.
    package var secondsLeft: Double? {
        bytesPerSecond > 0 ? Double(total - done) / bytesPerSecond : nil
    }
}

/// The rate of what arrived in the last seconds.
struct RateMeter {
    private var samples: [(time: Double, bytes: Int)] = []
    private let window = 8.0

    /// Takes note of how many bytes have arrived in all.
    mutating func add(_ bytes: Int, at time: Double) {
        if let last = samples.last, time - last.time < 0.2 { return }
        samples.append((time, bytes))
        while samples.count > 2, time - samples[1].time > window { samples.removeFirst() }
    }

    /// Bytes per second.
    var rate: Double {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
        return Double(last.bytes - first.bytes) / (last.time - first.time)
    }
}
