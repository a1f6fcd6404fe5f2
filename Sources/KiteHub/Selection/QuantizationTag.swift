/// The types of weights that names of GGUF files tell: `stablelm-zephyr-3b.Q4_K_M.gguf`.
package enum QuantizationTag {
    /// What is taken when nobody says, best first: small enough for a laptop, hardly worse than the original.
    static let preferred = [
        "Q4_K_M", "Q4_K_S", "Q4_0", "IQ4_XS", "IQ4_NL", "Q4_1", "Q5_K_M", "Q5_K_S", "Q5_0", "Q5_1", "Q3_K_L", "Q3_K_M",
        "Q6_K", "Q8_0", "Q3_K_S", "Q2_K", "BF16", "F16", "F32",
    ]

    /// The tag in a file's name, upper case; nil when it tells none. The last one counts: folders and model names come first.
    package static func of(_ file: String) -> String? {
        var stem = file.lowercased()
        if stem.hasSuffix(".gguf") { stem.removeLast(5) }
        let words = stem.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        for word in words.reversed() {
            // `model_q4_k_m`: underscores may also stand before the tag.
            let parts = word.split(separator: "_")
            for start in parts.indices where isStart(parts[start]) {
                let tag = parts[start...].joined(separator: "_")
                if isTag(tag) { return tag.uppercased() }
            }
        }
        return nil
    }

    /// `q4`, `iq4`, `tq1`, `bf16`, `f16`, `f32`, `fp16`, `mxfp4`.
    private static func isStart(_ part: Substring) -> Bool {
        if ["bf16", "f16", "f32", "fp16", "fp32", "mxfp4"].contains(part) { return true }
        let digits = part.drop { $0 == "i" || $0 == "t" }
        return digits.first == "q" && digits.count == 2 && digits.last?.isNumber == true
    }

    private static func isTag(_ tag: String) -> Bool {
        let parts = tag.split(separator: "_")
        guard let first = parts.first, isStart(first) else { return false }
        return parts.dropFirst().allSatisfy { $0.count <= 3 && $0.allSatisfy { $0.isLetter || $0.isNumber } }
            && (parts.count > 1 || !first.contains("q"))
    }
}
