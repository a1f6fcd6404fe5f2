#if Server
import ArgumentParser
import CoreMetrics
import KiteServer
import Logging
import ModelService

/// What a server writes down.
struct ServeLogArguments: ParsableArguments {
    @Option(help: "How lines of the log look: text or json.")
    var logFormat = LogFormatArgument.text

    @Flag(help: "Write what clients send into the log. It never is otherwise.")
    var logPrompts = false

    @Flag(name: .shortAndLong, help: "Log also probes (/health) and scrapes (/metrics).")
    var verbose = false

    /// Gets a line for each request, on standard error.
    func logger() -> Logger {
        Logger(label: "kite") { _ in
            LineLogHandler(format: logFormat == .json ? .json : .text, level: verbose ? .debug : .info)
        }
    }

    /// Keeps the numbers of `/metrics`, for the whole program.
    func metrics() -> PrometheusMetrics {
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }
}

/// Formats of log lines, by their names on the command line.
enum LogFormatArgument: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}
#endif
