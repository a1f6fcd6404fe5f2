internal import ModelFiles

/// What the events of one stream have in common, written once: a token is made in milliseconds and its event must take
/// microseconds.
struct EventFrame: Sendable {
    /// `data: {"id": …, …, "choices":[`.
    private let head: [UInt8]
    /// What follows the choices: `],"usage":null}` and an empty line.
    private let tail: [UInt8]

    /// - Parameters:
    ///   - object: OpenAI's name for what the events are pieces of.
    ///   - includesUsage: Whether an event with the usage comes last.
    init(_ object: String, _ identity: ReplyIdentity, includesUsage: Bool) {
        var writer = JSONWriter()
        writer.beginObject()
        identity.write(object, &writer)
        head = Array("data: ".utf8) + writer.bytes + Array(",\"choices\":[".utf8)
        tail = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    /// An event of one choice. `writeChoice` writes its object from the brace on, but for why it ended, which comes last.
    func event(finishReason: String?, _ writeChoice: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + 192)
        bytes += head
        writeChoice(&bytes)
        bytes += Array(#","finish_reason":"#.utf8)
        if let finishReason {
            JSONWriter.quote(finishReason, into: &bytes)
        } else {
            bytes += Array("null".utf8)
        }
        bytes.append(0x7D)
        return bytes + tail
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
}

/// What events have in common, whatever they tell.
enum ServerSentEvents {
    /// The last event of every stream.
    static let done = Array("data: [DONE]\n\n".utf8)

    /// An error in the middle of a stream.
    static func error(_ error: ServiceError) -> [UInt8] { Array("data: ".utf8) + error.body + [0x0A, 0x0A] }
}
