import Kite
import Synchronization

@testable import ModelService

/// Models that are all the built-in one and claim to be of any size: what a registry does is in when and how often it loads
/// them.
final class FakeModels: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var opens: [String: Int] = [:]
        var loads: [String: Int] = [:]
        var failures: [String: any Error] = [:]
        var loadTime = Duration.zero
    }

    private let state = Mutex(State())
    let model: LanguageModel
    let sizes: [String: Int]

    init(_ sizes: [String: Int], loadTime: Duration = .zero) async throws {
        model = try await SharedNano.model
        self.sizes = sizes
        state.withLock { $0.loadTime = loadTime }
    }

    /// Entries in the order of `names`.
    func registry(_ names: [String], _ options: RegistryOptions = .init()) throws -> ModelRegistry {
        try ModelRegistry(
            names.map { ModelEntry(name: $0, source: .files(.nano)) }, options: options, loader: loader)
    }

    private var loader: ModelLoader {
        ModelLoader { [self] entry, _ in
            try state.withLock { state in
                state.opens[entry.name, default: 0] += 1
                if let failure = state.failures[entry.name] { throw failure }
            }
            let bytes = sizes[entry.name] ?? 1
            return OpenedModel(bytes: bytes) { [self] in
                let time = state.withLock { state in
                    state.loads[entry.name, default: 0] += 1
                    return state.loadTime
                }
                try await Task.sleep(for: time)
                return LoadedModel(model: model, bytes: bytes)
            }
        }
    }

    func fail(_ name: String, with error: (any Error)?) { state.withLock { $0.failures[name] = error } }
    func opens(_ name: String) -> Int { state.withLock { $0.opens[name] ?? 0 } }
    func loads(_ name: String) -> Int { state.withLock { $0.loads[name] ?? 0 } }
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    var value: Value { mutex.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

/// The built-in model, loaded once for all tests.
enum SharedNano {
    private static let task = Task { try await LanguageModel.load(.nano) }
    static var model: LanguageModel { get async throws { try await task.value } }
}

/// Waits until something holds; the test fails by what it expects afterwards when it never does.
func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

extension ModelRegistry {
    func state(_ name: String) -> ModelStatus.State? { status.first { $0.name == name }?.state }
}
