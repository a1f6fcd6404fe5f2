internal import Kite
internal import ModelFiles

/// Log-probabilities in the shape of chat completions.
enum ChatLogprobs {
    /// Writes `{"content": [{"token": …, "logprob": …, "bytes": […], "top_logprobs": […]}], "refusal": null}`.
    static func write(_ logprobs: [TokenLogprob], _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("content")
        writer.beginArray()
        for entry in logprobs {
            writer.beginObject()
            write(entry.bytes, entry.logprob, &writer)
            writer.key("top_logprobs")
            writer.beginArray()
            for alternative in entry.top {
                writer.beginObject()
                write(alternative.bytes, alternative.logprob, &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.key("refusal")
        writer.null()
        writer.endObject()
    }

    private static func write(_ bytes: [UInt8], _ logprob: Float, _ writer: inout JSONWriter) {
        writer.member("token", String(decoding: bytes, as: UTF8.self))
        writer.key("logprob")
        writer.logprob(logprob)
        writer.key("bytes")
        writer.beginArray()
        for byte in bytes { writer.integer(Int64(byte)) }
        writer.endArray()
    }
}

extension JSONWriter {
    /// A log-probability. Minus infinity (a token that the model rules out) becomes OpenAI's -9999.
    mutating func logprob(_ value: Float) {
        do { try number(float: value.isNaN ? -9999 : max(value, -9999)) } catch { null() }
    }
}
