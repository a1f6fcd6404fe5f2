internal import Kite
internal import ModelFiles

/// Writes the events of a streamed chat completion. What all have in common is written once, for a token is made in
/// milliseconds and its event must take microseconds.
struct ChatChunkWriter: Sendable {
    /// `data: {"id": …, …, "choices":[`.
    private let head: [UInt8]
    /// What follows the choices: `],"usage":null}` and an empty line.
    private let tail: [UInt8]

    init(_ identity: ReplyIdentity, includesUsage: Bool) {
        var writer = JSONWriter()
        writer.beginObject()
        identity.write("chat.completion.chunk", &writer)
        head = Array("data: ".utf8) + writer.bytes + Array(",\"choices\":[".utf8)
        tail = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
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

    /// The last event but for `[DONE]`: no choices, what was used, where the time went.
    func usage(_ usage: RequestUsage) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        usage.writeUsage(&writer)
        usage.writeTimings(&writer)
        writer.endObject()
        return head + [0x5D, 0x2C] + writer.bytes.dropFirst() + [0x0A, 0x0A]
    }

    private func event(
        _ choice: Int, logprobs: [TokenLogprob] = [], finishReason: String? = nil,
        _ writeDelta: (inout [UInt8]) -> Void
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + 192)
        bytes += head
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
        bytes += Array(#","finish_reason":"#.utf8)
        if let finishReason {
            JSONWriter.quote(finishReason, into: &bytes)
        } else {
            bytes += Array("null".utf8)
        }
        bytes.append(0x7D)
        bytes += tail
        return bytes
    }
}

/// What events have in common, whatever they tell.
enum ServerSentEvents {
    /// The last event of every stream.
    static let done = Array("data: [DONE]\n\n".utf8)

    /// An error in the middle of a stream.
    static func error(_ error: ServiceError) -> [UInt8] { Array("data: ".utf8) + error.body + [0x0A, 0x0A] }
}
