/// Where models come from and where they are kept, as Hugging Face's own tools have it.
package struct HubSettings: Sendable {
    /// The Hub: `HF_ENDPOINT`, else `https://huggingface.co`; no slash at the end.
    package var endpoint: String
    /// The store: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`.
    package var cachePath: String
    /// What to identify with: `HF_TOKEN`, else the contents of the file `HF_TOKEN_PATH` or `HF_HOME/token`.
    package var token: String?
    /// Whether `HF_HUB_OFFLINE` forbids every request.
    package var isOffline: Bool
    /// Certificates to trust instead of the system's: `SSL_CERT_FILE`, `CURL_CA_BUNDLE`, `REQUESTS_CA_BUNDLE`.
    package var certificates: String?
    /// Seconds without a byte after which a connection counts as cut: `HF_HUB_DOWNLOAD_TIMEOUT`.
    package var stallSeconds = 20
    /// How many connections are open at once.
    package var connections = 8
    /// How often something is tried that fails without a byte arriving in between.
    package var attempts = 6
    /// The wait after the first failure in seconds; it doubles with each one that follows.
    package var firstDelay = 0.5
    /// Bytes per range.
    package var chunkSize = 16 << 20

    /// Reads the environment.
    /// - Parameters:
    ///   - environment: The value of a variable; nil when it is unset or empty.
    ///   - readFile: The contents of a file as text; nil when there is none.
    /// - Throws: ``HubError/invalidSetting(name:value:expected:)``.
    package init(
        environment: (String) -> String?, readFile: (String) -> String? = { Files.text(at: $0) }
    ) throws(HubError) {
        let userFolder = environment("HOME") ?? "/"
        func path(_ name: String) -> String? {
            environment(name).map { $0.hasPrefix("~/") ? userFolder + $0.dropFirst(1) : $0 }
        }
        func isSet(_ name: String) -> Bool {
            ["1", "ON", "YES", "TRUE"].contains(environment(name)?.uppercased() ?? "")
        }
        let home = path("HF_HOME") ?? (path("XDG_CACHE_HOME") ?? "\(userFolder)/.cache") + "/huggingface"
        cachePath = path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE") ?? "\(home)/hub"
        endpoint = environment("HF_ENDPOINT") ?? "https://huggingface.co"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard HTTPAddress(endpoint) != nil else {
            throw .invalidSetting(
                name: "HF_ENDPOINT", value: endpoint, expected: "an address such as https://huggingface.co")
        }
        isOffline = isSet("HF_HUB_OFFLINE") || isSet("TRANSFORMERS_OFFLINE")
        certificates = path("SSL_CERT_FILE") ?? path("CURL_CA_BUNDLE") ?? path("REQUESTS_CA_BUNDLE")
        if let text = environment("HF_HUB_DOWNLOAD_TIMEOUT") {
            guard let seconds = Int(text), (1...86_400).contains(seconds) else {
                throw .invalidSetting(name: "HF_HUB_DOWNLOAD_TIMEOUT", value: text, expected: "a number of seconds")
            }
            stallSeconds = seconds
        }
        guard !isSet("HF_HUB_DISABLE_IMPLICIT_TOKEN") else { return }
        let stored = environment("HF_TOKEN") ?? environment("HUGGING_FACE_HUB_TOKEN")
        let text = stored ?? readFile(path("HF_TOKEN_PATH") ?? "\(home)/token")
        token = text.map { $0.filter { !$0.isWhitespace } }.flatMap { $0.isEmpty ? nil : $0 }
        guard token?.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) ?? true else {
            // The value stays out of the message: it is a secret.
            throw .invalidSetting(
                name: stored == nil ? "the token file" : "HF_TOKEN", value: "…", expected: "plain ASCII")
        }
    }
}
