/// The options of Kite's own commands, by every spelling they are known under.
enum CommandOptions {
    /// Whether `command` gives `spelling` a meaning of its own, where other commands take llama.cpp's.
    static func isOwn(_ spelling: String, command: String?) -> Bool {
        command == "bench" && bench[spelling] != nil || command == "serve" && serve[spelling] != nil
    }

    /// The long name, without dashes, of an option that takes a value; nil when `spelling` is none.
    static func withValue(_ spelling: String, command: String?) -> String? {
        if command == "bench", let name = bench[spelling] { return name }
        if command == "serve", let name = serve[spelling] { return name }
        if command == "perplexity", let name = perplexity[spelling] { return name }
        if command == "quantize", let name = quantize[spelling] { return name }
        if command == "imatrix", let name = imatrix[spelling] { return name }
        if command == "convert", let name = convert[spelling] { return name }
        return shared[spelling]
    }

    private static let bench = [
        "-p": "n-prompt", "--n-prompt": "n-prompt", "-n": "n-gen", "--n-gen": "n-gen", "-d": "n-depth",
        "--n-depth": "n-depth", "-b": "n-seq", "--n-seq": "n-seq", "-r": "repetitions",
        "--repetitions": "repetitions", "--preset": "preset", "--type": "type",
    ]

    private static let serve = [
        "--host": "host", "--port": "port", "-a": "alias", "--alias": "alias", "--api-key": "api-key",
        "--api-key-file": "api-key-file", "--api-prefix": "api-prefix", "--cors-origin": "cors-origin",
        "--max-body": "max-body", "-to": "timeout", "--timeout": "timeout", "-np": "parallel",
        "--parallel": "parallel", "--queue": "queue", "--kv-memory": "kv-memory", "--memory-budget": "memory-budget",
        "--idle-unload": "idle-unload", "--lora": "lora", "--guard-rules": "guard-rules",
        "--guard-model": "guard-model",
        "--guard-threshold": "guard-threshold", "--guard-on": "guard-on", "--guard-template": "guard-template",
        "--guard-labels": "guard-labels", "--log-format": "log-format", "--drain": "drain",
        "--connections": "connections", "-n": "max-tokens", "--n-predict": "max-tokens",
        "--predict": "max-tokens", "--max-tokens": "max-tokens",
    ]

    private static let convert = [
        "-o": "output", "--output": "output", "--outfile": "output", "--type": "type", "--outtype": "type",
    ]

    private static let quantize = [
        "--rules": "rules", "--tensor-type": "tensor-type", "--output-tensor-type": "output-tensor-type",
        "--token-embedding-type": "token-embedding-type", "--imatrix": "imatrix", "--preset": "preset",
    ]

    private static let imatrix = [
        "-o": "output", "--output": "output", "--output-file": "output", "--chunks": "chunks",
    ]

    private static let perplexity = [
        "--chunks": "chunks", "--ppl-stride": "ppl-stride", "--kl": "kl", "--kl-base": "kl",
        "--kl-divergence-base": "kl-divergence-base", "--save-all-logits": "save-all-logits",
        "--save-logits": "save-all-logits", "--report": "report",
    ]

    private static let shared = [
        "-m": "model", "--model": "model", "-hf": "model", "-hfr": "model", "--hf-repo": "model", "-p": "prompt",
        "--prompt": "prompt", "-f": "file", "--file": "file",
        "-n": "n-predict", "--n-predict": "n-predict", "--predict": "n-predict", "--max-tokens": "n-predict",
        "-c": "ctx-size", "--ctx-size": "ctx-size", "--ctx": "ctx-size", "-t": "threads", "--threads": "threads",
        "--temp": "temp", "--temperature": "temp", "--top-k": "top-k", "--top-p": "top-p", "--min-p": "min-p",
        "--typical": "typical", "--typical-p": "typical", "--repeat-penalty": "repeat-penalty",
        "--repeat-last-n": "repeat-last-n", "--presence-penalty": "presence-penalty",
        "--frequency-penalty": "frequency-penalty", "--logit-bias": "logit-bias", "-l": "logit-bias",
        "-s": "seed", "--seed": "seed", "-r": "stop", "--stop": "stop", "--reverse-prompt": "stop",
        "-sys": "system", "--system": "system", "--system-prompt": "system", "-sysf": "system-file",
        "--system-file": "system-file", "--system-prompt-file": "system-file",
        "--chat-template": "chat-template", "--chat-template-file": "chat-template-file", "--kv": "kv",
        "--grammar": "grammar", "--grammar-file": "grammar-file", "-j": "json-schema", "--json-schema": "json-schema",
        "-jf": "json-schema-file", "--json-schema-file": "json-schema-file",
        "--activations": "activations", "--draft": "draft", "--pre": "pre", "-ctk": "kv", "--cache-type-k": "kv",
    ]

    /// Flags with more than one spelling, or one that the parser would take for single letters.
    static let flags = [
        "-e": "escape", "--escape": "escape", "--no-escape": "no-escape", "-v": "verbose", "--verbose": "verbose",
        "-sp": "special", "--special": "special", "-st": "single-turn", "--single-turn": "single-turn",
        "--show-timings": "verbose", "--log-prompts": "log-prompts", "--no-page": "no-page", "--no-webui": "no-page",
    ]
}
