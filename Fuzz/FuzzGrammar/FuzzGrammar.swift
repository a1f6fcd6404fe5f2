import Grammars

/// libFuzzer's entry: reads the bytes as a grammar in GBNF, or after a `{` as a JSON schema, and walks through it. Must not
/// trap, and a grammar that was made must not lead into a dead end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do {
        let grammar = try source.first == "{" ? Grammar(jsonSchema: source) : Grammar(gbnf: source)
        var matcher = try Matcher(grammar)
        var state = matcher.start
        // Steps chosen by the input itself.
        for step in 0..<min(count, 200) {
            matcher.beginWork()
            let first = bytes?[step] ?? 0
            var next = Matcher.dead
            for offset in UInt8.min...UInt8.max where next == Matcher.dead {
                next = try matcher.step(state, first &+ offset)
            }
            guard next != Matcher.dead else {
                guard matcher.mayEnd(state), matcher.isFinal(state) else { fatalError("a dead end") }
                return 0
            }
            state = next
        }
    } catch let error as GrammarError {
        guard !error.description.isEmpty else { fatalError("an error without words") }
    } catch {
        fatalError("another error")
    }
    return 0
}
