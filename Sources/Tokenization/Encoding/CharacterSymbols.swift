/// The alphabet of a SentencePiece vocabulary: which symbol a character starts as, and between which characters no
/// token ever reaches, so that text can be cut there and short parts remembered.
struct CharacterSymbols: Sendable {
    /// What stands for a character that is no token and cannot be spelled in bytes.
    let unknownToken: TokenID?
    /// Whether unknown characters in a row become one token.
    let fusesUnknown: Bool
    /// Whether unknown characters become byte tokens.
    let fallsBackToBytes: Bool

    private var ascii: [Int32]
    private var others: [UInt32: Int32] = [:]
    /// For two characters beside each other (128 stands for all beyond ASCII): whether a token holds them so.
    private var joined: [Bool]

    private static let classes = 129

    init(unknownToken: TokenID?, fusesUnknown: Bool, fallsBackToBytes: Bool) {
        self.unknownToken = unknownToken
        self.fusesUnknown = fusesUnknown
        self.fallsBackToBytes = fallsBackToBytes
        ascii = (0..<128).map { Self.absent($0) }
        joined = [Bool](repeating: false, count: Self.classes * Self.classes)
    }

    /// The symbol of a character that is no token.
    @inline(__always)
    static func absent(_ scalar: UInt32) -> Int32 { -Int32(bitPattern: scalar) - 1 }

    /// Whether text may be cut: not where unknown characters in a row must be seen together.
    var cutsText: Bool { fallsBackToBytes }

    /// The symbol a character starts as.
    @inline(__always)
    func symbol(_ scalar: UInt32) -> Int32 {
        scalar < 128 ? ascii[Int(scalar)] : others[scalar] ?? Self.absent(scalar)
    }

    /// Enters a token of one character.
    mutating func insert(_ scalar: UInt32, _ token: TokenID) {
        if scalar < 128 { ascii[Int(scalar)] = token } else { others[scalar] = token }
    }

    /// Notes which characters `text`, a token, holds side by side.
    mutating func note(_ text: Span<UInt8>) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            let next = index + UTF8Scalars.length(byte)
            if next < text.count {
                joined[Int(min(byte, 128)) * Self.classes + Int(min(text[next], 128))] = true
            }
            index = next
        }
    }

    /// Where the part of `text` ends that starts at `start` and merges independently of what follows.
    @inline(__always)
    func chunkEnd(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ splitsEverySpace: Bool) -> Int {
        var lead = text[start]
        var position = start &+ UTF8Scalars.length(lead)
        while position < end {
            let byte = text[position]
            if !joined[Int(min(lead, 128)) &* Self.classes &+ Int(min(byte, 128))] { break }
            if splitsEverySpace, byte == 0x20 { break }
            lead = byte
            position &+= UTF8Scalars.length(byte)
        }
        return position
    }
}
