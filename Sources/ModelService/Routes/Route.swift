/// What a path and a method lead to.
package struct Route: Sendable, Hashable {
    /// `GET` or `POST`.
    package let method: String
    /// The path. A last part `{id}` stands for the rest of the path, slashes included: model names have them.
    package let path: String
    /// Whether a client needs a key, where the server asks for keys.
    package let needsKey: Bool
    let endpoint: Endpoint

    init(_ method: String, _ path: String, _ endpoint: Endpoint, needsKey: Bool = true) {
        self.method = method
        self.path = path
        self.endpoint = endpoint
        self.needsKey = needsKey
    }

    /// What is there under this path and method.
    static func find(method: String, path: String) -> RouteMatch {
        for route in ModelService.routes {
            guard let rest = route.parameter(of: path), route.methods.contains(method) else { continue }
            return .found(route, parameter: rest)
        }
        let allowed = methods(at: path)
        return allowed.isEmpty ? .notFound : .otherMethods(allowed)
    }

    /// The methods that a path takes; none where there is nothing.
    package static func methods(at path: String) -> [String] {
        ModelService.routes.filter { $0.parameter(of: path) != nil }.flatMap(\.methods)
    }

    /// Whether asking for `path`, by whatever method, may load a model.
    package static func loadsModel(at path: String) -> Bool {
        ModelService.routes.contains { $0.path == path && $0.endpoint.needsModel }
    }

    /// Whoever answers GET answers HEAD; the transport leaves the body out.
    private var methods: [String] { method == "GET" ? ["GET", "HEAD"] : [method] }

    /// The part of `path` that `{id}` stands for, empty where the route has none; nil for another path.
    private func parameter(of path: String) -> String? {
        guard self.path.hasSuffix("/{id}") else { return self.path == path ? "" : nil }
        let prefix = self.path.dropLast(4)
        guard path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else { return nil }
        return PercentEncoding.decode(path.dropFirst(prefix.count))
    }
}

/// What a search among the routes found.
enum RouteMatch: Sendable {
    case found(Route, parameter: String)
    case otherMethods([String])
    case notFound
}

/// What the service can do.
enum Endpoint: Sendable, Hashable {
    case health
    case metrics
    case models
    case model
    case chatCompletions
    case completions
    case embeddings
    case tokenize
    case detokenize
    case tokenizerInfo
    case applyTemplate
    case properties
    case adapters

    /// Whether a model must be loaded for it.
    var needsModel: Bool {
        switch self {
        case .health, .metrics, .models, .model, .adapters: false
        default: true
        }
    }
}

extension ModelService {
    /// Every route, with and without `/v1` where clients use both.
    package static let routes: [Route] = [
        Route("GET", "/health", .health, needsKey: false),
        Route("GET", "/v1/health", .health, needsKey: false),
        Route("GET", "/metrics", .metrics),
        Route("GET", "/v1/models", .models),
        Route("GET", "/models", .models),
        Route("GET", "/v1/models/{id}", .model),
        Route("GET", "/models/{id}", .model),
        Route("POST", "/v1/chat/completions", .chatCompletions),
        Route("POST", "/chat/completions", .chatCompletions),
        Route("POST", "/v1/completions", .completions),
        Route("POST", "/completions", .completions),
        Route("POST", "/v1/embeddings", .embeddings),
        Route("POST", "/embeddings", .embeddings),
        Route("POST", "/tokenize", .tokenize),
        Route("POST", "/v1/tokenize", .tokenize),
        Route("POST", "/detokenize", .detokenize),
        Route("POST", "/v1/detokenize", .detokenize),
        Route("GET", "/tokenizer_info", .tokenizerInfo),
        Route("GET", "/v1/tokenizer_info", .tokenizerInfo),
        Route("POST", "/apply-template", .applyTemplate),
        Route("GET", "/props", .properties),
        Route("GET", "/lora-adapters", .adapters),
    ]
}
