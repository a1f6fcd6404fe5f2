import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Grammars

/// What scripts/golden/schemas.py says of texts, and what texts of the grammar a validator says is right.
@Suite struct SchemaGoldenTests {
    struct Case: Decodable, Sendable {
        var schema: String
        var accepted: [String]
        var refused: [String]
    }

    static let cases = (try? Golden.json("schemas/cases.json", as: [Case].self)) ?? []

    @Test func thereAreHundredsOfPairs() {
        #expect(Self.cases.count > 90)
        #expect(Self.cases.reduce(0) { $0 + $1.accepted.count + $1.refused.count } > 2000)
    }

    @Test(arguments: cases.indices)
    func agrees(index: Int) throws {
        let golden = Self.cases[index]
        let grammar = try Grammar(jsonSchema: golden.schema)
        for text in golden.accepted { #expect(try grammar.accepts(text), "\(golden.schema): \(text)") }
        for text in golden.refused { #expect(try !grammar.accepts(text), "\(golden.schema): \(text)") }
    }

    @Test(arguments: cases.indices)
    func everyTextSatisfiesTheSchema(index: Int) throws {
        let golden = Self.cases[index]
        let grammar = try Grammar(jsonSchema: golden.schema)
        let validator = try SchemaValidator(golden.schema)
        var random = FixedRandom(seed: UInt64(index))
        var ended = 0
        for _ in 0..<60 {
            guard let text = try grammar.randomText(&random, length: 120) else { continue }
            ended += 1
            // Names that come twice are the one thing a grammar does not see to (docs/formats.md).
            guard let value = JSONText.parsed(text) else { continue }
            #expect(
                validator.accepts(value), "\(golden.schema): \(String(decoding: text, as: UTF8.self))")
        }
        #expect(ended > 1, "\(golden.schema)")
    }
}

extension JSONText {
    /// The value of `text`; nil for an object with a name twice. Anything else that is no JSON is a failure.
    static func parsed(_ text: [UInt8]) -> JSONValue? {
        do { return try JSONValue(parsing: text, maximumDepth: 10_000) } catch {
            if case .duplicateKey = error.problem { return nil }
            Issue.record("\(String(decoding: text, as: UTF8.self)): \(error)")
            return nil
        }
    }
}
