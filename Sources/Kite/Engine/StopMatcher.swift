/// Finds stop strings in a text that arrives in pieces, and holds back what may yet become one.
struct StopMatcher {
    private let stops: [(text: String, bytes: [UInt8])]
    /// Text not passed on yet: a proper prefix of some stop string, or empty. A stop string starts with the first byte
    /// of a character, so what is passed on never ends inside one.
    private var held: [UInt8] = []

    init(_ stops: [String]) {
        self.stops = stops.map { ($0, Array($0.utf8)) }
    }

    /// Takes the next piece. Returns the text that is safe to show, and the stop string once one is complete.
    mutating func append(_ piece: String) -> (text: String, stop: String?) {
        guard !stops.isEmpty else { return (piece, nil) }
        held.append(contentsOf: piece.utf8)
        for position in held.indices {
            if let stop = stops.first(where: { held[position...].starts(with: $0.bytes) }) {
                let text = String(decoding: held[..<position], as: UTF8.self)
                held.removeAll()
                return (text, stop.text)
            }
        }
        let keep =
            held.indices.first { position in
                stops.contains { $0.bytes.starts(with: held[position...]) }
            } ?? held.count
        let text = String(decoding: held[..<keep], as: UTF8.self)
        held.removeFirst(keep)
        return (text, nil)
    }

    /// The text still held back, when no more comes.
    mutating func finish() -> String {
        defer { held.removeAll() }
        return String(decoding: held, as: UTF8.self)
    }
}
