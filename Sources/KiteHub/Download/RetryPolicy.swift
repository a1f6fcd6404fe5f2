/// When something that failed is tried again.
struct RetryPolicy {
    /// What an answer means for the request.
    enum Verdict: Equatable {
        case success
        /// May work later: too many requests, an overloaded or broken server.
        case later
        /// Will not work however often it is tried.
        case never
    }

    /// Failures since the last progress.
    private(set) var failures = 0
    /// The moment of the next attempt, in seconds of ``Files/seconds``.
    private(set) var notBefore = 0.0

    /// Takes note of a failure.
    /// - Parameters:
    ///   - now: The moment.
    ///   - wait: How long the server asks to wait.
    ///   - madeProgress: Whether bytes arrived meanwhile: then the count begins again.
    ///   - first: The wait after the first failure.
    mutating func fail(now: Double, wait: Double?, madeProgress: Bool, first: Double) {
        failures = madeProgress ? 1 : failures + 1
        let backoff = first * Double(1 << min(failures - 1, 6))
        // Many clients that failed together should not come back together.
        let spread = backoff * Double.random(in: 0.75...1.25)
        notBefore = now + min(max(wait ?? 0, min(spread, 30)), 600)
    }

    /// Waits at least until `moment`.
    mutating func hold(until moment: Double) { notBefore = max(notBefore, moment) }

    /// What a status means.
    static func verdict(_ status: Int) -> Verdict {
        switch status {
        case 200...299: .success
        case 408, 425, 429, 500, 502, 503, 504, 509, 520...530: .later
        default: .never
        }
    }

    /// What a failed connection means, by libcurl's number.
    static func verdict(failure code: Int) -> Verdict {
        // Malformed address, no such protocol, out of memory, certificates that are refused or cannot be read.
        [1, 2, 3, 4, 27, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91].contains(code) ? .never : .later
    }
}
