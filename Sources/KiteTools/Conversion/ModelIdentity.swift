public import ModelFiles

/// What a model is called and whose it is: the `general.` keys.
public struct ModelIdentity: Sendable, Equatable {
    /// Name for people: "StableLM Zephyr 3B".
    public var name: String
    /// A few words on what it is.
    public var summary: String?
    /// Who made it.
    public var author: String?
    /// Its licence, as an SPDX identifier in lower case.
    public var license: String?

    /// A model called `name`.
    public init(name: String, summary: String? = nil, author: String? = nil, license: String? = nil) {
        self.name = name
        self.summary = summary
        self.author = author
        self.license = license
    }

    /// What a folder says about its model: its own name as the name, `license` from the head of its README.
    public init(folder: HuggingFaceFolder) {
        let component = folder.path.split(separator: "/").last { $0 != "." } ?? "model"
        self.init(name: Self.title(String(component)), license: Self.license(in: folder))
    }

    /// `stablelm-zephyr-3b` as "Stablelm Zephyr 3b": words that are no versions and have no capitals get one.
    static func title(_ name: String) -> String {
        name.split(whereSeparator: { $0 == "-" || $0 == " " }).map { word in
            let startsWithDigit = word.first?.isNumber ?? false
            let isVersion =
                word.first == "v" && word.dropFirst().allSatisfy { $0.isNumber || $0 == "." } && word.count > 1
            guard word == word.lowercased(), !startsWithDigit, !isVersion else { return String(word) }
            return word.prefix(1).uppercased() + word.dropFirst()
        }.joined(separator: " ")
    }

    /// The value of `license:` in the front matter of the model card.
    private static func license(in folder: HuggingFaceFolder) -> String? {
        guard let text = try? folder.text(.readme) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        for line in lines[1..<end] where line.hasPrefix("license:") {
            let value = line.dropFirst("license:".count).filter { $0 != "\"" && $0 != "'" && $0 != " " }
            return value.isEmpty ? nil : value.lowercased()
        }
        return nil
    }

    /// A count of parameters with at least two digits: "2.8B", "12B", "6.2M".
    static func sizeLabel(_ parameters: Int) -> String {
        let (scale, suffix): (Double, String) =
            switch parameters {
            case 1_000_000_000_001...: (1e12, "T")
            case 1_000_000_001...: (1e9, "B")
            case 1_000_001...: (1e6, "M")
            default: (1e3, "K")
            }
        let scaled = Double(parameters) / scale
        guard scaled.rounded() < 10 else { return "\(Int(scaled.rounded(.toNearestOrEven)))\(suffix)" }
        let tenths = Int((scaled * 10).rounded(.toNearestOrEven))
        return "\(tenths / 10).\(tenths % 10)\(suffix)"
    }

    /// Writes the keys of a model with `parameters` parameters.
    func write(to metadata: inout GGUFMetadata, parameters: Int) {
        metadata["general.type"] = .string("model")
        metadata["general.name"] = .string(name)
        if let author { metadata["general.author"] = .string(author) }
        if let summary { metadata["general.description"] = .string(summary) }
        metadata["general.size_label"] = .string(Self.sizeLabel(parameters))
        if let license { metadata["general.license"] = .string(license) }
    }
}
