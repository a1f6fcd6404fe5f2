import Testing

@testable import KiteHub

@Suite struct ModelChoiceTests {
    private static let card = ["Q2_K", "Q3_K_S", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q8_0"].map {
        "stablelm-zephyr-3b.\($0).gguf"
    }

    private func choose(_ wanted: String?, _ names: [String]) throws -> [String]? {
        try ModelChoice.gguf(among: names, wanted: wanted, of: "o/r")?.files
    }

    @Test(
        arguments: [
            ("stablelm-zephyr-3b.Q4_K_M.gguf", "Q4_K_M"), ("zephyr-7b-q5_0.gguf", "Q5_0"), ("m-IQ4_XS.gguf", "IQ4_XS"),
            ("model_q8_0.gguf", "Q8_0"), ("model-bf16.gguf", "BF16"), ("BF16/m-BF16", "BF16"),
            ("m-UD-Q4_K_XL.gguf", "Q4_K_XL"),
            ("Q4_K_M/m.gguf", "Q4_K_M"), ("zephyr-7b.gguf", nil), ("q-learner-2.gguf", nil), ("m.F16.gguf", "F16"),
            ("m-Q4_0_4_4.gguf", "Q4_0_4_4"), ("nano-chat.gguf", nil),
        ] as [(String, String?)])
    func tags(_ name: String, _ tag: String?) { #expect(QuantizationTag.of(name) == tag) }

    @Test func theTypeIsFoundInAnyCase() throws {
        #expect(try choose("q4_k_m", Self.card) == ["stablelm-zephyr-3b.Q4_K_M.gguf"])
        #expect(try choose("Q4_0", Self.card) == ["stablelm-zephyr-3b.Q4_0.gguf"])
        #expect(try choose("stablelm-zephyr-3b.Q2_K.gguf", Self.card) == ["stablelm-zephyr-3b.Q2_K.gguf"])
        #expect(try choose("STABLELM-ZEPHYR-3B.q2_k", Self.card) == ["stablelm-zephyr-3b.Q2_K.gguf"])
    }

    @Test func aTypeIsNotPartOfAnother() {
        let error = #expect(throws: HubError.self) { try choose("Q4_K", Self.card) }
        #expect(error?.description.contains("has no Q4_K: it has Q2_K, Q3_K_S") == true, "\(String(describing: error))")
        #expect(throws: HubError.self) { try choose("Q4_XS", ["m-IQ4_XS.gguf"]) }
    }

    @Test func withoutATypeTheUsualOneIsTaken() throws {
        #expect(try choose(nil, Self.card) == ["stablelm-zephyr-3b.Q4_K_M.gguf"])
        #expect(try choose(nil, Self.card.filter { !$0.contains("Q4_K") }) == ["stablelm-zephyr-3b.Q4_0.gguf"])
        #expect(try choose(nil, ["only.gguf", "mmproj-F16.gguf", "imatrix.gguf"]) == ["only.gguf"])
        #expect(try choose(nil, ["m-Q8_0.gguf", "m-F16.gguf"]) == ["m-Q8_0.gguf"])
        #expect(try choose(nil, ["config.json"]) == nil)
    }

    @Test func allPartsOfASplitModelBelongTogether() throws {
        let parts = (1...3).map { "big/big-Q6_K-0000\($0)-of-00003.gguf" }
        #expect(try choose("q6_k", parts.reversed() + Self.card) == parts)
        #expect(ModelChoice.ggufModels(among: parts).map(\.isWhole) == [true])
        #expect(ModelChoice.ggufModels(among: Array(parts.dropLast())).map(\.isWhole) == [false])
        #expect(ModelChoice.ggufModels(among: Array(parts.dropFirst())).map(\.isWhole) == [false])
    }

    @Test func severalModelsOfOneTypeAreNotGuessedAmong() throws {
        let error = #expect(throws: HubError.self) { try choose("Q4_0", ["base-Q4_0.gguf", "chat-Q4_0.gguf"]) }
        #expect(error?.description.contains("base-Q4_0.gguf, chat-Q4_0.gguf") == true)
        #expect(try choose("Q4_K_M", ["m-UD-Q4_K_M.gguf", "m-Q4_K_M.gguf"]) == ["m-Q4_K_M.gguf"])
    }

    @Test func aCheckpointIsWhatKiteReads() throws {
        let names = [
            "README.md", "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "model.safetensors.index.json", "pytorch_model.bin", "tokenizer.json", "tokenizer_config.json",
            "consolidated.safetensors", "onnx/model.onnx", "original/model.safetensors", "chat_template.jinja",
        ]
        let choice = try #require(ModelChoice.checkpoint(among: names))
        #expect(choice.files.first == "config.json")
        #expect(
            Set(choice.files)
                == Set(names).subtracting([
                    "pytorch_model.bin", "consolidated.safetensors", "onnx/model.onnx", "original/model.safetensors",
                ]))
        #expect(ModelChoice.checkpoint(among: ["config.json", "pytorch_model.bin"]) == nil)
        let adapter = ModelChoice.checkpoint(among: ["adapter_config.json", "adapter_model.safetensors", "x.bin"])
        #expect(adapter?.files == ["adapter_config.json", "adapter_model.safetensors"])
    }

    @Test func namedFilesAndPatterns() throws {
        let listing = RepositoryListing(
            commit: "c", files: (["config.json", "a/b.json"] + Self.card).map { .init(name: $0) })
        var request = PullRequest(try #require(ModelReference("o/r")))
        request.files = ["a/b.json"]
        #expect(try request.choice(from: listing).files == ["a/b.json"])
        request.include = ["*.json"]
        request.exclude = ["config*"]
        #expect(try request.choice(from: listing).files == ["a/b.json"])
        (request.files, request.exclude) = ([], [])
        #expect(try request.choice(from: listing).files == ["config.json", "a/b.json"])
        request.files = ["B.JSON"]
        let error = #expect(throws: HubError.self) { try request.choice(from: listing) }
        #expect(error?.description == "o/r has no file 'B.JSON'; it has a/b.json")
    }

    @Test(arguments: [
        #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"../evil"}]}"#,
        #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"/etc/passwd"}]}"#,
        #"{"sha":"../../x","siblings":[]}"#, #"{"siblings":[]}"#, "<html>", "",
        #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"a","size":-1.5}]}"#,
    ])
    func listsThatCannotBeTrustedAreRefused(_ json: String) {
        #expect(throws: HubError.self) { try RepositoryListing(parsing: Array(json.utf8), of: "o/r") }
    }
}
