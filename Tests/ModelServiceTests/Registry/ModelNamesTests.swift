import Kite
import Testing

@testable import ModelService

/// What requests may call models and adapters.
@Suite struct ModelNamesTests {
    private static let entries = [
        ModelEntry(
            name: "zephyr", aliases: ["gpt-3.5-turbo"], source: .files(.nano),
            adapters: [.init(name: "poet", path: "p"), .init(name: "pirate", path: "q")]),
        ModelEntry(name: "owner/repo:Q4_K_M", source: .files(.nano)),
    ]

    @Test(
        arguments: [
            (nil, "zephyr", nil), ("", "zephyr", nil), ("zephyr", "zephyr", nil), ("gpt-3.5-turbo", "zephyr", nil),
            ("zephyr:pirate", "zephyr:pirate", 1), ("gpt-3.5-turbo:poet", "zephyr:poet", 0),
            ("owner/repo:Q4_K_M", "owner/repo:Q4_K_M", nil),
        ] as [(String?, String, Int?)])
    func finds(_ asked: String?, _ name: String, _ adapter: Int?) throws {
        let match = try ModelNames(Self.entries).find(asked)
        #expect(match.name == name)
        #expect(match.adapter == adapter)
    }

    @Test(arguments: ["Zephyr", "owner/repo", "zephyr:", ":poet", "zephyr:sailor", "owner/repo:Q4_K_M:poet", " "])
    func knowsNoOther(_ name: String) throws {
        let names = try ModelNames(Self.entries)
        let error = #expect(throws: RegistryError.self) { try names.find(name) }
        #expect(
            error
                == .unknownModel(name, known: ["zephyr", "zephyr:poet", "zephyr:pirate", "owner/repo:Q4_K_M"]))
        #expect(error?.status == 404)
        #expect(error?.code == "model_not_found")
        #expect(error?.description.contains("zephyr:poet") == true)
    }

    @Test func choosesAdaptersByNameAndNumber() throws {
        let names = try ModelNames(Self.entries)
        let match = try names.find("zephyr:poet")
        let chosen = try names.adapters(match, [.init(.number(1), scale: 0.5)])
        #expect(chosen.map(\.index) == [0, 1])
        #expect(chosen.map(\.scale) == [1, 0.5])
        for wrong: AdapterSelection in [
            .init(.name("sailor")), .init(.number(2)), .init(.number(-1)), .init(.name("poet")), .init(.number(0)),
            .init(.name("pirate"), scale: .nan), .init(.name("pirate"), scale: .infinity),
        ] {
            let error = #expect(throws: RegistryError.self) { try names.adapters(match, [wrong]) }
            #expect(error?.status == 400)
        }
    }

    @Test func namesAreUnique() {
        let nano = ModelEntry.nano
        #expect(throws: RegistryError.noModels) { try ModelNames([]) }
        #expect(throws: RegistryError.duplicateName("nano")) { try ModelNames([nano, nano]) }
        var other = ModelEntry(name: "other", aliases: ["nano"], source: .files(.nano))
        #expect(throws: RegistryError.duplicateName("nano")) { try ModelNames([nano, other]) }
        other.aliases = []
        other.adapters = [.init(name: "x", path: ""), .init(name: "x", path: "")]
        #expect(throws: RegistryError.duplicateName("other:x")) { try ModelNames([nano, other]) }
    }

    @Test(arguments: [
        ("/models/stablelm-zephyr-3b.Q4_K_M.gguf", "stablelm-zephyr-3b.Q4_K_M"), ("a.GGUF", "a"),
        ("dir/big-00001-of-00003.gguf", "big"), ("dir/hf-folder/", "hf-folder"), (".gguf", ".gguf"),
        ("-00001-of-00003.gguf", "-00001-of-00003"), ("year-2024.gguf", "year-2024"),
    ])
    func namesAfterFiles(_ path: String, _ name: String) {
        #expect(ModelEntry(path: path).name == name)
    }
}
