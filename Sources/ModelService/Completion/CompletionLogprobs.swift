internal import Kite
internal import ModelFiles

/// Log-probabilities in the shape of plain completions: parallel arrays of tokens, their log-probabilities, the
/// likeliest alternatives and offsets into prompt and answer, which Python's clients count in code points.
struct CompletionLogprobs: Sendable {
    private struct Entry: Sendable {
        var token: String
        /// nil for a token that nothing predicts.
        var logprob: Float?
        var top: [(token: String, logprob: Float)]
        var offset: Int
    }

    private var entries: [Entry] = []
    private var offset: Int
    private var decoder: StreamingDecoder
    private let alternatives: Int

    /// - Parameters:
    ///   - offset: Characters before the first token.
    ///   - alternatives: How many alternatives are told; the chosen token is told with them in any case.
    ///   - decoder: Turns the tokens into text.
    init(offset: Int, alternatives: Int, decoder: StreamingDecoder) {
        self.offset = offset
        self.alternatives = alternatives
        self.decoder = decoder
    }

    /// Whether nothing was added yet.
    var isEmpty: Bool { entries.isEmpty }

    /// Adds a token that something predicts.
    /// - Parameter hasText: Whether it is part of the text, which a beginning-of-sequence token that was put there is not.
    mutating func append(_ entry: TokenLogprob, hasText: Bool = true) {
        let name = Self.name(entry.bytes)
        var top: [(token: String, logprob: Float)] = []
        for alternative in entry.top {
            let name = Self.name(alternative.bytes)
            // A key comes once: of two tokens that read alike the likelier counts.
            if !top.contains(where: { $0.token == name }) { top.append((name, alternative.logprob)) }
        }
        if alternatives > 0, !top.contains(where: { $0.token == name }) { top.append((name, entry.logprob)) }
        append(name, entry.token, entry.logprob, top, hasText)
    }

    /// Adds a token that nothing predicts: the first of a prompt.
    mutating func append(unpredicted token: TokenID, _ bytes: [UInt8], hasText: Bool = true) {
        append(Self.name(bytes), token, nil, [], hasText)
    }

    /// Adds the place of a token that could not be made because the context is full.
    mutating func appendNothing() { entries.append(Entry(token: "", logprob: nil, top: [], offset: offset)) }

    /// Goes on with another text at `offset`: an answer after its prompt. A tokenizer that normalizes text (NFC) reads
    /// fewer characters than the prompt has.
    mutating func switchDecoder(_ next: StreamingDecoder, offset: Int) {
        self.offset = offset
        decoder = next
    }

    /// The entries added since the last call, which are forgotten.
    mutating func take() -> CompletionLogprobs {
        let all = self
        entries = []
        return all
    }

    /// Adds the entries of `more`.
    mutating func add(_ more: CompletionLogprobs) { entries += more.entries }

    /// Writes the four arrays.
    func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("tokens")
        writer.beginArray()
        for entry in entries { writer.string(entry.token) }
        writer.endArray()
        writer.key("token_logprobs")
        writer.beginArray()
        for entry in entries {
            if let logprob = entry.logprob { writer.logprob(logprob) } else { writer.null() }
        }
        writer.endArray()
        writer.key("top_logprobs")
        if alternatives > 0 { writeTop(&writer) } else { writer.null() }
        writer.key("text_offset")
        writer.beginArray()
        for entry in entries { writer.integer(Int64(entry.offset)) }
        writer.endArray()
        writer.endObject()
    }

    private func writeTop(_ writer: inout JSONWriter) {
        writer.beginArray()
        for entry in entries {
            guard entry.logprob != nil else {
                writer.null()
                continue
            }
            writer.beginObject()
            for alternative in entry.top {
                writer.key(alternative.token)
                writer.logprob(alternative.logprob)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private mutating func append(
        _ name: String, _ token: TokenID, _ logprob: Float?, _ top: [(token: String, logprob: Float)], _ hasText: Bool
    ) {
        entries.append(Entry(token: name, logprob: logprob, top: top, offset: offset))
        if hasText { offset += decoder.append(token).unicodeScalars.count }
    }

    /// A token's text; `bytes:\xe4\xb8` for bytes that are no text of their own, as OpenAI writes them.
    private static func name(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let digits = Array("0123456789abcdef".utf8)
        var name = Array("bytes:".utf8)
        for byte in bytes { name += [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: name, as: UTF8.self)
    }
}
