#if Server
public import Logging
internal import ModelFiles
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Writes logs to standard error, a line each: text for people, or JSON for programs.
public struct LineLogHandler: LogHandler {
    /// How a line looks.
    public enum Format: String, Sendable, CaseIterable {
        /// `2026-01-31T12:00:00.000Z info request method=GET path=/health`
        case text
        /// `{"time":"…","level":"info","message":"request","method":"GET"}`
        case json
    }

    /// The least that is written.
    public var logLevel: Logger.Level
    /// Fields of every line.
    public var metadata: Logger.Metadata = [:]
    /// Fields that depend on the task.
    public var metadataProvider: Logger.MetadataProvider?
    private let format: Format
    private let sink: @Sendable ([UInt8]) -> Void

    /// A handler that writes to standard error.
    public init(format: Format, level: Logger.Level = .info) {
        self.init(format: format, level: level, sink: Self.standardError)
    }

    init(format: Format, level: Logger.Level = .info, sink: @escaping @Sendable ([UInt8]) -> Void) {
        self.format = format
        logLevel = level
        self.sink = sink
    }

    /// A field of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let given = event.metadata { fields.merge(given) { $1 } }
        let sorted = fields.sorted { Self.order($0.key) < Self.order($1.key) }
        let time = Timestamp.now()
        switch format {
        case .text:
            var line = "\(time) \(event.level) \(Self.plain("\(event.message)"))"
            for (key, value) in sorted { line += " \(key)=\(Self.value("\(value)"))" }
            sink(Array((line + "\n").utf8))
        case .json:
            var writer = JSONWriter()
            writer.beginObject()
            for (key, value) in [("time", time), ("level", "\(event.level)"), ("message", "\(event.message)")] {
                writer.key(key)
                writer.string(value)
            }
            for (key, value) in sorted {
                writer.key(key)
                let text = "\(value)"
                if Self.isNumber(key), let number = Int64(text) {
                    writer.integer(number)
                } else if Self.isNumber(key), let number = Double(text), number.isFinite {
                    do { try writer.number(number) } catch { writer.null() }
                } else {
                    writer.string(text)
                }
            }
            writer.endObject()
            sink(writer.bytes + [0x0A])
        }
    }

    private static let usual = [
        "method", "path", "status", "seconds", "model", "prompt_tokens", "cached_tokens", "completion_tokens",
    ]

    /// The usual fields in their usual order, others behind by name.
    private static func order(_ key: String) -> String {
        usual.firstIndex(of: key).map { "\u{1}\($0)" } ?? key
    }

    private static func isNumber(_ key: String) -> Bool {
        key == "status" || key == "seconds" || key == "port" || key.hasSuffix("_tokens")
    }

    /// A value, in quotes where it would not read as one word.
    private static func value(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F && $0 < 0x80 }
        if isWord, !text.isEmpty { return text }
        var writer = JSONWriter()
        writer.string(plain(text, keepingBreaks: true))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Text that cannot drive a terminal or begin a line of its own.
    private static func plain(_ text: String, keepingBreaks: Bool = false) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: line.unicodeScalars.append(keepingBreaks ? scalar : " ")
            case 0..<0x20, 0x7F..<0xA0: line.unicodeScalars.append("\u{FFFD}")
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// One call of `write` for a line, so that lines of several threads do not mix.
    private static let standardError: @Sendable ([UInt8]) -> Void = { bytes in
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(2, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}

/// Times of the day as logs tell them.
enum Timestamp {
    /// `2026-01-31T12:00:00.000Z`.
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        var seconds = time.tv_sec
        guard gmtime_r(&seconds, &parts) != nil else { return "?" }
        let day = "\(pad(Int(parts.tm_year) + 1900, 4))-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))"
        let clock = "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
        return "\(day)T\(clock).\(pad(Int(time.tv_nsec) / 1_000_000, 3))Z"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
#endif
