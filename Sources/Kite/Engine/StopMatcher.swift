/// Finds stop strings in a text that arrives in pieces, and holds back what may yet become one.
///
/// The first one to be complete ends the text, the longest of those that end together, whatever the pieces are. A byte
/// takes about as many steps as there are stop strings (Knuth, Morris and Pratt).
struct StopMatcher {
    private struct Stop {
        let text: String
        let bytes: [UInt8]
        /// For each length of a beginning that of its longest end which is a beginning as well, shorter than itself.
        let borders: [Int]
        /// How many of the first bytes the text ends in.
        var matched = 0

        init(_ text: String) {
            self.text = text
            bytes = Array(text.utf8)
            var borders = [0, 0]
            for length in 1..<max(bytes.count, 1) {
                var border = borders[length]
                while border > 0, bytes[border] != bytes[length] { border = borders[border] }
                borders.append(bytes[border] == bytes[length] ? border + 1 : 0)
            }
            self.borders = borders
        }

        /// Takes the next byte. Returns whether the text now ends in the whole stop string.
        mutating func append(_ byte: UInt8) -> Bool {
            if matched == bytes.count { matched = borders[matched] }
            while matched > 0, bytes[matched] != byte { matched = borders[matched] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var stops: [Stop]
    /// Text not passed on yet: a proper prefix of some stop string, or empty. A stop string starts with the first byte
    /// of a character, so what is passed on never ends inside one.
    private var held: [UInt8] = []

    init(_ stops: [String]) {
        self.stops = stops.filter { !$0.isEmpty }.map(Stop.init)
    }

    /// Takes the next piece. Returns the text that is safe to show, and the stop string once one is complete.
    mutating func append(_ piece: String) -> (text: String, stop: String?) {
        guard !stops.isEmpty else { return (piece, nil) }
        for byte in piece.utf8 {
            held.append(byte)
            var found: Stop?
            for index in stops.indices where stops[index].append(byte) {
                if stops[index].bytes.count > found?.bytes.count ?? 0 { found = stops[index] }
            }
            if let found {
                let text = String(decoding: held.dropLast(found.bytes.count), as: UTF8.self)
                held.removeAll()
                return (text, found.text)
            }
        }
        let kept = stops.lazy.map(\.matched).max() ?? 0
        let text = String(decoding: held.dropLast(kept), as: UTF8.self)
        held.removeFirst(held.count - kept)
        return (text, nil)
    }

    /// The text still held back, when no more comes.
    mutating func finish() -> String {
        defer { held.removeAll() }
        return String(decoding: held, as: UTF8.self)
    }
}
