#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Status and headers of an answer.
struct HTTPHead: Equatable {
    /// 200, 404 …; 0 before the first line came.
    private(set) var status = 0
    /// Values by lower-case name; of repeated headers the first.
    private(set) var headers: [String: String] = [:]

    /// The value of a header, in any case.
    subscript(name: String) -> String? { headers[name.lowercased()] }

    /// Whether the answer is elsewhere.
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) && self["location"] != nil }

    /// Takes a line of the head. A status line begins a new head (after `100 Continue`, for one).
    mutating func add(_ line: String) {
        if line.hasPrefix("HTTP/") {
            let words = line.split(separator: " ", maxSplits: 2)
            self = HTTPHead()
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
            return
        }
        // A head without end would fill the memory.
        guard headers.count < 256, let colon = line.firstIndex(of: ":") else { return }
        let name = line[..<colon].lowercased()
        guard headers[name] == nil else { return }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        headers[name] = String(value.prefix(8192))
    }

    /// The entity tag that names the contents: of large files the one in `X-Linked-Etag`.
    var entityTag: String? { (self["x-linked-etag"] ?? self["etag"]).map(Self.plain) }

    /// An entity tag without quotes and without the mark of a weak one.
    static func plain(_ tag: String) -> String {
        let tag = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]
        return String(tag.drop { $0 == "\"" }.prefix { $0 != "\"" })
    }

    /// The first byte and the size of the whole in `Content-Range: bytes 5-9/10`.
    var contentRange: (start: Int, total: Int?)? {
        guard let text = self["content-range"], text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split { $0 == "-" || $0 == "/" }
        guard parts.count == 3, let start = Int(parts[0]) else { return nil }
        return (start, Int(parts[2]))
    }

    /// Seconds to wait, from `Retry-After`: a number, or a date.
    func retryAfter(now: Double) -> Double? {
        guard let text = self["retry-after"] else { return nil }
        if let seconds = Double(text), seconds.isFinite { return max(seconds, 0) }
        return Self.seconds(ofDate: text).map { max($0 - now, 0) }
    }

    /// `Wed, 21 Oct 2015 07:28:00 GMT` in seconds since 1970.
    private static func seconds(ofDate text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == "," || $0 == ":" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 8, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let numbers = [words[1], words[3], words[4], words[5], words[6]].compactMap { Int32($0) }
        guard numbers.count == 5, (1970...9999).contains(numbers[1]) else { return nil }
        var date = tm()
        (date.tm_mday, date.tm_mon, date.tm_year) = (numbers[0], Int32(month), numbers[1] - 1900)
        (date.tm_hour, date.tm_min, date.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Double(timegm(&date))
    }
}
