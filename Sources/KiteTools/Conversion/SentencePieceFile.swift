import ModelFiles
import TensorCore

/// A SentencePiece `tokenizer.model`, a protocol-buffers message (sentencepiece_model.proto).
struct SentencePieceFile {
    struct Piece {
        var text: [UInt8] = []
        var score: Float = 0
        var kind = ConvertedVocabulary.Kind.normal
    }

    var pieces: [Piece] = []
    /// Whether pieces are merged pair by pair (BPE) and not chosen by likelihood (unigram).
    var isBPE = false
    /// Whether a space is put before a text.
    var addsDummyPrefix = true

    /// Reads the file in `folder`; nil when there is none.
    init?(in folder: HuggingFaceFolder) throws {
        guard let region = try folder.contents(of: .sentencePiece) else { return nil }
        let bytes = region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        do {
            try self.init(bytes)
        } catch {
            throw ConversionError.tokenizer(file: folder.path + "/tokenizer.model", "\(error)")
        }
    }

    init(_ bytes: [UInt8]) throws(ProtobufError) {
        var message = ProtobufReader(bytes[...])
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let slice)): pieces.append(try Self.piece(slice))
            case (2, .bytes(let slice)):
                var trainer = ProtobufReader(slice)
                while let field = try trainer.next() {
                    if field.number == 3, case .integer(let type) = field.value { isBPE = type == 2 }
                }
            case (3, .bytes(let slice)):
                var normalizer = ProtobufReader(slice)
                while let field = try normalizer.next() {
                    if field.number == 3, case .integer(let flag) = field.value { addsDummyPrefix = flag != 0 }
                }
            default: break
            }
        }
        guard !pieces.isEmpty else { throw .empty }
    }

    private static func piece(_ slice: ArraySlice<UInt8>) throws(ProtobufError) -> Piece {
        var message = ProtobufReader(slice)
        var piece = Piece()
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): piece.text = Array(text)
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .integer(let type)):
                guard let kind = Int32(exactly: type).flatMap(ConvertedVocabulary.Kind.init) else {
                    throw .pieceType(type)
                }
                piece.kind = kind
            default: break
            }
        }
        guard piece.score.isFinite else { throw .score }
        return piece
    }
}

/// Why bytes are no SentencePiece model.
enum ProtobufError: Error, CustomStringConvertible {
    case truncated
    case wireType(UInt8)
    case pieceType(UInt64)
    case score
    case empty

    var description: String {
        switch self {
        case .truncated: "ends in the middle of a field; not a SentencePiece model, or damaged"
        case .wireType(let type): "has a field of the unknown kind \(type); not a SentencePiece model, or damaged"
        case .pieceType(let type): "has a piece of the unknown type \(type)"
        case .score: "has a piece whose score is not finite"
        case .empty: "has no pieces"
        }
    }
}

/// Reads the fields of a protocol-buffers message one after the other.
struct ProtobufReader {
    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end.
    mutating func next() throws(ProtobufError) -> (number: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try variableInteger()
        let value: Value =
            switch key & 7 {
            case 0: .integer(try variableInteger())
            case 1: .fixed64(try fixed(8))
            case 2: .bytes(try take(try variableInteger()))
            case 5: .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
            case let other: throw .wireType(UInt8(other))
            }
        return (key >> 3, value)
    }

    private mutating func variableInteger() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw .truncated }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw .truncated
    }

    private mutating func fixed(_ count: UInt64) throws(ProtobufError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: UInt64) throws(ProtobufError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw .truncated }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
