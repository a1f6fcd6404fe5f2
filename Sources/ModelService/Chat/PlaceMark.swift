/// A text that nobody has written. Put into a conversation it shows where a chat template puts a place of it.
struct PlaceMark: Sendable {
    /// The mark: characters of nobody's language around random letters.
    let text = "\u{F8FF}" + Identifier.random(24) + "\u{F8FF}"

    /// What stands before and after the last mark in `rendered`; nil when there is none.
    func split(_ rendered: String) -> (before: String, after: String)? {
        let bytes = Array(rendered.utf8)
        guard let start = places(in: bytes).last else { return nil }
        return (
            String(decoding: bytes[..<start], as: UTF8.self),
            String(decoding: bytes[(start + text.utf8.count)...], as: UTF8.self)
        )
    }

    /// `rendered` without the marks; nil when there is none.
    func removed(from rendered: String) -> String? {
        let bytes = Array(rendered.utf8)
        let places = places(in: bytes)
        guard !places.isEmpty else { return nil }
        var rest: [UInt8] = []
        var next = 0
        for place in places {
            rest += bytes[next..<place]
            next = place + text.utf8.count
        }
        return String(decoding: rest + bytes[next...], as: UTF8.self)
    }

    private func places(in bytes: [UInt8]) -> [Int] {
        let mark = Array(text.utf8)
        guard bytes.count >= mark.count else { return [] }
        return (0...(bytes.count - mark.count)).filter { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }
    }
}
