/// The expressions that `tokenizer.json` files write out, each spelled as it is found.
extension PreTokenizer {
    private static let wordsAfterContractions =
        #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let wordsAfterContractionsThreeDigits =
        #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let foldedContractions = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
    private static let spelledContractions = #"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"#

    /// The way to cut that `pattern` describes, and GGUF's name for it.
    static func step(pattern: String) -> (step: Step, name: String)? {
        switch pattern {
        case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#:
            (.gpt2, "gpt-2")
        case foldedContractions + wordsAfterContractions:
            (.modern(digits: 1, foldsLongS: true), "stablelm2")
        case spelledContractions + wordsAfterContractions:
            (.modern(digits: 1, foldsLongS: false), "stablelm2")
        case foldedContractions + wordsAfterContractionsThreeDigits:
            (.modern(digits: 3, foldsLongS: true), "llama-bpe")
        case spelledContractions + wordsAfterContractionsThreeDigits:
            (.modern(digits: 3, foldsLongS: false), "llama-bpe")
        default: nil
        }
    }

    /// The expression that does what `step` does; nil where `ByteLevel` brings its own.
    static func pattern(_ step: Step) -> String? {
        guard case .modern(let digits, let foldsLongS) = step else { return nil }
        return (foldsLongS ? foldedContractions : spelledContractions)
            + (digits == 3 ? wordsAfterContractionsThreeDigits : wordsAfterContractions)
    }
}
