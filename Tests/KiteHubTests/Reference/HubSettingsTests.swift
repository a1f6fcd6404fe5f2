import Testing

@testable import KiteHub

@Suite struct HubSettingsTests {
    private func settings(
        _ values: [String: String], files: [String: String] = [:]
    ) throws -> HubSettings {
        try HubSettings(
            environment: { (["HOME": "/home/me"].merging(values) { $1 })[$0] }, readFile: { files[$0] })
    }

    @Test(
        arguments: [
            ([:], "/home/me/.cache/huggingface/hub"), (["XDG_CACHE_HOME": "/c"], "/c/huggingface/hub"),
            (["HF_HOME": "/h", "XDG_CACHE_HOME": "/c"], "/h/hub"), (["HF_HOME": "~/h"], "/home/me/h/hub"),
            (["HF_HUB_CACHE": "/k", "HF_HOME": "/h"], "/k"), (["HUGGINGFACE_HUB_CACHE": "/l"], "/l"),
        ] as [([String: String], String)])
    func theStoreIsWhereHuggingFaceHasIt(_ values: [String: String], _ path: String) throws {
        #expect(try settings(values).cachePath == path)
    }

    @Test func tokens() throws {
        #expect(try settings([:]).token == nil)
        #expect(try settings(["HF_TOKEN": "hf_a\n"]).token == "hf_a")
        #expect(try settings([:], files: ["/home/me/.cache/huggingface/token": " hf_b \n"]).token == "hf_b")
        #expect(try settings(["HF_TOKEN_PATH": "/t"], files: ["/t": "hf_c"]).token == "hf_c")
        #expect(try settings(["HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]).token == nil)
        let error = #expect(throws: HubError.self) { try settings(["HF_TOKEN": "geheimß"]) }
        #expect(error?.description.contains("geheim") == false)
    }

    @Test func endpointAndOffline() throws {
        #expect(try settings([:]).endpoint == "https://huggingface.co")
        #expect(try settings(["HF_ENDPOINT": "https://mirror.example/hf/"]).endpoint == "https://mirror.example/hf")
        #expect(throws: HubError.self) { try settings(["HF_ENDPOINT": "mirror"]) }
        #expect(throws: HubError.self) { try settings(["HF_ENDPOINT": "https://me@mirror.example"]) }
        #expect(try settings(["HF_HUB_OFFLINE": "yes"]).isOffline)
        #expect(try !settings(["HF_HUB_OFFLINE": "0"]).isOffline)
    }

    @Test(arguments: [
        ("https://a.example/x?y#z", "https://a.example", "/x?y"), ("HTTP://A.example:80", "http://a.example:80", "/"),
        ("https://[::1]:8/x", "https://[::1]:8", "/x"), ("https://a.example?x", "https://a.example", "/?x"),
    ])
    func addresses(_ text: String, _ origin: String, _ target: String) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.origin == origin)
        #expect(address.target == target)
    }

    @Test(arguments: [
        "a.example", "ftp://a.example", "https://", "https://a@b/", "https://a\\@b/", "https://a b/",
        "https://a/\nX: y",
        "file:///etc/passwd", "https://ä.example/",
    ])
    func addressesThatTwoReadersCouldReadInTwoWaysAreRefused(_ text: String) { #expect(HTTPAddress(text) == nil) }

    @Test func redirections() throws {
        let here = try #require(HTTPAddress("https://hub.example/a/b?c=d"))
        #expect(here.following("/x")?.description == "https://hub.example/x")
        #expect(here.following("y")?.description == "https://hub.example/a/y")
        #expect(here.following("//cdn.example/z")?.description == "https://cdn.example/z")
        #expect(here.following("https://cdn.example/z")?.origin == "https://cdn.example")
        // No way from an encrypted connection to an open one.
        #expect(here.following("http://cdn.example/z") == nil)
        #expect(here.following("file:///etc/passwd") == nil)
    }
}
