/// An option of llama.cpp's that Kite accepts and has no use for.
struct PeerOption {
    /// What follows it.
    enum Value {
        case none
        case needed
        /// One of these words, or nothing.
        case oneOf([String])
    }

    /// What it does here.
    enum Effect {
        case silent
        case note(String)
        /// Asks for a conversation instead of one answer.
        case conversation
    }

    let value: Value
    let effect: Effect

    /// The option of this spelling; nil when it is none of these.
    static func named(_ name: String) -> PeerOption? { table[name] }

    private static let onOff = Value.oneOf(["on", "off", "auto", "0", "1", "true", "false"])
    private static let processor = Effect.note("no GPU backend yet; running on the CPU (-ngl and the like are ignored)")

    private static func note(_ text: String) -> Effect { .note(text) }

    private static let table: [String: PeerOption] = {
        let rows: [(names: [String], value: Value, effect: Effect)] = [
            (
                ["-i", "-ins", "-cnv", "--interactive", "--instruct", "--conversation", "-if", "--interactive-first"],
                .none, .conversation
            ),
            (["-ngl", "--n-gpu-layers", "--gpu-layers"], .needed, processor),
            (
                ["-sm", "--split-mode", "-mg", "--main-gpu", "-ts", "--tensor-split", "-dev", "--device"], .needed,
                processor
            ),
            (["-nkvo", "--no-kv-offload"], .none, .silent),
            (
                [
                    "-no-cnv", "--no-conversation", "--simple-io", "--log-disable", "--no-warmup", "--warmup", "--mmap",
                    "--no-perf", "--perf", "-co", "--no-log", "--offline", "--jinja", "--no-jinja",
                    "--no-context-shift",
                    "--multiline-input", "-mli", "--in-prefix-bos", "-kvu", "--kv-unified",
                ], .none, .silent
            ),
            (["--color", "--colors", "-fa", "--flash-attn", "--log-colors"], onOff, .silent),
            (
                [
                    "-b", "--batch-size", "-ub", "--ubatch-size", "--poll", "--prio", "--keep", "-np", "--parallel",
                    "--log-verbosity", "-lv", "--log-file",
                ], .needed, .silent
            ),
            (
                ["-tb", "--threads-batch"], .needed,
                note("one number of threads for everything: -tb is ignored, see -t")
            ),
            (["-ctv", "--cache-type-v"], .needed, note("keys and values have one type: -ctv is ignored, see --kv")),
            (["--no-mmap"], .none, note("--no-mmap is ignored: weights stay mapped from the file")),
            (["--numa"], .needed, note("--numa is ignored")),
            (["--repack", "--no-repack"], .none, .silent),
        ]
        var table: [String: PeerOption] = [:]
        for row in rows {
            for name in row.names { table[name] = PeerOption(value: row.value, effect: row.effect) }
        }
        return table
    }()
}
