#if Server
import ArgumentParser
import Kite
import KiteServer
import ModelService

/// What a server grants.
struct ServeLimitArguments: ParsableArguments {
    @Option(
        name: [.customLong("parallel")],
        help: ArgumentHelp("Answers made at the same time by one model; -np is the same.", valueName: "n"))
    var parallel = 16

    @Option(
        help: ArgumentHelp("Requests that may wait for their turn; further ones are refused (429).", valueName: "n"))
    var queue = 256

    @Option(help: ArgumentHelp("Longest time for one request, in seconds; 0 sets none.", valueName: "seconds"))
    var timeout = 3600

    @Option(
        name: [.customShort("n"), .customLong("max-tokens")],
        help: ArgumentHelp("Most tokens of an answer, whatever was asked for.", valueName: "n"))
    var maxTokens: Int?

    @Option(help: ArgumentHelp("Most bytes of a request.", valueName: "size"))
    var maxBody = "8M"

    @Option(help: ArgumentHelp("Connections at a time; further ones wait.", valueName: "n"))
    var connections = 512

    @Option(help: ArgumentHelp("How long requests may go on after SIGTERM.", valueName: "seconds"))
    var drain = 30

    func validate() throws {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--parallel", parallel, 1...1024), ("--queue", queue, 0...1_000_000),
            ("--timeout", timeout, 0...31_536_000),
            ("--connections", connections, 1...65536), ("--drain", drain, 0...86400),
            ("--max-tokens", maxTokens ?? 1, 1...(1 << 24)),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw ValidationError("\(name) \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
    }

    /// Sets the server's limits.
    func apply(to options: inout ServerOptions) throws {
        let body = try ServedModelArguments.size(maxBody, "--max-body")
        guard body <= 1 << 30 else { throw CLIError.usage("--max-body \(maxBody) is more than 1G") }
        options.limits.maximumBodyBytes = body
        options.limits.maximumConnections = connections
        options.drainLimit = .seconds(drain)
    }

    /// What one request is granted.
    func serviceOptions() throws -> ServiceOptions {
        var options = ServiceOptions()
        options.deadline = timeout == 0 ? nil : .seconds(timeout)
        options.maximumResponseTokens = maxTokens
        return options
    }

    /// How models are run.
    func loadOptions(_ engine: EngineArguments, _ format: ServeFormatArguments) throws -> LoadOptions {
        var options = try engine.loadOptions(chatTemplate: format.resolvedTemplate())
        options.maximumSequences = parallel
        options.maximumWaiting = queue
        return options
    }
}
#endif
