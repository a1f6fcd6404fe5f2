/// Why a tokenizer could not be built from a file: each case names the file's fault, where it is, and what helps.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file has no token list, or an empty one.
    case missingTokens(source: String)
    /// More tokens than any 32-bit token number can name, or than the limits allow.
    case vocabularyTooLarge(count: Int, limit: Int)
    /// The same text stands for two token numbers.
    case duplicateToken(text: String, first: Int, second: Int)
    /// Two texts claim one token number.
    case duplicateTokenID(id: Int, first: String, second: String)
    /// A token number that is negative or far beyond the number of tokens.
    case tokenIDOutOfRange(text: String, id: Int)
    /// A token with no text.
    case emptyToken(id: Int)
    /// A token whose text is not UTF-8.
    case invalidUTF8(id: Int)
    /// A token longer than 64 KiB.
    case tokenTooLong(id: Int, length: Int)
    /// A per-token list ("scores", "token types") whose length differs from the number of tokens.
    case countMismatch(list: String, count: Int, tokens: Int)
    /// A score that is not a number.
    case scoreNotANumber(id: Int)
    /// A token type other than 1 to 6.
    case unknownTokenType(id: Int, value: Int)
    /// A merge rule that is not two parts.
    case malformedMerge(index: Int, text: String)
    /// A merge rule whose left part, right part or result is no token.
    case mergeOfUnknownToken(index: Int, text: String)
    /// More merge rules than pairs of tokens can need.
    case tooManyMerges(count: Int, limit: Int)
    /// A special token (such as "eos") whose number is not in the vocabulary.
    case specialTokenOutOfRange(name: String, id: Int, tokens: Int)
    /// A byte token that is not `<0x00>` to `<0xFF>`.
    case malformedByteToken(id: Int, text: String)
    /// The vocabulary cannot spell this byte, so some text could not be encoded.
    case missingByteToken(byte: UInt8)
    /// A kind of tokenizer this library does not have.
    case unknownModel(name: String)
    /// A pre-tokenizer this library does not have; `preTokenizerOverride` chooses one that it has.
    case unknownPreTokenizer(name: String)
    /// The file does not say how to split text, and nothing about the model tells.
    case missingPreTokenizer(architecture: String, tokens: Int)
    /// A component of tokenizer.json that this library does not have, or not with these settings.
    case unsupportedComponent(part: String, detail: String)
    /// A value of the wrong kind, or missing, or bytes that end early.
    case malformedFile(part: String, detail: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .missingTokens(let source): "\(source) has no tokens: the file is not a complete model or tokenizer"
        case .vocabularyTooLarge(let count, let limit): "\(count) tokens are more than the limit of \(limit)"
        case .duplicateToken(let text, let first, let second): "token \(quoted(text)) stands twice: \(first), \(second)"
        case .duplicateTokenID(let id, let first, let second):
            "token number \(id) stands for both \(quoted(first)) and \(quoted(second))"
        case .tokenIDOutOfRange(let text, let id): "token \(quoted(text)) has the impossible number \(id)"
        case .emptyToken(let id): "token \(id) has no text"
        case .invalidUTF8(let id): "the text of token \(id) is not valid UTF-8"
        case .tokenTooLong(let id, let length): "token \(id) is \(length) bytes long; the limit is 65536"
        case .countMismatch(let list, let count, let tokens): "\(count) \(list) for \(tokens) tokens"
        case .scoreNotANumber(let id): "the score of token \(id) is not a number"
        case .unknownTokenType(let id, let value): "token \(id) has the unknown type \(value); 1 to 6 are known"
        case .malformedMerge(let index, let text): "merge \(index), \(quoted(text)), is not two parts"
        case .mergeOfUnknownToken(let index, let text):
            "merge \(index), \(quoted(text)), joins or makes something that is no token"
        case .tooManyMerges(let count, let limit): "\(count) merges are more than the limit of \(limit)"
        case .specialTokenOutOfRange(let name, let id, let tokens):
            "the \(name) token number \(id) is outside the vocabulary of \(tokens)"
        case .malformedByteToken(let id, let text): "token \(id), \(quoted(text)), is not a byte token like <0x0A>"
        case .missingByteToken(let byte):
            "no token spells the byte 0x\(String(byte, radix: 16)), so not every text could be encoded"
        case .unknownModel(let name): "tokenizer model \(quoted(name)) is not supported; gpt2 and llama are"
        case .unknownPreTokenizer(let name):
            "pre-tokenizer \(quoted(name)) is not known; name one with preTokenizerOverride: "
                + PreTokenizer.knownNames.joined(separator: ", ")
        case .missingPreTokenizer(let architecture, let tokens):
            "the file does not name its pre-tokenizer, and architecture \(quoted(architecture)) with \(tokens) tokens "
                + "does not tell it; name one with preTokenizerOverride: "
                + PreTokenizer.knownNames.joined(separator: ", ")
        case .unsupportedComponent(let part, let detail): "\(part) is not supported: \(detail)"
        case .malformedFile(let part, let detail): "\(part): \(detail)"
        }
    }

    private func quoted(_ text: String) -> String {
        let short = text.unicodeScalars.prefix(60)
        var result = "\""
        for scalar in short {
            if scalar.value < 0x20 || scalar.value == 0x7F {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + (short.endIndex < text.unicodeScalars.endIndex ? "…\"" : "\"")
    }
}
