#if Server
internal import HTTPTypes
internal import Hummingbird
internal import ModelService

/// Turns Hummingbird's requests into the service's and the service's replies into Hummingbird's.
struct RequestResponder: Sendable {
    let options: ServerOptions
    let origins: OriginPolicy
    let hosts: HostPolicy
    let sinks: RequestLog.Sinks
    /// What answers: the service, or a test's own.
    let service: @Sendable (ServiceRequest) async -> ServiceReply

    private static let openPaths = Set(ModelService.routes.filter { !$0.needsKey }.map(\.path))
    private static let knownPaths = Set(ModelService.routes.map(\.path))
    private static let routePrefixes = ModelService.routes.map(\.path).filter { $0.hasSuffix("/{id}") }

    /// Answers a request. Never fails but when the client has left.
    /// - Parameters:
    ///   - prefix: What stands before every path.
    ///   - isMounted: Whether another program listens, which has its own idea of names.
    func respond(to request: Request, prefix: String, isMounted: Bool) async throws -> Response {
        var head = head(of: request)
        let log = RequestLog(
            sinks, method: head.method, path: head.path, route: Self.route(of: head.path, prefix: prefix),
            client: head.remoteAddress)
        let verdict = origins.judge(head.headers)
        let isAdmitted = options.keys.admits(head.headers)
        guard isMounted || isAdmitted != nil || hosts.admits(head.headers["host"]) else {
            return reply(.foreignHost(head.headers["host"] ?? ""), to: head, verdict, log)
        }
        guard let path = Self.path(head.path, under: prefix) else {
            return reply(
                .notFound("there is nothing at \(head.method) \(head.path.prefix(200))"), to: head, verdict, log)
        }
        head.path = path
        if case .allowed(let origin) = verdict, isPreflight(head) {
            let fields = origins.preflightFields(for: origin, asking: head.headers)
            return finished(204, fields, [], head, log)
        }
        if case .foreign(let origin) = verdict, !["GET", "HEAD"].contains(head.method) || Route.loadsModel(at: path) {
            return reply(.foreignOrigin(origin), to: head, verdict, log)
        }
        if let file = pageFile(head) { return page(file, head, log) }
        if head.method == "OPTIONS", let methods = methods(at: path) {
            return finished(204, [("allow", (methods + ["OPTIONS"]).joined(separator: ", "))], [], head, log)
        }

        let isOpen = Self.openPaths.contains(path)
        if sinks.phase.isDraining { return drainingReply(isOpen: isOpen, head, verdict, log) }
        guard isOpen || isAdmitted ?? true else {
            return reply(
                .unauthorized(
                    APIKeys.key(in: head.headers) == nil
                        ? "an API key is needed: Authorization: Bearer KEY" : "this API key does not count"),
                to: head, verdict, log)
        }
        do {
            head.body = try await body(of: request, head)
        } catch let error as ServiceError {
            return reply(error, to: head, verdict, log)
        } catch {
            log.noteLeft()
            throw error
        }
        log.note(body: head.body)
        Connection.current?.beginWork()
        let reply = await RequestLog.$current.withValue(log) { [head] in await service(head) }
        return try response(reply, head, verdict, log)
    }

    // MARK: Requests

    private func head(of request: Request) -> ServiceRequest {
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        if let authority = request.head.authority { headers["host"] = authority }
        return ServiceRequest(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "", headers: headers,
            remoteAddress: Connection.current?.remoteAddress)
    }

    /// What is left of a path under the prefix; nil outside of it.
    static func path(_ path: String, under prefix: String) -> String? {
        guard !prefix.isEmpty else { return path }
        guard path.hasPrefix(prefix) else { return nil }
        let rest = path.dropFirst(prefix.count)
        guard let first = rest.first else { return "/" }
        return first == "/" ? String(rest) : nil
    }

    /// The route's name for metrics: never what a client made up.
    private static func route(of path: String, prefix: String) -> String? {
        guard let path = Self.path(path, under: prefix) else { return nil }
        if knownPaths.contains(path) { return path }
        return routePrefixes.first { path.hasPrefix($0.dropLast(4)) } ?? (path == "/" ? "/" : nil)
    }

    /// The whole body, no larger than allowed; what is announced to be larger is not read at all.
    private func body(of request: Request, _ head: ServiceRequest) async throws -> [UInt8] {
        guard head.method != "GET", head.method != "HEAD" else { return [] }
        let limit = options.limits.maximumBodyBytes
        let announced = head.headers["content-length"].flatMap { Int($0) }
        let tooLarge = ServiceError.tooLarge("the request's body has more than \(limit) bytes")
        if let announced, announced > limit { throw tooLarge }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(announced ?? 0, 1 << 20))
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        // The client left in the middle of it.
        if let announced, bytes.count < announced { throw CancellationError() }
        return bytes
    }

    private func isPreflight(_ head: ServiceRequest) -> Bool {
        head.method == "OPTIONS" && head.headers["access-control-request-method"] != nil
    }

    private func pageFile(_ head: ServiceRequest) -> PageFiles.File? {
        ["GET", "HEAD"].contains(head.method) ? pageFile(at: head.path) : nil
    }

    private func pageFile(at path: String) -> PageFiles.File? {
        options.servesPage || path == "/openapi.json" ? PageFiles.embedded.file(at: path) : nil
    }

    /// What may be asked of a path; nil where there is nothing.
    private func methods(at path: String) -> [String]? {
        if pageFile(at: path) != nil { return ["GET", "HEAD"] }
        let methods = Route.methods(at: path)
        return methods.isEmpty ? nil : methods
    }

    // MARK: Replies

    private func page(_ file: PageFiles.File, _ head: ServiceRequest, _ log: RequestLog) -> Response {
        let fields = SecurityFields.page + [("etag", file.tag)]
        if PageFiles.isKnown(file.tag, to: head.headers["if-none-match"]) {
            return finished(304, fields, [], head, log)
        }
        return finished(200, fields + [("content-type", file.type)], file.bytes, head, log)
    }

    private func drainingReply(
        isOpen: Bool, _ head: ServiceRequest, _ verdict: OriginPolicy.Verdict, _ log: RequestLog
    ) -> Response {
        if isOpen {
            let fields = [("content-type", "application/json"), ("connection", "close")] + SecurityFields.api
            return finished(503, fields, Array(#"{"status":"draining"}"#.utf8), head, log)
        }
        return reply(
            .unavailable("the server is stopping", retryAfterSeconds: 1), to: head, verdict, log,
            adding: [("connection", "close")])
    }

    private func reply(
        _ error: ServiceError, to head: ServiceRequest, _ verdict: OriginPolicy.Verdict, _ log: RequestLog,
        adding fields: [(String, String)] = []
    ) -> Response {
        var fields = fields
        if error.status == 401 { fields.append(("www-authenticate", "Bearer")) }
        // What is still on its way is not wanted.
        if error.status == 413 { fields.append(("connection", "close")) }
        guard case .complete(let status, let own, let body) = error.reply else {
            return finished(500, [], [], head, log)
        }
        return finished(status, own + fields + SecurityFields.api + corsFields(verdict), body, head, log)
    }

    private func corsFields(_ verdict: OriginPolicy.Verdict) -> [(String, String)] {
        if case .allowed(let origin) = verdict { origins.fields(for: origin) } else { [] }
    }

    private func response(
        _ reply: ServiceReply, _ head: ServiceRequest, _ verdict: OriginPolicy.Verdict, _ log: RequestLog
    ) throws -> Response {
        switch reply {
        case .complete(let status, let fields, let body):
            Connection.current?.endWork()
            if Task.isCancelled {
                log.noteLeft()
                log.finish()
                throw CancellationError()
            }
            return finished(status, fields + SecurityFields.api + corsFields(verdict), body, head, log)
        case .stream(let status, let fields, let body):
            log.note(status: status)
            return Response(
                status: .init(code: status),
                headers: Self.fields(fields + SecurityFields.api + corsFields(verdict) + [("x-request-id", log.id)]),
                body: ResponseBody { writer in try await Self.write(body, to: &writer, log) })
        }
    }

    /// Writes a stream piece by piece: the next one is made when the connection has taken the one before.
    @concurrent
    private static func write(
        _ body: ReplyBody, to writer: inout any ResponseBodyWriter, _ log: RequestLog
    ) async throws {
        defer {
            Connection.current?.endWork()
            log.finish()
        }
        do {
            try await RequestLog.$current.withValue(log) {
                var ahead = 0
                for await piece in body {
                    try await writer.write(ByteBuffer(bytes: piece))
                    await catchUp(after: piece.count, &ahead)
                }
            }
            try Task.checkCancellation()
            try await writer.finish(nil)
        } catch {
            log.noteLeft()
            throw error
        }
    }

    /// A reply whose body is known. `HEAD` gets its length only.
    private func finished(
        _ status: Int, _ fields: [(String, String)], _ body: [UInt8], _ head: ServiceRequest, _ log: RequestLog
    ) -> Response {
        log.note(status: status)
        var headers = Self.fields(fields + [("x-request-id", log.id)])
        if status != 204, status != 304 { headers[.contentLength] = "\(body.count)" }
        if head.method != "HEAD", body.count > Self.pieceBytes {
            return Response(
                status: .init(code: status), headers: headers,
                body: ResponseBody(contentLength: body.count) { try await Self.write(body, to: &$0, log) })
        }
        log.finish()
        let isBodyless = head.method == "HEAD" || body.isEmpty
        return Response(
            status: .init(code: status), headers: headers,
            body: isBodyless ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// Bytes that a connection is given at a time.
    private static let pieceBytes = 64 << 10

    /// Writes a large body piece by piece, so that a slow reader is told from one that reads nothing, and the request ends
    /// when the reply has.
    @concurrent
    private static func write(_ body: [UInt8], to writer: inout any ResponseBodyWriter, _ log: RequestLog) async throws
    {
        defer { log.finish() }
        do {
            var ahead = 0
            for start in stride(from: 0, to: body.count, by: pieceBytes) {
                let piece = body[start..<min(start + pieceBytes, body.count)]
                try await writer.write(ByteBuffer(bytes: piece))
                await catchUp(after: piece.count, &ahead)
            }
            try await writer.finish(nil)
        } catch {
            log.noteLeft()
            throw error
        }
    }

    /// Lets the connection catch up now and then.
    /// - Parameters:
    ///   - count: Bytes that were written just now.
    ///   - ahead: Bytes written since it last did.
    private static func catchUp(after count: Int, _ ahead: inout Int) async {
        ahead += count
        guard ahead >= pieceBytes else { return }
        ahead = 0
        await Connection.current?.catchUp()
    }

    /// Later fields of a name take the place of earlier ones, but for `vary`, which adds up.
    private static func fields(_ list: [(String, String)]) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in list {
            guard let name = HTTPField.Name(name) else { continue }
            if name == .vary, let known = fields[name] {
                fields[name] = known + ", " + value
            } else if name != .cacheControl || fields[name] == nil {
                // A stream's own words about caching come first.
                fields[name] = value
            }
        }
        return fields
    }
}

extension ServiceError {
    fileprivate static func foreignOrigin(_ origin: String) -> Self {
        Self(
            status: 403, type: "invalid_request_error",
            message: "web pages of \(origin.prefix(200)) may not use this server; --cors-origin lets them",
            code: "origin_not_allowed")
    }

    fileprivate static func foreignHost(_ host: String) -> Self {
        Self(
            status: 403, type: "invalid_request_error",
            message:
                "this server does not go by the name \(host.prefix(200)); a key lets it, or --cors-origin https://NAME",
            code: "host_not_allowed")
    }
}
#endif
