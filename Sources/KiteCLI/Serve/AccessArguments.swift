#if Server
import ArgumentParser
import KiteServer

/// Where a server listens and whom it lets in.
struct AccessArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The address to listen on; 0.0.0.0 is all of this machine's.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("The port; 0 takes any that is free.", valueName: "n"))
    var port = 8080

    @Option(
        help: ArgumentHelp(
            "A key that clients must show (Bearer or X-Api-Key); may be given again. Others can see it in the list of "
                + "processes: KITE_API_KEY in the environment and --api-key-file keep it.", valueName: "key"))
    var apiKey: [String] = []

    @Option(help: ArgumentHelp("A file with a key on each line.", valueName: "file"))
    var apiKeyFile: String?

    @Option(help: ArgumentHelp("What stands before every path, such as /ai.", valueName: "path"))
    var apiPrefix = ""

    @Option(
        help: ArgumentHelp(
            "An origin whose web pages may use the server, such as https://chat.example.org, or *; may be given again.",
            valueName: "origin"))
    var corsOrigin: [String] = []

    @Flag(help: "No chat page, only the API.")
    var noPage = false

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port \(port) is not between 0 and 65535") }
        guard !host.isEmpty else { throw ValidationError("--host is empty") }
        if apiKey.contains(where: { $0.isEmpty || $0.first?.isWhitespace == true || $0.last?.isWhitespace == true }) {
            throw ValidationError("--api-key is empty or has blanks at its ends")
        }
        for origin in corsOrigin where origin != "*" && !Self.isOrigin(origin) {
            throw ValidationError("--cors-origin \(origin) is no origin such as https://chat.example.org, nor *")
        }
        let prefixBytes = apiPrefix.utf8
        if prefixBytes.contains(where: { $0 <= 0x20 || $0 > 0x7E || $0 == 0x3F || $0 == 0x23 || $0 == 0x25 }) {
            throw ValidationError("--api-prefix \(apiPrefix) is no plain path such as /ai")
        }
    }

    /// The keys of options, environment and file.
    func keys() throws -> APIKeys { APIKeys(try keyList()) }

    /// The same, as text.
    func keyList() throws -> [String] {
        var keys = apiKey
        if let list = SystemIO.environment("KITE_API_KEY") {
            let listed = APIKeys.keys(inList: list)
            guard !listed.isEmpty else { throw CLIError.failure("there is no key in KITE_API_KEY") }
            keys += listed
        }
        if let apiKeyFile {
            let listed = APIKeys.keys(
                inText: String(decoding: try SystemIO.contents(of: apiKeyFile), as: UTF8.self))
            guard !listed.isEmpty else { throw CLIError.failure("there is no key in \(apiKeyFile)") }
            keys += listed
        }
        return keys
    }

    /// The server's options so far.
    func options(keys: APIKeys) throws -> ServerOptions {
        var options = ServerOptions()
        options.host = host
        options.port = port
        options.keys = keys
        options.prefix = apiPrefix
        options.allowedOrigins = corsOrigin
        options.servesPage = !noPage
        return options
    }

    /// `https://host` or `https://host:port`, nothing behind.
    private static func isOrigin(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 3 && (parts[0] == "http:" || parts[0] == "https:") && parts[1].isEmpty
            && !parts[2].isEmpty
    }
}
#endif
