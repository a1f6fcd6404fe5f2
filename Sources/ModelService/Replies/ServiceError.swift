internal import ModelFiles

/// Why a request was refused or failed, in the words of OpenAI's API.
package struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The HTTP status.
    package var status: Int
    /// OpenAI's class of error: `invalid_request_error`, `rate_limit_error`, `server_error`…
    package var type: String
    /// What is wrong, in one line.
    package var message: String
    /// The field of the request that is at fault.
    package var param: String?
    /// A word for programs: `context_length_exceeded`, `model_not_found`…
    package var code: String?
    /// When to try again.
    package var retryAfterSeconds: Int?

    /// An error with the given parts.
    package init(
        status: Int, type: String, message: String, param: String? = nil, code: String? = nil,
        retryAfterSeconds: Int? = nil
    ) {
        self.status = status
        self.type = type
        self.message = message
        self.param = param
        self.code = code
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The message.
    package var description: String { message }

    /// 400: the request makes no sense.
    package static func invalid(_ message: String, param: String? = nil, code: String? = nil) -> ServiceError {
        ServiceError(status: 400, type: "invalid_request_error", message: message, param: param, code: code)
    }

    /// 401: no key, or not one that counts.
    package static func unauthorized(_ message: String) -> ServiceError {
        ServiceError(status: 401, type: "invalid_request_error", message: message, code: "invalid_api_key")
    }

    /// 404.
    package static func notFound(_ message: String, param: String? = nil, code: String? = nil) -> ServiceError {
        ServiceError(status: 404, type: "invalid_request_error", message: message, param: param, code: code)
    }

    /// 413: more bytes than the server takes.
    package static func tooLarge(_ message: String) -> ServiceError {
        ServiceError(status: 413, type: "invalid_request_error", message: message, code: "request_too_large")
    }

    /// 429: too many requests wait already.
    package static func busy(_ message: String, retryAfterSeconds: Int) -> ServiceError {
        ServiceError(
            status: 429, type: "rate_limit_error", message: message, code: "queue_full",
            retryAfterSeconds: retryAfterSeconds)
    }

    /// 500: the server's own fault.
    package static func internalError(_ message: String) -> ServiceError {
        ServiceError(status: 500, type: "server_error", message: message, code: "internal_error")
    }

    /// 503: not now.
    package static func unavailable(_ message: String, retryAfterSeconds: Int? = nil) -> ServiceError {
        ServiceError(
            status: 503, type: "server_error", message: message, code: "unavailable",
            retryAfterSeconds: retryAfterSeconds)
    }
}

extension ServiceError {
    /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`.
    package var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("message", message)
        writer.member("type", type)
        writer.member("param", param)
        writer.member("code", code)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The error as a whole reply.
    package var reply: ServiceReply {
        var headers = [("content-type", "application/json")]
        // OpenAI's clients try again after a 408; the same request would take as long again.
        if status == 408 { headers.append(("x-should-retry", "false")) }
        if let retryAfterSeconds { headers.append(("retry-after", "\(retryAfterSeconds)")) }
        return .complete(status: status, headers: headers, body: body)
    }
}
