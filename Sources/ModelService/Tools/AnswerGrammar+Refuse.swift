internal import Kite

extension AnswerGrammar {
    /// Refuses what the engine cannot keep to yet.
    static func refuse(_ grammar: Grammar?) throws(ServiceError) {
        guard grammar != nil else { return }
        throw .invalid("grammars cannot be honoured yet", param: "grammar", code: "invalid_grammar")
    }

    /// The same of adapters.
    static func refuse(_ adapters: AdapterSet?) throws(ServiceError) {
        guard adapters != nil else { return }
        throw .invalid("adapters cannot be applied yet", param: "lora", code: "unsupported_parameter")
    }
}

extension Response {
    /// The token that ended the answer.
    var ending: TokenLogprob? { nil }
}
