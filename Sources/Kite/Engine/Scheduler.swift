import TensorCore
import Tokenization

/// Decides what each pass over the model computes: a token of every answer, and a share of the prompts.
///
/// Requests get their turn in the order of their coming. What a pass takes along changes how long an answer takes and
/// nothing else (docs/decisions/0014). Only for the engine's thread.
final class Scheduler {
    /// What there is to share.
    struct Limits {
        /// Most answers together.
        var sequences: Int
        /// Most tokens of an answer with its prompt.
        var contextLength: Int
        /// Most tokens of a pass.
        var promptChunk: Int
    }

    let transformer: Transformer
    let pages: KVPagePool
    let prefixes = PrefixCache()
    let limits: Limits
    let gauge = EngineGauge()
    let scratch = ScratchRows()
    private let mailbox: EngineMailbox
    private var waiting: [ActiveRequest] = []
    /// In the order of their coming.
    private(set) var running: [RunningSequence] = []
    /// Answers of all requests that have their turn.
    private var activeAnswers = 0
    var statistics = EngineStatistics()
    var promptPace = PromptPace()
    /// Whether the next pass is for readers, where it has room for one token only.
    var isReadersTurn = false
    /// Whether the next pass is for texts whose hidden states are wanted.
    var isEmbeddersTurn = false
    /// Which answer comes first in the next pass, where not all fit.
    var rotation = 0

    init(transformer: Transformer, pages: KVPagePool, limits: Limits, mailbox: EngineMailbox) {
        self.transformer = transformer
        self.pages = pages
        self.limits = limits
        self.mailbox = mailbox
        publish()
    }

    /// An empty sequence, whose pages count.
    func makeCache() -> KVSequence { KVSequence(transformer.kvLayout, pool: pages) }

    // MARK: From outside

    func enqueue(_ requests: [ActiveRequest]) { waiting += requests }

    /// Seconds until some request's time is over; nil when none has a deadline.
    var secondsToDeadline: Double? {
        var earliest: ContinuousClock.Instant?
        for deadline in waiting.lazy.compactMap(\.deadline) { earliest = min(earliest ?? deadline, deadline) }
        for deadline in running.lazy.compactMap(\.request.deadline) { earliest = min(earliest ?? deadline, deadline) }
        return earliest.map { max((ContinuousClock.now.duration(to: $0)).seconds, 0) }
    }

    /// Does the next pass.
    /// - Parameter isPoked: Whether a request was cancelled, or its reader caught up.
    /// - Returns: Whether there is more to do; if not, something has to come first.
    func advance(isPoked: Bool) -> Bool {
        endCancelled(isPoked: isPoked)
        endOverdue()
        resume()
        admit()
        // A pass may take seconds: what it is for is told before.
        publish()
        let hasRun = runPass()
        publish()
        return hasRun
    }

    // MARK: Admission

    /// Gives requests their turn, first come, first served.
    private func admit() {
        while let request = waiting.first, !running.contains(where: { $0.isSetBack && !$0.request.channel.isFull }) {
            let taken = placesTaken
            guard taken == 0 || taken + request.choices <= limits.sequences else { return }
            do {
                let prompt = try request.begin()
                try checkFits(request, prompt.tokens.count)
                let sequence = RunningSequence(request, request.answers.first, prompt.tokens, makeCache())
                guard makeRoom(for: sequence) else { return }
                waiting.removeFirst()
                request.started = .now
                request.progress?.value = prompt.tokens.count
                activeAnswers += request.choices
                running.append(sequence)
            } catch {
                waiting.removeFirst()
                statistics.failedRequests += 1
                end(request) { $0.fail(error) }
            }
        }
    }

    /// Answers that are being made. Those whose readers do not keep up leave their places to others meanwhile.
    private var placesTaken: Int {
        var taken = activeAnswers
        var stalled: ActiveRequest?
        // The answers of a request stand together.
        for sequence in running where sequence.request !== stalled && sequence.request.channel.isFull {
            taken -= sequence.request.unfinishedAnswers
            stalled = sequence.request
        }
        return taken
    }

    /// Sequences that a pass may take along, oldest first: no more answers than there are places. When many readers catch
    /// up at the same time, the youngest requests wait as if they had not.
    var readySequences: [RunningSequence] {
        let ready = running.filter(\.isReady)
        guard activeAnswers > limits.sequences else { return ready }
        var taken = 0
        var current: ActiveRequest?
        var isIn = false
        return ready.filter { sequence in
            let request = sequence.request
            if request !== current {
                current = request
                isIn = taken == 0 || taken + request.unfinishedAnswers <= limits.sequences
                if isIn { taken += request.unfinishedAnswers }
            }
            return isIn
        }
    }

    /// Goes on with sequences that have made room, oldest first.
    private func resume() {
        for sequence in running where sequence.isSetBack && !sequence.request.channel.isFull {
            guard makeRoom(for: sequence) else { return }
            sequence.isSetBack = false
        }
    }

    /// Adds another choice of a request whose prompt is read, after those there are.
    func add(_ fork: RunningSequence) {
        let place = running.lastIndex { $0.request === fork.request } ?? running.count - 1
        running.insert(fork, at: place + 1)
    }

    // MARK: Ends

    /// An answer is complete.
    func finish(_ sequence: RunningSequence, _ reason: FinishReason) {
        let request = sequence.request
        remove { $0 === sequence }
        request.unfinishedAnswers -= 1
        activeAnswers -= 1
        mailbox.finished(answers: 1, seconds: request.started.map { (ContinuousClock.now - $0).seconds })
        let isLast = request.unfinishedAnswers == 0
        if isLast { statistics.finishedRequests += 1 }
        publish()
        // Who is told may ask again at once.
        if let answer = sequence.answer { request.finish(answer, reason) }
        if isLast { request.complete() }
    }

    /// The hidden states of a text are known.
    func finishEmbedding(_ sequence: RunningSequence) {
        let request = sequence.request
        remove { $0 === sequence }
        activeAnswers -= 1
        mailbox.finished(answers: 1, seconds: request.started.map { (ContinuousClock.now - $0).seconds })
        statistics.finishedRequests += 1
        publish()
        let count = Double(max(sequence.tokens.count, 1))
        request.complete(sequence.hidden.map { Float($0 / count) })
    }

    /// A request cannot be answered.
    func fail(_ request: ActiveRequest, _ error: any Error) {
        remove { $0.request === request }
        activeAnswers -= request.unfinishedAnswers
        statistics.failedRequests += 1
        end(request) { $0.fail(error) }
    }

    /// Takes sequences out and keeps what is in their pages.
    private func remove(where isGone: (RunningSequence) -> Bool) {
        for sequence in running where isGone(sequence) {
            sequence.releasePages(to: prefixes)
            sequence.isGone = true
        }
        running.removeAll(where: isGone)
    }

    /// Ends a request that has no sequence (any more). What it tells comes after the statistics know of it.
    private func end(_ request: ActiveRequest, _ tell: (ActiveRequest) -> Void) {
        // Before its turn came, all its answers are unfinished and it does not say so.
        let isStarted = request.started != nil
        mailbox.finished(answers: isStarted ? request.unfinishedAnswers : request.choices, seconds: nil)
        publish()
        tell(request)
    }

    private func endCancelled(isPoked: Bool) {
        var gone: [ActiveRequest] = []
        if isPoked {
            // Asked once: a reader may go between two looks, and its request would be neither here nor told.
            waiting.removeAll { request in
                guard request.isCancelled else { return false }
                gone.append(request)
                return true
            }
            for request in gone { cancel(request) }
            gone = []
        }
        for sequence in running where sequence.request.isCancelled {
            if gone.last !== sequence.request { gone.append(sequence.request) }
        }
        for request in gone {
            remove { $0.request === request }
            activeAnswers -= request.unfinishedAnswers
            cancel(request)
        }
    }

    private func cancel(_ request: ActiveRequest) {
        statistics.cancelledRequests += 1
        end(request) { $0.cancel() }
    }

    /// Ends requests whose time is over: with an error before the first token, else with what there is.
    private func endOverdue() {
        guard waiting.contains(where: { $0.deadline != nil }) || running.contains(where: { $0.request.deadline != nil })
        else { return }
        let now = ContinuousClock.now
        let late = waiting.filter { $0.deadline.map { $0 <= now } ?? false }
        waiting.removeAll { request in late.contains { $0 === request } }
        for request in late {
            statistics.failedRequests += 1
            end(request) { $0.fail(GenerationError.deadlineExceeded) }
        }
        for sequence in running where sequence.request.deadline.map({ $0 <= now }) ?? false {
            guard running.contains(where: { $0 === sequence }) else { continue }
            let isBegun = sequence.request.answers.contains { !$0.tokens.isEmpty }
            if isBegun { finish(sequence, .deadline) } else { fail(sequence.request, GenerationError.deadlineExceeded) }
        }
    }

    func publish() {
        statistics.running = activeAnswers
        statistics.waiting = waiting.count
        statistics.kvPages = pages.pageCount
        statistics.cachedKVPages = prefixes.unusedCount
        statistics.kvPageLimit = pages.limit
        statistics.kvPageBytes = transformer.kvLayout.pageBytes
        statistics.evictedKVPages = prefixes.evictedCount
        gauge.publish(statistics)
    }
}
