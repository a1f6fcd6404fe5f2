import Kite
import Testing

@testable import ModelService

/// What a registry promises to those who ask it for models.
@Suite(.timeLimit(.minutes(1))) struct ModelRegistryTests {
    @Test func loadsOnceForAllWhoWait() async throws {
        let fake = try await FakeModels([:], loadTime: .milliseconds(20))
        let registry = try fake.registry(["a", "b"])
        #expect(registry.state("a") == .unloaded)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await registry.acquire("a") } }
            try await eventually { registry.state("a") == .loading || registry.state("a") == .loaded }
            try await group.waitForAll()
        }
        #expect(fake.loads("a") == 1)
        #expect(fake.loads("b") == 0)
        #expect(registry.state("a") == .loaded)
        #expect(registry.statistics.leases == 0)
        #expect(registry.statistics.waiting == 0)
    }

    @Test func twoHundredRequestsForThreeModelsAndRoomForOne() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10, "c": 10])
        let registry = try fake.registry(["a", "b", "c"], RegistryOptions(memoryBudget: 10))
        let most = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let name = ["a", "b", "c"][number % 3]
                    let lease = try await registry.acquire(name)
                    #expect(lease.name == name)
                    #expect(registry.state(name) == .loaded)
                    let bytes = registry.statistics.bytes
                    most.change { $0 = max($0, bytes) }
                    if number % 7 == 0 { try await Task.sleep(for: .milliseconds(2)) }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.value == 10)
        #expect(registry.statistics.leases == 0)
        #expect(registry.statistics.waiting == 0)
        #expect(registry.statistics.loaded == 1)
    }

    @Test func unloadsTheOneUnusedTheLongest() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10, "c": 10])
        let registry = try fake.registry(["a", "b", "c"], RegistryOptions(memoryBudget: 25))
        for name in ["a", "b", "a", "c"] { _ = try await registry.acquire(name) }
        #expect(registry.state("a") == .loaded)
        #expect(registry.state("b") == .unloaded)
        #expect(registry.state("c") == .loaded)
        #expect(registry.statistics.unloads == 1)
    }

    @Test func aModelInUseStaysAndTheOtherIsTurnedAwayInTime() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10])
        let registry = try fake.registry(
            ["a", "b"], RegistryOptions(memoryBudget: 10, roomWaitLimit: .milliseconds(50)))
        var lease: ModelLease? = try await registry.acquire("a")
        let error = await #expect(throws: RegistryError.self) { _ = try await registry.acquire("b") }
        #expect(error == .noRoom(model: "b", retryAfterSeconds: 10))
        #expect(error?.status == 503)
        #expect(registry.state("a") == .loaded)
        #expect(registry.state("b") == .unloaded)
        // What was held back for b's sake goes on.
        #expect(try await registry.acquire("a").name == "a")
        withExtendedLifetime(lease) {}
        lease = nil
        #expect(try await registry.acquire("b").name == "b")
        #expect(registry.state("a") == .unloaded)
    }

    @Test func aBusyModelCannotKeepAnotherOut() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10])
        let registry = try fake.registry(["a", "b"], RegistryOptions(memoryBudget: 10))
        let isDone = Shared(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Leases that overlap, so that there is never a moment without one.
            for _ in 0..<4 {
                group.addTask {
                    while !isDone.value {
                        let lease = try await registry.acquire("a")
                        try await Task.sleep(for: .milliseconds(3))
                        withExtendedLifetime(lease) {}
                    }
                }
            }
            try await eventually { registry.state("a") == .loaded }
            for _ in 0..<3 { #expect(try await registry.acquire("b").name == "b") }
            isDone.change { $0 = true }
            try await group.waitForAll()
        }
        #expect(registry.statistics.leases == 0)
    }

    /// A model that has just been loaded serves those who waited for it before it makes room for the next in line.
    @Test func aLoadIsNotInVain() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10], loadTime: .milliseconds(50))
        let registry = try fake.registry(["a", "b"], RegistryOptions(memoryBudget: 10))
        async let a = registry.acquire("a").name
        try await eventually { registry.statistics.bytes == 10 }
        // Opened, and in line, while a is being loaded.
        async let b = registry.acquire("b").name
        #expect(try await [a, b] == ["a", "b"])
        #expect(fake.loads("a") == 1)
        #expect(fake.loads("b") == 1)
    }

    @Test func whatFitsInNoCaseIsRefusedAtOnce() async throws {
        let fake = try await FakeModels(["a": 10, "huge": 31, "guard": 5])
        let registry = try fake.registry(["a", "huge", "guard"], RegistryOptions(memoryBudget: 30))
        await #expect(throws: RegistryError.tooLarge(model: "huge", bytes: 31, budget: 30)) {
            _ = try await registry.acquire("huge")
        }
        #expect(registry.state("huge") != .loading)
        let pinned = try await registry.acquire("guard", isPinned: true)
        let fake2 = try await FakeModels(["b": 26, "guard": 5])
        let other = try fake2.registry(["b", "guard"], RegistryOptions(memoryBudget: 30))
        let held = try await other.acquire("guard", isPinned: true)
        await #expect(throws: RegistryError.tooLarge(model: "b", bytes: 31, budget: 30)) {
            _ = try await other.acquire("b")
        }
        withExtendedLifetime((pinned, held)) {}
    }

    @Test func aFailedLoadFailsForAllAndIsTriedAgain() async throws {
        let fake = try await FakeModels([:])
        let registry = try fake.registry(["a"])
        fake.fail("a", with: FakeModels.Failure(description: "/srv/models/a.gguf: broken at ./x/y.gguf"))
        for _ in 0..<2 {
            await withTaskGroup(of: RegistryError?.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        do {
                            _ = try await registry.acquire(nil)
                            return nil
                        } catch {
                            return error as? RegistryError
                        }
                    }
                }
                for await error in group {
                    #expect(error == .loadFailed(model: "a", reason: "a.gguf: broken at y.gguf"))
                }
            }
        }
        #expect(registry.state("a")?.name == "failed")
        #expect(registry.statistics.failures >= 2)
        fake.fail("a", with: nil)
        #expect(try await registry.acquire("a").name == "a")
        #expect(registry.state("a") == .loaded)
        #expect(registry.statistics.leases == 0)
    }

    @Test func whoLeavesWhileWaitingLeavesNothingBehind() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10])
        let registry = try fake.registry(["a", "b"], RegistryOptions(memoryBudget: 10))
        let lease = try await registry.acquire("a")
        let waiting = (0..<20).map { _ in Task { _ = try await registry.acquire("b") } }
        try await eventually { registry.statistics.waiting == 20 }
        for task in waiting { task.cancel() }
        for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(registry.statistics.waiting == 0)
        #expect(registry.statistics.leases == 1)
        // Nobody wants b any more, so a is not held back.
        #expect(try await registry.acquire("a").name == "a")
        #expect(fake.loads("b") == 0)
        withExtendedLifetime(lease) {}
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await registry.acquire("b")
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }

    @Test func anUnusedModelIsUnloadedAfterItsTime() async throws {
        let fake = try await FakeModels([:])
        let registry = try fake.registry(["a"], RegistryOptions(idleTime: .milliseconds(30)))
        let lease = try await registry.acquire("a")
        try await Task.sleep(for: .milliseconds(60))
        #expect(registry.state("a") == .loaded)
        withExtendedLifetime(lease) {}
        _ = consume lease
        try await eventually { registry.state("a") == .unloaded }
        #expect(registry.state("a") == .unloaded)
        _ = try await registry.acquire("a")
        #expect(fake.loads("a") == 2)
    }

    @Test func refusesMoreWaitingThanAllowed() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10])
        let registry = try fake.registry(["a", "b"], RegistryOptions(memoryBudget: 10, maximumWaiting: 2))
        let lease = try await registry.acquire("a")
        let waiting = (0..<2).map { _ in Task { try await registry.acquire("b").name } }
        try await eventually { registry.statistics.waiting == 2 }
        await #expect(throws: RegistryError.tooManyWaiting(retryAfterSeconds: 10)) {
            _ = try await registry.acquire("b")
        }
        withExtendedLifetime(lease) {}
        _ = consume lease
        for task in waiting { #expect(try await task.value == "b") }
    }

    @Test func closingEndsWaitingAndUnloadsWhenTheLastLeaseEnds() async throws {
        let fake = try await FakeModels(["a": 10, "b": 10])
        let registry = try fake.registry(["a", "b"], RegistryOptions(memoryBudget: 10))
        let lease = try await registry.acquire("a")
        let waiting = Task { _ = try await registry.acquire("b") }
        try await eventually { registry.statistics.waiting == 1 }
        registry.close()
        await #expect(throws: RegistryError.closed) { try await waiting.value }
        await #expect(throws: RegistryError.closed) { _ = try await registry.acquire("a") }
        #expect(registry.state("a") == .loaded)
        withExtendedLifetime(lease) {}
        _ = consume lease
        #expect(registry.state("a") == .unloaded)
        #expect(registry.statistics.bytes == 0)
    }

    /// Requests that come, go, are cancelled and fail in any order: afterwards nothing is counted that is not there.
    @Test(arguments: 1...6 as ClosedRange<UInt64>) func aStormLeavesNothingBehind(_ seed: UInt64) async throws {
        let fake = try await FakeModels(["a": 10, "b": 14, "c": 7, "d": 99], loadTime: .milliseconds(1))
        let names = ["a", "b", "c", "d"]
        let registry = try fake.registry(
            names,
            RegistryOptions(
                memoryBudget: 22, idleTime: .milliseconds(3), roomWaitLimit: .milliseconds(20), maximumWaiting: 60))
        let granted = Shared(0)
        await withTaskGroup(of: Void.self) { group in
            var state = seed &* 0x9E37_79B9_7F4A_7C15
            func random(_ count: UInt64) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int((state >> 33) % count)
            }
            for number in 0..<300 {
                let (name, hold, patience) = (names[random(4)], random(6), random(8))
                if number % 40 == 0 { fake.fail("c", with: FakeModels.Failure(description: "broken")) }
                if number % 40 == 20 { fake.fail("c", with: nil) }
                group.addTask {
                    let task = Task {
                        let lease = try await registry.acquire(name)
                        #expect(registry.state(name) == .loaded)
                        #expect(registry.statistics.bytes <= 22)
                        granted.change { $0 += 1 }
                        if hold > 0 { try? await Task.sleep(for: .milliseconds(hold)) }
                        withExtendedLifetime(lease) {}
                    }
                    if patience < 2 {
                        try? await Task.sleep(for: .milliseconds(patience))
                        task.cancel()
                    }
                    _ = await task.result
                }
                if random(10) == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            }
        }
        fake.fail("c", with: nil)
        #expect(granted.value > 0)
        #expect(registry.statistics.leases == 0)
        #expect(registry.statistics.waiting == 0)
        for name in ["a", "b", "c"] { #expect(try await registry.acquire(name).name == name) }
        try await eventually { registry.statistics.loaded == 0 }
        #expect(registry.statistics.bytes == 0)
    }
}
