import Tokenization

/// A `tokenizer.json` (or, where the input starts with a line feed, a `tokenizer.model`) up to the first 0xFF, and text to
/// encode and decode after it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenizer(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    let parts = input.split(separator: 0xFF, maxSplits: 1, omittingEmptySubsequences: false)
    let file = Array(parts[0])
    let text = parts.count > 1 ? Array(parts[1]) : input
    let tokenizer =
        file.first == 0x0A
        ? try? Tokenizer.load(sentencePiece: file) : try? Tokenizer.load(tokenizerJSON: file)
    guard let tokenizer else { return 0 }
    let ids = tokenizer.encode(utf8: text, addSpecialTokens: true)
    _ = tokenizer.encode(utf8: text, parseSpecialTokens: false)
    var decoder = StreamingDecoder(tokenizer)
    var pieces = ""
    for id in ids { pieces += decoder.append(id) }
    pieces += decoder.finish()
    guard pieces == tokenizer.decode(ids) else { fatalError("the stream differs from the whole") }
    return 0
}
