internal import Kite
internal import ModelFiles

extension ServiceError {
    /// What `error` means for the client. What nobody thought of is the server's fault, and says nothing of its inside.
    init(_ error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as GenerationError: self.init(generation: error)
        case let error as SamplingError: self.init(sampling: error)
        case let error as RegistryError: self.init(registry: error)
        case let error as GuardError:
            self.init(status: error.status, type: "server_error", message: error.description, code: error.code)
        case let error as GrammarError:
            self = .invalid("the grammar cannot be used: \(error)", code: "invalid_grammar")
        case let error as ChatTemplateError:
            self = .invalid("\(error)", param: "messages", code: "chat_template")
        case let error as JSONError: self = .invalid("\(error)", code: "invalid_json")
        case is CancellationError: self = .cancelled
        default: self = .internalError("the request failed")
        }
    }

    /// 499, nginx's word for it: the client has left. Nobody reads it.
    static let cancelled = ServiceError(
        status: 499, type: "invalid_request_error", message: "the client closed the connection", code: "cancelled")

    /// 408 rather than 504: the client chose the time.
    static let late = ServiceError(
        status: 408, type: "timeout_error", message: "the time for the request is over", param: "timeout",
        code: "deadline_exceeded")

    private init(generation error: GenerationError) {
        let message = error.description
        switch error {
        case .promptTooLong, .requestTooLarge: self = .invalid(message, code: "context_length_exceeded")
        case .queueFull(let seconds): self = .busy(message, retryAfterSeconds: seconds)
        case .deadlineExceeded: self = .late
        case .outOfMemory: self = .unavailable(message, retryAfterSeconds: 5)
        case .invalidOption, .emptyPrompt, .nothingToRegenerate, .tokenOutOfRange: self = .invalid(message)
        }
    }

    private init(sampling error: SamplingError) {
        switch error {
        case .nothingToSample, .unknownToken: self = .invalid(error.description, param: "logit_bias")
        case .invalidOption(let name, _, _): self = .invalid(error.description, param: name)
        case .invalidLogit, .sizeMismatch: self = .internalError(error.description)
        }
    }

    private init(registry error: RegistryError) {
        let type = error.status < 500 ? "invalid_request_error" : "server_error"
        self.init(
            status: error.status, type: type, message: error.description, param: error.parameter, code: error.code,
            retryAfterSeconds: error.retryAfterSeconds)
    }
}
