import Testing

@testable import KiteHub

@Suite struct ModelReferenceTests {
    @Test(
        arguments: [
            ("owner/repo", "owner/repo", nil, nil), ("owner/repo:q4_k_m", "owner/repo", nil, "q4_k_m"),
            ("TheBloke/stablelm-zephyr-3b-GGUF:Q5_K_M", "TheBloke/stablelm-zephyr-3b-GGUF", nil, "Q5_K_M"),
            ("o/r@v1.0:Q8_0", "o/r", "v1.0", "Q8_0"), ("o/r@refs/pr/3", "o/r", "refs/pr/3", nil),
            ("https://huggingface.co/o/r", "o/r", nil, nil), ("hf.co/o/r:Q2_K", "o/r", nil, "Q2_K"),
            ("hf://models/o/r", "o/r", nil, nil), ("models/r", "models/r", nil, nil),
            ("o/r:sub/model.gguf", "o/r", nil, "sub/model.gguf"),
        ] as [(String, String, String?, String?)])
    func readsWhatPeopleWrite(_ text: String, _ repository: String, _ revision: String?, _ type: String?) throws {
        let reference = try #require(ModelReference(text))
        #expect(reference.repository == repository)
        #expect(reference.revision == revision)
        #expect(reference.quantization == type)
    }

    @Test(arguments: [
        "", "repo", "a/b/c", "/owner/repo", "./owner", "owner/", "../x", "owner/..", "owner/re po", "o/r:", "o/r@",
        "-o/r",
        "o/r:../x", "o/r@../x", "o/r--s", "o/r@a b", "~/x", "o\\r/x",
    ])
    func refusesEverythingElse(_ text: String) { #expect(ModelReference(text) == nil) }

    @Test func addressesOfFiles() throws {
        let page = "https://huggingface.co/o/r/blob/v1/sub/m.Q4_0.gguf?download=true"
        let (reference, name) = try #require(ModelReference.file(at: page))
        #expect(reference.description == "o/r@v1" && name == "sub/m.Q4_0.gguf")
        for text in ["o/r/blob/main/m.gguf", "https://huggingface.co/o/r", "https://huggingface.co/o/r/blob/main/../x"]
        {
            #expect(ModelReference.file(at: text) == nil)
        }
    }

    @Test func pathsOfMissingFilesAreNoRepositories() {
        #expect(!ModelReference.isPlausible("models/zephyr.gguf"))
        #expect(!ModelReference.isPlausible("models/zephyr.Q4_K_M.GGUF"))
        #expect(!ModelReference.isPlausible("vocab/tokenizer.json"))
        #expect(ModelReference.isPlausible("stabilityai/stablelm-2-zephyr-1_6b"))
    }

    @Test(arguments: [
        "../x", "a/../b", "/etc/passwd", "a//b", "a/", "", ".", "a\\b", "a\u{0}b", "a\nb",
        String(repeating: "x", count: 256),
    ])
    func namesThatLeaveTheFolderAreRefused(_ name: String) { #expect(!SafePath.isFileName(name)) }

    @Test func ordinaryNamesAreNot() {
        for name in ["model.gguf", "a/b/c.json", "..x", ".gitattributes", "naïve.txt"] {
            #expect(SafePath.isFileName(name))
        }
        #expect(!SafePath.isBlobName("../../x") && !SafePath.isBlobName("") && !SafePath.isBlobName("a/b"))
        #expect(SafePath.isCommit(String(repeating: "a1", count: 20)) && !SafePath.isCommit("main"))
    }

    /// Checked against Python's `fnmatch.fnmatchcase`.
    @Test(arguments: [
        ("*.json", "config.json", true), ("*.json", "a/config.json", true), ("*.json", "config.jsonl", false),
        ("model-0000?-of-*", "model-00001-of-00003.gguf", true), ("*Q4*", "x.Q4_K_M.gguf", true),
        ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[]]", "]", true), ("[", "[", true), ("a/", "a/b/c", true),
        ("", "", true), ("*", "", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("A*", "ab", false),
    ])
    func patterns(_ pattern: String, _ name: String, _ fits: Bool) {
        #expect(GlobPattern(pattern).matches(name) == fits)
    }

    @Test func patternsTakeNoExponentialTime() {
        let pattern = GlobPattern(String(repeating: "*a", count: 40) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
    }
}
