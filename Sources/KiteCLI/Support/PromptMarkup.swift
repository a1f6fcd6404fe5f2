/// Recognises a prompt that already carries the markup of a chat format.
///
/// Model cards show command lines such as `-p "<|user|>\n{prompt}<|endoftext|>\n<|assistant|>"`. Where a chat format is
/// applied anyway, the message inside is what was meant.
enum PromptMarkup {
    private static let forms: [(open: String, close: [String])] = [
        ("<|user|>", ["<|endoftext|>", "</s>", "<|assistant|>"]),
        ("<|im_start|>user", ["<|im_end|>", "<|im_start|>assistant"]),
        ("[INST]", ["[/INST]"]),
    ]

    /// The user's message in `text`; nil when it is no single marked-up turn.
    static func message(in text: String) -> String? {
        let trimmed = trimmed(text[...])
        for form in forms where trimmed.hasPrefix(form.open) {
            var body = trimmed.dropFirst(form.open.count)
            for close in form.close.reversed() {
                body = Self.trimmed(body)
                if body.hasSuffix(close) { body = body.dropLast(close.count) }
            }
            body = Self.trimmed(body)
            let isSingleTurn = !body.isEmpty && !forms.contains { occurs($0.open, in: body) }
            if isSingleTurn, body.utf8.count < trimmed.utf8.count - form.open.utf8.count { return String(body) }
        }
        return nil
    }

    private static func occurs(_ part: String, in text: Substring) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
