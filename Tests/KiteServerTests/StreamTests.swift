#if Server
import ModelService
import Synchronization
import TestSupport
import Testing

@testable import KiteServer

@Suite struct StreamTests {
    private static let head = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

    /// Waits until cancelled, and says so.
    private static func wait(_ isCancelled: borrowing Mutex<Int>) async {
        do { try await Task.sleep(for: .seconds(60)) } catch { isCancelled.withLock { $0 += 1 } }
    }

    @Test func piecesArriveAsTheyAreMade() async throws {
        let count = Atomic(0)
        try await withServer(
            service: { _ in
                .events {
                    let number = count.add(1, ordering: .relaxed).newValue
                    return number > 3 ? nil : Array("data: \(number)\n\n".utf8)
                }
            },
            { server, port in
                let client = try RawClient(port: port)
                await client.send(Self.head)
                let reply = try #require(await client.reply())
                #expect(reply.text == "data: 1\n\ndata: 2\n\ndata: 3\n\n")
                #expect(reply.headers["content-type"] == "text/event-stream")
                #expect(reply.headers["cache-control"] == "no-store")
                // The connection lives on.
                await client.send(Self.head)
                #expect(await client.reply()?.status == 200)
            })
    }

    @Test(arguments: ["before the reply", "in the reply"], [true, false])
    func whoLeavesEndsTheWork(_ when: String, _ isSudden: Bool) async throws {
        let cancelled = Mutex(0)
        let asked = Mutex(0)
        let log = LogLines()
        let metrics = PrometheusMetrics()
        try await withServer(
            log: log, metrics: metrics,
            service: { request in
                asked.withLock { $0 += 1 }
                if when == "before the reply" {
                    await Self.wait(cancelled)
                    return .echo(request)
                }
                let first = Mutex(true)
                return .events {
                    if first.withLock({ $0.exchange(false) }) { return Array("data: 1\n\n".utf8) }
                    await Self.wait(cancelled)
                    return nil
                }
            },
            { server, port in
                let client = try RawClient(port: port)
                await client.send(Self.head)
                if when == "in the reply" {
                    _ = await client.head()
                    _ = await client.chunk()
                }
                #expect(await eventually { asked.withLock { $0 } == 1 })
                if isSudden { client.reset() } else { client.finish() }
                #expect(await eventually { cancelled.withLock { $0 } == 1 })
                #expect(await eventually { server.requestsInFlight == 0 })
                #expect(await eventually { server.connections.count == 0 })
            })
        #expect(log.all.contains { $0.contains("status=499") })
        #expect(metrics.text().contains(#"kite_requests_cancelled_total{route="other"} 1"#))
    }

    @Test func aSlowReaderBlocksOnlyItself() async throws {
        let made = Atomic(0)
        let piece = Array("data: \(String(repeating: "x", count: 60_000))\n\n".utf8)
        try await withServer(
            { $0.limits.stallTime = .seconds(1) },
            service: { request in
                if request.path == "/quick" { return .echo(request) }
                return .events {
                    made.add(1, ordering: .relaxed)
                    return piece
                }
            },
            { server, port in
                let slow = try RawClient(port: port, receiveBuffer: 4096)
                await slow.send(Self.head)
                _ = await slow.head()
                #expect(try await RawClient(port: port).ask("GET", "/quick")?.status == 200)
                // Nothing is made ahead of the reader but what the system's buffers hold, and in the end it is given up.
                #expect(await eventually { server.requestsInFlight == 0 })
                #expect(made.load(ordering: .relaxed) < 200)
            })
    }

    @Test func silentStreamsAreKeptAlive() async throws {
        try await withServer(
            { $0.limits.pingTime = .milliseconds(100) },
            service: { _ in
                let first = Mutex(true)
                return .events {
                    guard first.withLock({ $0.exchange(false) }) else { return nil }
                    do { try await Task.sleep(for: .seconds(2)) } catch { return nil }
                    return Array("data: late\n\n".utf8)
                }
            },
            { _, port in
                let client = try RawClient(port: port)
                await client.send(Self.head)
                let reply = try #require(await client.reply())
                #expect(reply.text.hasPrefix(": ping\n\n"))
                #expect(reply.text.hasSuffix("data: late\n\n"))
            })
    }

    @Test func manyClientsMayLeaveInTheMiddle() async throws {
        let alive = Count()
        try await withServer(
            service: { _ in
                let guardian = Guardian(alive)
                return .events {
                    _ = guardian
                    do { try await Task.sleep(for: .milliseconds(1)) } catch { return nil }
                    return Array("data: x\n\n".utf8)
                }
            },
            { server, port in
                for _ in 0..<100 {
                    let client = try RawClient(port: port)
                    await client.send(Self.head)
                    _ = await client.head()
                    client.reset()
                }
                #expect(await eventually { server.requestsInFlight == 0 && server.connections.count == 0 })
                #expect(await eventually { alive.value == 0 })
            })
    }

    /// How many streams there are.
    private final class Count: Sendable {
        private let count = Atomic(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add(_ amount: Int) { count.add(amount, ordering: .relaxed) }
    }

    /// Counted while a stream holds it.
    private final class Guardian: Sendable {
        private let count: Count

        init(_ count: Count) {
            self.count = count
            count.add(1)
        }

        deinit { count.add(-1) }
    }
}

extension Bool {
    /// Takes another value and tells the one before.
    mutating func exchange(_ new: Bool) -> Bool {
        defer { self = new }
        return self
    }
}
#endif
