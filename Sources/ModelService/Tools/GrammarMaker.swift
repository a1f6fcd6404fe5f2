internal import Kite
internal import ModelFiles

/// Makes the grammars of requests, at most two at a time and on threads of their own: a large schema takes a second and a
/// hundred megabytes, and Swift's few threads carry everybody's requests.
actor GrammarMaker {
    /// By place: what has to end before the next grammar is made there.
    private var lanes: [Task<Void, Never>?] = [nil, nil]
    private var turn = 0

    /// The grammar of an answer; nil for plain text.
    /// - Throws: A 400 with the reason when the grammar or a schema cannot be honoured; `CancellationError`.
    func make(
        _ format: OutputFormat, _ tools: ToolUse? = nil, _ syntax: ToolSyntax = .tagged
    ) async throws -> Grammar? {
        switch format {
        case .text, .jsonObject:
            guard let tools, tools.isOffered else { return try AnswerGrammar.make(format) }
            return try await inTurn { try AnswerGrammar.make(format, tools, syntax) }
        case .grammar, .schema:
            return try await inTurn {
                guard let tools else { return try AnswerGrammar.make(format) }
                return try AnswerGrammar.make(format, tools, syntax)
            }
        }
    }

    private func inTurn(_ work: @escaping @Sendable () throws -> Grammar?) async throws -> Grammar? {
        let lane = turn
        turn = (turn + 1) % lanes.count
        let before = lanes[lane]
        let task = Task {
            await before?.value
            try Task.checkCancellation()
            return try await BlockingThread.run(work)
        }
        lanes[lane] = Task { _ = await task.result }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
