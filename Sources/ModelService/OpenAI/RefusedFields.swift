internal import ModelFiles

/// Fields that other servers know and that would change the answer: ignoring one would answer another question than the
/// one asked. Their neutral values are accepted, since clients send these along.
enum RefusedFields {
    /// Names of fields, with the values that mean nothing.
    private static let neutral: [(key: String, values: [JSONValue], hint: String)] = [
        ("functions", [.array([])], "use 'tools'"),
        ("function_call", [.string("none"), .string("auto")], "use 'tool_choice'"),
        ("suffix", [.string("")], "the models here continue a text, they do not fill gaps"),
        ("audio", [], "only text is made"),
        ("web_search_options", [], "nothing is looked up"),
        ("guided_json", [], "use 'json_schema' or 'response_format'"),
        ("guided_grammar", [], "use 'grammar'"),
        ("guided_regex", [], "use 'grammar'"),
        ("guided_choice", [], "use 'grammar'"),
        ("structured_outputs", [], "use 'response_format' or 'grammar'"),
        ("mirostat", [.integer(0)], ""),
        ("dynatemp_range", [.integer(0), .number(0)], ""),
        ("dry_multiplier", [.integer(0), .number(0)], ""),
        ("xtc_probability", [.integer(0), .number(0)], ""),
        ("top_n_sigma", [.integer(-1), .number(-1)], ""),
        ("tfs_z", [.integer(1), .number(1)], ""),
        ("min_tokens", [.integer(0)], ""),
        ("length_penalty", [.integer(1), .number(1)], ""),
        ("use_beam_search", [.bool(false)], ""),
        ("post_sampling_probs", [.bool(false)], ""),
        ("stop_token_ids", [.array([])], "use 'stop'"),
        ("allowed_token_ids", [.array([])], "use 'grammar'"),
        ("bad_words", [.array([])], "use 'logit_bias'"),
        ("chat_template", [], "the model's own is used; 'chat_template_kwargs' gives names to it"),
        ("truncate_prompt_tokens", [], "prompts are read whole or refused"),
        ("documents", [.array([])], "say them in a message, or to the template with 'chat_template_kwargs'"),
    ]

    /// Throws a 400 for the first field that has a value which matters.
    static func check(_ fields: RequestFields) throws(ServiceError) {
        for field in neutral {
            guard let value = fields.object.value(field.key), !field.values.contains(value) else { continue }
            throw .invalid(
                "'\(field.key)' is not supported" + (field.hint.isEmpty ? "" : ": \(field.hint)"), param: field.key,
                code: "unsupported_parameter")
        }
        for value in try fields.array("modalities", limit: 16) ?? [] where value != "text" {
            throw .invalid("'modalities' can only be [\"text\"]", param: "modalities", code: "unsupported_parameter")
        }
    }
}
