import ModelFiles
import TensorCore
import Tokenization

/// libFuzzer's entry: reads the bytes as a vocabulary, and encodes and decodes text with it. Must not trap, and a stream
/// must give what the whole gives.
///
/// Up to the first 0xFF the bytes are a `tokenizer.json`, after it text. Bytes that start with a line feed are a
/// `tokenizer.model`, and their end is text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    let tokenizer: Tokenizer
    let text: [UInt8]
    do {
        if input.first == 0x0A {
            tokenizer = try Tokenizer.load(sentencePiece: input)
            text = Array(input.suffix(400))
        } else {
            let end = input.firstIndex(of: 0xFF) ?? input.endIndex
            tokenizer = try Tokenizer.load(tokenizerJSON: Array(input[..<end]))
            text = Array(input[end...])
        }
    } catch {
        guard !error.description.isEmpty else { fatalError("an error without words") }
        return 0
    }
    for parses in [true, false] {
        let ids = tokenizer.encode(utf8: text, addSpecialTokens: parses, parseSpecialTokens: parses)
        guard ids.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize }) else { fatalError("no token") }
        guard ids == tokenizer.encode(utf8: text, addSpecialTokens: parses, parseSpecialTokens: parses) else {
            fatalError("remembered words are encoded differently")
        }
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: parses)
        var pieces = ""
        for id in ids { pieces += decoder.append(id) }
        pieces += decoder.finish()
        guard Array(pieces.utf8) == Array(tokenizer.decode(ids, skipSpecialTokens: parses).utf8) else {
            fatalError("the stream differs from the whole")
        }
    }
    return 0
}
