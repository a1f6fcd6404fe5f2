#if Server
import ModelService
import TestSupport
import Testing

@testable import KiteServer

@Suite struct AccessTests {
    @Test func keysOpenEverythingButProbesAndThePage() async throws {
        try await withServer({ $0.keys = APIKeys(["first", "second"]) }) { _, port in
            let client = try RawClient(port: port)
            for path in ["/v1/models", "/v1/chat/completions", "/metrics", "/unknown", "/tokenize"] {
                let reply = try #require(await client.ask("GET", path))
                #expect(reply.status == 401, "\(path)")
                #expect(reply.headers["www-authenticate"] == "Bearer")
                #expect(reply.text.contains(#""code":"invalid_api_key""#))
                #expect(await client.ask("GET", path, [("Authorization", "Bearer firs")])?.status == 401)
                #expect(await client.ask("GET", path, [("Authorization", "Basic first")])?.status == 401)
                #expect(await client.ask("GET", path, [("Authorization", "Bearer second")])?.status == 200)
                #expect(await client.ask("GET", path, [("X-Api-Key", "first")])?.status == 200)
            }
            #expect(await client.ask("GET", "/health")?.status == 200)
            #expect(await client.ask("GET", "/")?.status == 200)
            #expect(await client.ask("GET", "/openapi.json")?.status == 200)
        }
    }

    @Test func aBodyWithoutAKeyIsNotRead() async throws {
        try await withServer({ $0.keys = APIKeys(["key"]) }) { _, port in
            let client = try RawClient(port: port)
            await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            #expect(await client.reply()?.status == 401)
        }
    }

    @Test func keysCanChangeWhileTheServerRuns() async throws {
        let keys = APIKeys(["old"])
        try await withServer({ $0.keys = keys }) { _, port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/v1/models", [("X-Api-Key", "new")])?.status == 401)
            keys.replace(with: ["new"])
            #expect(await client.ask("GET", "/v1/models", [("X-Api-Key", "new")])?.status == 200)
            #expect(await client.ask("GET", "/v1/models", [("X-Api-Key", "old")])?.status == 401)
        }
    }

    @Test func aFileOfKeysHasOneALine() {
        #expect(APIKeys.keys(inText: "# team a\n one \r\n\ntwo\n#three\n") == ["one", "two"])
        #expect(APIKeys.keys(inList: " one, two ,,") == ["one", "two"])
        #expect(APIKeys.keys(inList: " , ").isEmpty)
        #expect(!APIKeys(["one"]).contains(""))
        #expect(APIKeys([""]).admits(["x-api-key": " "]) == false)
        #expect(APIKeys([""]).admits(["authorization": "Bearer  "]) == false)
        #expect(APIKeys([]).admits(["x-api-key": "one"]) == nil)
        #expect(APIKeys([]).isEmpty)
    }

    @Test func onlyNamedOriginsMayUseTheServer() async throws {
        try await withServer({ $0.allowedOrigins = ["https://chat.example.org"] }) { _, port in
            let client = try RawClient(port: port)
            let asked = [
                ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "authorization, x-stainless-os"),
            ]
            let allowed = try #require(
                await client.ask("OPTIONS", "/v1/models", asked + [("Origin", "https://chat.example.org")]))
            #expect(allowed.status == 204)
            #expect(allowed.headers["access-control-allow-origin"] == "https://chat.example.org")
            #expect(allowed.headers["access-control-allow-headers"] == "authorization, x-stainless-os")
            #expect(allowed.headers["access-control-allow-methods"]?.contains("POST") == true)
            #expect(allowed.headers["vary"]?.contains("Origin") == true)
            let refused = try #require(
                await client.ask("OPTIONS", "/v1/models", asked + [("Origin", "https://evil.example.org")]))
            #expect(refused.headers["access-control-allow-origin"] == nil)

            let post = try #require(
                await client.ask("POST", "/x", [("Origin", "https://chat.example.org")], body: "{}"))
            #expect(post.status == 200)
            #expect(post.headers["access-control-allow-origin"] == "https://chat.example.org")
            // A plain form of any page can be sent without a question.
            #expect(await client.ask("POST", "/x", [("Origin", "https://evil.example.org")], body: "{}")?.status == 403)
            #expect(await client.ask("POST", "/x", [("Origin", "null")], body: "{}")?.status == 403)
            // The server's own page.
            #expect(await client.ask("POST", "/x", [("Origin", "http://127.0.0.1")], body: "{}")?.status == 200)
            let open = try #require(await client.ask("GET", "/x", [("Origin", "https://evil.example.org")]))
            #expect(open.headers["access-control-allow-origin"] == nil)
        }
    }

    /// A page whose own name was made to mean this machine.
    @Test func onlyKnownNamesReachALocalServer() async throws {
        func status(_ host: String, port: Int) async -> Int? {
            guard let client = try? RawClient(port: port) else { return nil }
            await client.send("GET /x HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            return await client.reply()?.status
        }
        try await withServer({ $0.allowedOrigins = ["https://chat.example.org:8443"] }) { _, port in
            for host in [
                "localhost:80", "LOCALHOST", "kite.localhost", "127.0.0.1:8080", "192.168.1.7", "[::1]:80",
                "chat.example.org",
            ] {
                #expect(await status(host, port: port) == 200, "\(host)")
            }
            for host in ["evil.example:8080", "localhost.evil.example", "1.2.3.4.evil", "1.2.3"] {
                #expect(await status(host, port: port) == 403, "\(host)")
            }
        }
        try await withServer({ $0.keys = APIKeys(["key"]) }) { _, port in
            #expect(await status("chat.example.org", port: port) == 401)
        }
        try await withServer({ $0.allowedOrigins = ["*"] }) { _, port in
            #expect(await status("chat.example.org", port: port) == 200)
        }
        #expect(HostPolicy(host: "0.0.0.0", allowedOrigins: []).admits("chat.example.org"))
    }

    /// Another site's page can have a picture fetched, which would load a model.
    @Test func foreignPagesLoadNoModels() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            for fields in [[("Sec-Fetch-Site", "cross-site")], [("Origin", "https://evil.example")]] {
                for path in ["/props?model=big", "/tokenizer_info"] {
                    #expect(await client.ask("GET", path, fields)?.status == 403)
                    #expect(await client.ask("HEAD", path, fields)?.status == 403)
                }
                #expect(await client.ask("GET", "/v1/models", fields)?.status == 200)
            }
            #expect(await client.ask("GET", "/props", [("Sec-Fetch-Site", "same-origin")])?.status == 200)
        }
    }

    @Test func aStarAllowsEveryOrigin() async throws {
        try await withServer({ $0.allowedOrigins = ["*"] }) { _, port in
            let client = try RawClient(port: port)
            let reply = try #require(await client.ask("POST", "/x", [("Origin", "https://a.example")], body: "{}"))
            #expect(reply.headers["access-control-allow-origin"] == "*")
        }
    }

    @Test func thePageComesWithAStrictPolicy() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            let page = try #require(await client.ask("GET", "/"))
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
            #expect(!policy.contains("unsafe"))
            #expect(page.headers["x-content-type-options"] == "nosniff")
            let tag = try #require(page.headers["etag"])
            #expect(await client.ask("GET", "/", [("If-None-Match", tag)])?.status == 304)
            #expect(await client.ask("GET", "/", [("If-None-Match", "\"other\"")])?.status == 200)
            let head = try #require(await client.ask("HEAD", "/"))
            #expect(head.headers["content-length"] == "\(page.body.count)")
            #expect(await client.ask("GET", "/openapi.json")?.headers["content-type"] == "application/json")
            #expect(await client.ask("GET", "/../etc/passwd")?.text == "GET /../etc/passwd 0")
        }
    }

    @Test func thePageCanBeLeftOut() async throws {
        try await withServer({ $0.servesPage = false }) { _, port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/")?.text == "GET / 0")
            #expect(await client.ask("GET", "/openapi.json")?.headers["content-type"] == "application/json")
        }
    }
}
#endif
