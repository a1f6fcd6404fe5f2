internal import Kite
internal import ModelFiles

/// A bias on a token, or on all tokens of a text.
struct LogitBias: Sendable, Hashable {
    enum Target: Sendable, Hashable {
        case token(TokenID)
        case text(String)
    }

    var target: Target
    /// Added to the logit; minus infinity bans.
    var bias: Float

    /// Reads `logit_bias`: `{"42": -100}` as OpenAI has it, or `[[42, -1.5], ["text", false]]` as llama.cpp does; `false`
    /// bans.
    static func read(_ fields: RequestFields) throws(ServiceError) -> [LogitBias] {
        var result: [LogitBias] = []
        switch fields.object.value("logit_bias") {
        case nil: break
        case .object(let object):
            for member in object.members {
                result.append(
                    LogitBias(target: target(member.key), bias: try bias(member.value, of: "\"\(member.key)\"")))
            }
        case .array(let pairs):
            for (index, pair) in pairs.enumerated() {
                guard case .array(let parts) = pair, parts.count == 2 else {
                    throw invalid("entry \(index) must be a pair of a token and a bias")
                }
                result.append(
                    LogitBias(target: try target(parts[0], index), bias: try bias(parts[1], of: "entry \(index)")))
            }
        case .some(let other): throw fields.mismatch("logit_bias", "an object or an array of pairs", other)
        }
        guard result.count <= 65_536 else { throw invalid("more than 65536 entries") }
        return result
    }

    /// The biases by token; of a token named twice they add up.
    static func resolve(_ biases: [LogitBias], _ tokenizer: Tokenizer, tableSize: Int) throws(ServiceError)
        -> [TokenID: Float]
    {
        var result: [TokenID: Float] = [:]
        for bias in biases {
            switch bias.target {
            case .token(let id):
                guard id < tableSize else {
                    throw invalid("token \(id) is not in the vocabulary of \(tableSize)")
                }
                result[id, default: 0] += bias.bias
            case .text(let text):
                for id in Set(tokenizer.encode(text, parseSpecialTokens: true)) {
                    result[id, default: 0] += bias.bias
                }
            }
        }
        return result
    }

    private static func target(_ key: String) -> Target {
        TokenID(key).flatMap { $0 >= 0 ? .token($0) : nil } ?? .text(key)
    }

    private static func target(_ value: JSONValue, _ index: Int) throws(ServiceError) -> Target {
        switch value {
        case .string(let text): return .text(text)
        case .integer(let number):
            guard let id = TokenID(exactly: number), id >= 0 else {
                throw invalid("entry \(index) names token \(number), which is none")
            }
            return .token(id)
        default: throw invalid("entry \(index) must name a token or a text, not \(value.kind)")
        }
    }

    private static func bias(_ value: JSONValue, of what: String) throws(ServiceError) -> Float {
        let number: Double
        switch value {
        case .bool(false): return -.infinity
        case .integer(let integer): number = Double(integer)
        case .number(let double): number = double
        default: throw invalid("the bias of \(what) must be a number or false, not \(value.kind)")
        }
        guard abs(number) <= 1e6 else { throw invalid("the bias of \(what) must be between -1000000 and 1000000") }
        return Float(number)
    }

    private static func invalid(_ problem: String) -> ServiceError {
        .invalid("'logit_bias': \(problem)", param: "logit_bias")
    }
}
