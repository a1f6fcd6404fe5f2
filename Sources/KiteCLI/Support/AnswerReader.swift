import Kite

/// Reads an answer as it is made; Ctrl-C ends it.
enum AnswerReader {
    /// Calls `onDelta` with each new piece of text.
    /// - Returns: The finished answer; after Ctrl-C what there is of it, with the reason `cancelled`.
    /// - Throws: What stopped the request; ``CLIError/interrupted`` when Ctrl-C came before there was anything.
    static func read(_ stream: ResponseStream, onDelta: @escaping @Sendable (String) -> Void) async throws -> Response {
        let reading = Task {
            for try await snapshot in stream where !snapshot.delta.isEmpty { onDelta(snapshot.delta) }
        }
        do {
            try await Interrupts.handled(by: { reading.cancel() }) { try await reading.value }
        } catch is CancellationError {
            throw CLIError.interrupted
        }
        guard let response = stream.response else { throw CLIError.interrupted }
        return response
    }
}

extension Response {
    /// Tokens per second of the part of the prompt that had to be read.
    var promptRate: Double {
        timings.prompt > 0 ? Double(usage.promptTokens - usage.cachedPromptTokens) / timings.prompt : 0
    }

    /// Tokens per second of the answer.
    var generationRate: Double {
        timings.generation > 0 ? Double(usage.completionTokens) / timings.generation : 0
    }

    /// Where the time went, in a line.
    var timingLine: String {
        let cached = usage.cachedPromptTokens > 0 ? " (\(Format.count(usage.cachedPromptTokens)) cached)" : ""
        return "prompt \(Format.plural(usage.promptTokens, "token"))\(cached), \(Format.fixed(promptRate, 1)) tok/s"
            + " · answer \(Format.plural(usage.completionTokens, "token")), \(Format.fixed(generationRate, 1)) tok/s"
            + (usage.draftedTokens > 0
                ? " · drafts \(Format.count(usage.acceptedDraftTokens)) of \(Format.count(usage.draftedTokens)) accepted"
                : "")
            + " · first token \(Format.fixed(timings.firstToken, 2)) s · seed \(seed)"
    }

    /// The answer for machines.
    func json(model: String) -> JSONValue {
        var object = JSONObject()
        object["model"] = .string(model)
        object["content"] = .string(content)
        object["tokens"] = .array(tokens.map { .integer(Int64($0)) })
        object["finish_reason"] = .string(finishReason.name)
        if case .stopSequence(let text) = finishReason { object["stop_sequence"] = .string(text) }
        object["usage"] = [
            "prompt_tokens": .integer(Int64(usage.promptTokens)),
            "cached_prompt_tokens": .integer(Int64(usage.cachedPromptTokens)),
            "completion_tokens": .integer(Int64(usage.completionTokens)),
            "total_tokens": .integer(Int64(usage.promptTokens + usage.completionTokens)),
            "drafted_tokens": .integer(Int64(usage.draftedTokens)),
            "accepted_draft_tokens": .integer(Int64(usage.acceptedDraftTokens)),
        ]
        object["timings"] = [
            "prompt_seconds": .number(timings.prompt), "prompt_per_second": .number(promptRate),
            "generation_seconds": .number(timings.generation), "generation_per_second": .number(generationRate),
            "first_token_seconds": .number(timings.firstToken),
        ]
        object["dropped_turns"] = .integer(Int64(droppedTurns))
        // Seeds use all 64 bits, more than most readers' numbers hold.
        object["seed"] = Int64(exactly: seed).map(JSONValue.integer) ?? .string("\(seed)")
        return .object(object)
    }
}

extension Console {
    /// Writes a value as JSON on standard output: pretty for people, one line for pipes and lists of values.
    static func writeJSON(_ value: JSONValue, pretty: Bool) throws {
        SystemIO.write(try value.encoded(pretty: pretty) + [0x0A], to: 1)
    }
}
