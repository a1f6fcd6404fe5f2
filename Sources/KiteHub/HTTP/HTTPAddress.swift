/// An `http` or `https` address, taken apart as far as it matters who may see a token.
struct HTTPAddress: Equatable, CustomStringConvertible {
    /// `https`.
    let scheme: String
    /// Host and port, lower case: `huggingface.co`, `127.0.0.1:8080`, `[::1]:80`. Names and passwords are not allowed.
    let authority: String
    /// Path and query, from the first slash on; `/` at least.
    let target: String

    /// Who is spoken to. Something that only one party may see must not go elsewhere.
    var origin: String { "\(scheme)://\(authority)" }

    /// The whole address.
    var description: String { origin + target }

    /// Reads an address; nil when it is none, or one that two readers could understand in two ways.
    init?(_ text: String) {
        guard let colon = text.range(of: "://") else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = rest[..<end].lowercased()
        guard !authority.isEmpty, authority.utf8.allSatisfy(Self.isAuthority), Self.isVisible(rest[end...]) else {
            return nil
        }
        // What follows # is never sent.
        let tail = rest[end...].prefix { $0 != "#" }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    /// Where a `Location` leads from here; nil when it is no address, or one less safe than this.
    func following(_ location: String) -> HTTPAddress? {
        let next: HTTPAddress? =
            if location.hasPrefix("//") {
                HTTPAddress("\(scheme):\(location)")
            } else if location.hasPrefix("/") {
                HTTPAddress(origin + location)
            } else if location.contains("://") {
                HTTPAddress(location)
            } else {
                HTTPAddress(
                    origin
                        + (target.prefix { $0 != "?" }.split(separator: "/").dropLast()
                            .map { "/" + $0 }.joined()) + "/" + location)
            }
        guard let next, scheme == "http" || next.scheme == "https" else { return nil }
        return next
    }

    /// `text` as one segment of a path, or as several when slashes stay.
    static func escaped(_ text: String, keepingSlashes: Bool = false) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if SafePath.isAlphanumeric(byte) || "-._~".utf8.contains(byte) || (keepingSlashes && byte == 0x2F) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return escaped
    }

    private static func isAuthority(_ byte: UInt8) -> Bool {
        SafePath.isAlphanumeric(byte) || "-._:[]".utf8.contains(byte)
    }

    private static func isVisible(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != 0x5C }
    }
}

extension String {
    /// Where `part` occurs first.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(part) { return index..<self.index(index, offsetBy: part.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
