#if Server
import ArgumentParser
import Kite
import KiteServer
import ModelService

/// `kite serve`: OpenAI's API and a chat page.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models: OpenAI's API and a chat page.",
        discussion: """
            Any OpenAI client works with http://HOST:PORT/v1; the page is at http://HOST:PORT/. Several models are \
            served by name and loaded when they are first asked for; NAME=MODEL gives one another name. Without a \
            MODEL the small model inside this program answers.

            Ctrl-C or SIGTERM lets the requests under way finish; a second one ends at once. SIGHUP reads the file of \
            keys again. Without a key everybody who reaches the port may use it: set one before listening on \
            anything but this machine.

            Examples:
              kite serve
              kite serve stablelm-zephyr-3b.Q4_K_M.gguf --port 9000
              kite serve small.gguf big=stablelm-2-12b.Q4_K_M.gguf --memory-budget 12G
              KITE_API_KEY=secret kite serve model.gguf --host 0.0.0.0 -np 8
              kite serve model.gguf --lora poet=adapters/poet --guard-rules rules.txt
              kite serve model.gguf --api-key-file keys.txt --log-format json
            """
    )

    @OptionGroup var models: ServedModelArguments

    @Option(name: .shortAndLong, help: ArgumentHelp("The same as an argument.", valueName: "model"))
    var model: [String] = []

    @OptionGroup(title: "Address and access") var access: AccessArguments
    @OptionGroup(title: "Limits") var limits: ServeLimitArguments
    @OptionGroup(title: "Guards") var guarding: GuardArguments
    @OptionGroup(title: "Engine") var engine: EngineArguments
    @OptionGroup(title: "Chat format") var format: ServeFormatArguments
    @OptionGroup(title: "Log") var log: ServeLogArguments

    func run() async throws {
        let keys = try access.keys()
        var options = try access.options(keys: keys)
        try limits.apply(to: &options)
        options.logsPrompts = log.logPrompts
        let service = try limits.serviceOptions()
        var served = models
        served.models += model
        let registry = try served.registry(try limits.loadOptions(engine, format))
        if keys.isEmpty, !options.isLocal {
            Console.warning(
                "without an API key everybody who reaches \(options.host) may use this server; see --api-key-file")
        }
        let metrics = log.metrics()
        let reload: @Sendable () -> Void = { [access] in
            do { try keys.replace(with: access.keyList()) } catch { Console.error("\(error)") }
        }
        // Loading takes minutes where the model is fetched first: until then a signal ends the program.
        try await Interrupts.served(stop: nil, reload: reload) {
            try await loadFirst(of: registry)
            let server = KiteServer(
                models: registry, guards: try await guarding.guards(registry), service: service, options: options,
                logger: log.logger(), metrics: metrics)
            try await Interrupts.served(stop: { server.shutdown() }, reload: reload) {
                try await server.run { port in
                    Console.note(startLine(server.options, port: port, registry.names), style: .plain)
                }
            }
        }
    }

    /// The first model is there before anybody asks, so that what is wrong with it is said now.
    private func loadFirst(of registry: ModelRegistry) async throws {
        do {
            for warning in try await registry.acquire(nil).model.warnings { Console.warning(warning) }
        } catch let error as RegistryError {
            throw CLIError.failure(error.description)
        }
    }

    /// Where the server is and what it serves.
    private func startLine(_ options: ServerOptions, port: Int, _ names: [String]) -> String {
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        return "kite: serving \(names.joined(separator: ", ")) at http://\(host):\(port)\(options.prefix)/"
            + (options.servesPage ? "" : "v1")
    }
}
#endif
