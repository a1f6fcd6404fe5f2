#if Server
import ModelService
import Synchronization
import TestSupport
import Testing

@testable import KiteServer

@Suite struct ConnectionTests {
    @Test func oneConnectionCarriesManyRequests() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            for count in 0..<3 {
                let reply = try #require(await client.ask("POST", "/x", body: String(repeating: "a", count: count)))
                #expect(reply.status == 200)
                #expect(reply.text == "POST /x \(count)")
            }
        }
    }

    @Test func requestsSentAtOnceAreAnsweredInOrder() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            let requests = (0..<8).map { "POST /\($0) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab" }
            await client.send(requests.joined())
            for number in 0..<8 { #expect(await client.reply()?.text == "POST /\(number) 2") }
            #expect(await client.ask("GET", "/later")?.text == "GET /later 0")
        }
    }

    @Test func connectionCloseIsHonoured() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/x", [("Connection", "Close")])?.status == 200)
            #expect(await client.isEnded())
        }
    }

    /// The end that the last of several requests asks for comes after all replies.
    @Test func theLastOfSeveralRequestsClosesTheConnection() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            let requests = (1...3).map { "GET /\($0) HTTP/1.1\r\nHost: localhost\r\n" }
            await client.send(requests.joined(separator: "\r\n") + "Connection: close\r\n\r\n")
            for number in 1...3 { #expect(await client.reply()?.text == "GET /\(number) 0") }
            #expect(await client.isEnded())
        }
    }

    /// A large reply to somebody who reads a little at a time, for longer than any limit on silence.
    @Test(arguments: [[], [("Connection", "close")]])
    func aSlowButSteadyReaderGetsAll(fields: [(String, String)]) async throws {
        let size = 3 << 20
        try await withServer(
            {
                $0.limits.stallTime = .seconds(3)
                $0.limits.lingerTime = .milliseconds(100)
            },
            service: { _ in .complete(status: 200, headers: [], body: [UInt8](repeating: 0x61, count: size)) },
            { server, port in
                let client = try RawClient(port: port, receiveBuffer: 64 << 10)
                let lines = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
                await client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n")
                #expect(await client.head()?.status == 200)
                var received = 0
                while received < size, let piece = await client.take(min(128 << 10, size - received)) {
                    received += piece.count
                    try await Task.sleep(for: .milliseconds(300))
                }
                #expect(received == size)
                #expect(await eventually { server.requestsInFlight == 0 })
            })
    }

    @Test func aBodyThatIsAnnouncedTooLargeIsNotRead() async throws {
        try await withServer({ $0.limits.maximumBodyBytes = 1000 }) { _, port in
            let client = try RawClient(port: port)
            await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
            let reply = try #require(await client.reply())
            #expect(reply.status == 413)
            #expect(reply.text.contains(#""code":"request_too_large""#))
            #expect(reply.headers["connection"] == "close")
        }
    }

    @Test func aClientThatSendsATooLargeBodyAnywaySeesWhy() async throws {
        try await withServer({ $0.limits.maximumBodyBytes = 1000 }) { _, port in
            let client = try RawClient(port: port)
            let body = String(repeating: "x", count: 20 << 20)
            #expect(await client.ask("POST", "/x", body: body)?.status == 413)
        }
    }

    @Test func anEndlessBodyIsCutOff() async throws {
        try await withServer({ $0.limits.maximumBodyBytes = 100_000 }) { _, port in
            let client = try RawClient(port: port)
            await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "4000\r\n" + String(repeating: "y", count: 0x4000) + "\r\n"
            for _ in 0..<16 { await client.send(chunk) }
            #expect(await client.reply()?.status == 413)
        }
    }

    @Test func clientsThatAskFirstAreInvited() async throws {
        try await withServer({ $0.limits.maximumBodyBytes = 1000 }) { _, port in
            let client = try RawClient(port: port)
            await client.send(
                "POST /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(await client.head()?.status == 100)
            await client.send("hello")
            #expect(await client.reply()?.text == "POST /x 5")
            let other = try RawClient(port: port)
            await other.send(
                "POST /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
            #expect(await other.reply()?.status == 413)
        }
    }

    @Test func aSlowHeadIsGivenUp() async throws {
        try await withServer({ $0.limits.headTime = .milliseconds(300) }) { _, port in
            let client = try RawClient(port: port)
            await client.send("GET /x HTTP/1.1\r\nHost: ")
            #expect(await client.isEnded())
        }
    }

    @Test func aSlowBodyIsGivenUp() async throws {
        let isAsked = Mutex(false)
        try await withServer(
            { $0.limits.bodyTime = .milliseconds(300) },
            service: {
                isAsked.withLock { $0 = true }
                return .echo($0)
            },
            { server, port in
                let client = try RawClient(port: port)
                await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
                let sender = Task {
                    while !Task.isCancelled, await client.send("z") { try await Task.sleep(for: .milliseconds(20)) }
                }
                #expect(await client.isEnded())
                sender.cancel()
                #expect(await eventually { server.requestsInFlight == 0 })
            })
        #expect(!isAsked.withLock { $0 })
    }

    @Test func anIdleConnectionIsClosed() async throws {
        try await withServer({ $0.limits.idleTime = .seconds(2) }) { _, port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/x")?.status == 200)
            #expect(await client.isEnded())
        }
    }

    @Test func tooManyHeaderFieldsEndTheConnection() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            await client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n")
            await client.send((0..<5000).map { "X-\($0): \(String(repeating: "v", count: 100))\r\n" }.joined())
            await client.send("\r\n")
            let reply = await client.reply()
            #expect(reply == nil || reply?.status == 400)
            #expect(try await RawClient(port: port).ask("GET", "/x")?.status == 200)
        }
    }

    @Test func whatIsNoHTTPGets400() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            await client.send("hello there\r\n\r\n")
            #expect(await client.reply()?.status == 400)
            #expect(await client.isEnded())
        }
    }

    @Test func furtherConnectionsWaitTheirTurn() async throws {
        try await withServer({ $0.limits.maximumConnections = 2 }) { _, port in
            var clients = [try RawClient(port: port), try RawClient(port: port)]
            for client in clients { #expect(await client.ask("GET", "/x")?.status == 200) }
            let third = try RawClient(port: port, timeout: 1)
            #expect(await third.ask("GET", "/x") == nil)
            clients.removeAll()
            // One read waits for a second.
            var reply = await third.reply()
            for _ in 0..<20 where reply == nil { reply = await third.reply() }
            #expect(reply?.status == 200)
        }
    }
}
#endif
