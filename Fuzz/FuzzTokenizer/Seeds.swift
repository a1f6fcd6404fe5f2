import FuzzSeeds

/// Vocabularies to start from.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    writeSeeds(byteLevel + sentencePieceJSON + [model(prefix: 1, extra: 0), model(prefix: 0, extra: 1)])
}

private let text: [UInt8] =
    [0xFF] + Array(" hello  he'll 12345 e\u{301}\u{316} <s>\u{2581}X \n\tЖ語👍🏽".utf8) + [0xC3, 0x28]

private let added = #"""
    [{"id":300,"content":"<s>","special":true,"lstrip":true,"rstrip":true},{"id":301,"content":"  ","normalized":true},
    {"id":302,"content":"X","single_word":true,"normalized":true},{"id":303,"content":"é","normalized":true}]
    """#

/// Byte-level vocabularies, one for each way to split.
private let byteLevel: [[UInt8]] = {
    var next = 256
    let alphabet = (0..<256).map { byte -> String in
        let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
        if !isPrintable { next += 1 }
        let scalar = String(isPrintable ? byte : next - 1, radix: 16)
        return #""\u"# + String(repeating: "0", count: 4 - scalar.count) + scalar + #"":"# + String(byte)
    }.joined(separator: ",")
    let pattern =
        #"|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#
    let split =
        #"{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)"# + pattern + #""},"behavior":"Isolated"}"#
    let preTokenizers = [
        #"{"type":"ByteLevel","add_prefix_space":true}"#,
        #"{"type":"Sequence","pretokenizers":["# + split
            + #",{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}"#,
        #"{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":false},{"type":"ByteLevel","add_prefix_space":false}]}"#,
    ]
    return preTokenizers.map { preTokenizer in
        Array(
            #"""
            {"added_tokens":\#(added),"normalizer":{"type":"NFC"},"pre_tokenizer":\#(preTokenizer),"decoder":{"type":"ByteLevel"},
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],
            "special_tokens":{"<s>":{"ids":[300]}}},"model":{"type":"BPE","ignore_merges":true,"vocab":{\#(alphabet),
            "he":256,"ll":257,"hell":258,"\u0120hell":259,"123":260},"merges":["h e",["l","l"],"he ll","\u0120 hell"]}}
            """#.utf8) + text
    }
}()

/// Vocabularies of characters in `tokenizer.json`.
private let sentencePieceJSON: [[UInt8]] = {
    let digits = Array("0123456789ABCDEF")
    let bytes = digits.flatMap { high in digits.map { "\"<0x\(high)\($0)>\"" } }
        .enumerated().map { "\($1):\($0 + 1)" }.joined(separator: ",")
    let replace = #"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#
    let components = [
        #""normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},"# + replace + "]}",
        #""pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}"#,
    ]
    return components.map { component in
        Array(
            #"""
            {"added_tokens":\#(added),\#(component),"decoder":{"type":"Sequence","decoders":[{"type":"Strip","content":" ",
            "start":1,"stop":0}]},"model":{"type":"BPE","byte_fallback":true,"unk_token":"<unk>","fuse_unk":true,"vocab":{"<unk>":0,
            \#(bytes),"▁":257,"h":258,"e":259,"l":260,"he":261,"▁he":262,"▁▁":263},"merges":["h e","▁ he","▁ ▁"]}}
            """#.utf8) + text
    }
}()

/// A `tokenizer.model`: pieces with scores and types, then what trainer and normalizer say.
private func model(prefix: UInt8, extra: UInt8) -> [UInt8] {
    var file: [UInt8] = []
    let pieces: [(String, UInt8)] = [
        ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁", 1), ("h", 1), ("e", 1), ("he", 1), ("▁he", 5), ("▁▁", 1),
        ("<sep>", 4), ("é", 1),
    ]
    for (number, piece) in pieces.enumerated() {
        let text = Array(piece.0.utf8)
        let score = Float(-number).bitPattern
        let scoreBytes = (0..<4).map { UInt8(truncatingIfNeeded: score >> UInt32(8 * $0)) }
        let body = [0x0A, UInt8(text.count)] + text + [0x15] + scoreBytes + [0x18, piece.1]
        file += [0x0A, UInt8(body.count)] + body
    }
    return file + [0x12, 0x02, 0x18, 0x02] + [0x1A, 0x04, 0x18, prefix, 0x20, extra]
        + Array(" he he<sep>  é\u{301} he".utf8)
}
