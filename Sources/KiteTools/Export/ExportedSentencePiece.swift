import ModelFiles

/// `tokenizer.model`: a vocabulary as a SentencePiece model, a protocol-buffers message (sentencepiece_model.proto).
struct ExportedSentencePiece {
    let vocabulary: ExportedVocabulary

    /// The file.
    func bytes() throws -> [UInt8] {
        var file = ProtobufWriter()
        var next = 0
        for token in vocabulary.tokens {
            // Ids are places: what was left out in between needs a piece nobody can meet.
            while next < token.id {
                file.message(1) { $0.piece("[PAD\(next)]", score: 0, kind: .unused) }
                next += 1
            }
            let text = token.kind == .userDefined ? token.text.marked : token.text
            file.message(1) { $0.piece(text, score: token.score, kind: token.kind) }
            next += 1
        }
        let ids = ["unknown", "bos", "eos", "padding"].map { vocabulary.id($0) }
        let unknown = ids[0] ?? vocabulary.tokens.first { $0.kind == .unknown }?.id
        file.message(2) { trainer in
            trainer.integer(3, 2)  // model_type: BPE
            trainer.integer(4, next)  // vocab_size
            trainer.integer(35, vocabulary.tokens.contains { $0.kind == .byte } ? 1 : 0)  // byte_fallback
            for (field, id) in [(40, unknown), (41, ids[1]), (42, ids[2]), (43, ids[3])] {
                trainer.integer(field, id ?? -1)
            }
        }
        let prefix = try vocabulary.addsSpacePrefix
        let trims = try vocabulary.metadata.bool("tokenizer.ggml.remove_extra_whitespaces") ?? false
        file.message(3) { normalizer in
            normalizer.string(1, "identity")
            normalizer.string(2, "")  // precompiled_charsmap
            normalizer.integer(3, prefix ? 1 : 0)  // add_dummy_prefix
            normalizer.integer(4, trims ? 1 : 0)  // remove_extra_whitespaces
            normalizer.integer(5, 1)  // escape_whitespaces
        }
        return file.bytes
    }
}

extension String {
    /// Spaces written the way SentencePiece does.
    fileprivate var marked: String { unicodeScalars.map { $0 == " " ? "\u{2581}" : String($0) }.joined() }
}

/// Writes the fields of a protocol-buffers message one after the other.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// A variable-length integer; negative ones take ten bytes.
    mutating func integer(_ field: Int, _ value: Int) {
        append(UInt64(field) << 3)
        append(UInt64(bitPattern: Int64(value)))
    }

    mutating func string(_ field: Int, _ text: String) { append(field, Array(text.utf8)) }

    mutating func float(_ field: Int, _ value: Float) {
        append(UInt64(field) << 3 | 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        append(field, inner.bytes)
    }

    fileprivate mutating func piece(_ text: String, score: Float, kind: ConvertedVocabulary.Kind) {
        string(1, text)
        float(2, score)
        if kind != .normal { integer(3, Int(kind.rawValue)) }
    }

    private mutating func append(_ field: Int, _ content: [UInt8]) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
