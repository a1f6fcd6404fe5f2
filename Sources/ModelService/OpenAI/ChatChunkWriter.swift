internal import Kite
internal import ModelFiles

/// Writes the events of a streamed chat completion.
struct ChatChunkWriter: Sendable {
    private let frame: EventFrame

    init(_ identity: ReplyIdentity, includesUsage: Bool) {
        frame = EventFrame("chat.completion.chunk", identity, includesUsage: includesUsage)
    }

    /// The first event of a choice.
    func begin(_ choice: Int) -> [UInt8] {
        event(choice) { $0 += Array(#""role":"assistant","content":"""#.utf8) }
    }

    /// More of a choice, and the log-probabilities of its tokens.
    func update(_ choice: Int, _ piece: ToolCallParser.Piece, logprobs: [TokenLogprob] = []) -> [UInt8] {
        event(choice, logprobs: logprobs) { bytes in
            switch piece {
            case .content(let text):
                bytes += Array(#""content":"#.utf8)
                JSONWriter.quote(text, into: &bytes)
            case .call(let index, let id, let name):
                bytes += Array(#""tool_calls":[{"index":\#(index),"id":"#.utf8)
                JSONWriter.quote(id, into: &bytes)
                bytes += Array(#","type":"function","function":{"name":"#.utf8)
                JSONWriter.quote(name, into: &bytes)
                bytes += Array(#","arguments":""}}]"#.utf8)
            case .arguments(let index, let text):
                bytes += Array(#""tool_calls":[{"index":\#(index),"function":{"arguments":"#.utf8)
                JSONWriter.quote(text, into: &bytes)
                bytes += Array("}}]".utf8)
            }
        }
    }

    /// A refusal in the place of an answer, or of the rest of one.
    func refuse(_ choice: Int, _ refusal: String) -> [UInt8] {
        event(choice) { bytes in
            bytes += Array(#""refusal":"#.utf8)
            JSONWriter.quote(refusal, into: &bytes)
        }
    }

    /// The last event of a choice.
    func finish(_ choice: Int, _ reason: String) -> [UInt8] {
        event(choice, finishReason: reason) { _ in }
    }

    /// What was used.
    func usage(_ usage: RequestUsage) -> [UInt8] { frame.usage(usage) }

    private func event(
        _ choice: Int, logprobs: [TokenLogprob] = [], finishReason: String? = nil,
        _ writeDelta: (inout [UInt8]) -> Void
    ) -> [UInt8] {
        frame.event(finishReason: finishReason) { bytes in
            bytes += Array(#"{"index":\#(choice),"delta":{"#.utf8)
            writeDelta(&bytes)
            bytes += Array(#"},"logprobs":"#.utf8)
            if logprobs.isEmpty {
                bytes += Array("null".utf8)
            } else {
                var writer = JSONWriter()
                ChatLogprobs.write(logprobs, &writer)
                bytes += writer.bytes
            }
        }
    }
}
