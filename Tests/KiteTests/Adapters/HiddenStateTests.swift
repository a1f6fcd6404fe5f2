import Kite
import TestSupport
import Testing

/// What the last block leaves, normalized: the rows that embeddings are means of.
@Suite("Hidden states")
struct HiddenStateTests {
    @Test("Within 1e-4 of transformers", arguments: AdapterModel.names, ReferenceModel.Form.allCases)
    func reference(name: String, form: ReferenceModel.Form) throws {
        let golden = try AdapterModel.named(name)
        let transformer = try exactTransformer(golden.checkpoint(form))
        #expect(largestDifference(try transformer.allHidden(golden.prompt), try golden.floats("hidden.bin")) <= 1e-4)
    }

    @Test("Rows come in order, those wanted only, and are the same beside others and in pieces")
    func company() throws {
        let golden = try AdapterModel.named("stablelm-2-12b")
        let transformer = try exactTransformer(golden.checkpoint(.gguf), threads: 2)
        let expected = try transformer.allHidden(golden.prompt)
        let width = expected.count / golden.prompt.count
        let layout = transformer.kvLayout
        var steps = [
            Transformer.Step(tokens: [5, 6, 7], sequence: KVSequence(layout), wanted: .last),
            .init(tokens: Array(golden.prompt.prefix(20)), sequence: KVSequence(layout), wanted: .range(3..<9)),
            .init(tokens: [9, 9], sequence: KVSequence(layout), wanted: .none),
        ]
        var rows: [Int] = []
        var found: [UInt32] = []
        try transformer.forward(
            &steps,
            visitingHidden: { row, hidden in
                rows.append(row)
                if row > 0 { for index in hidden.indices { found.append(hidden[index].bitPattern) } }
            })
        #expect(rows == Array(0...6))
        #expect(found == bitPatterns(Array(expected[3 * width..<9 * width])))
        steps[1].tokens = Array(golden.prompt.dropFirst(20))
        steps[1].wanted = .all
        var rest = [steps[1]]
        var tail: [UInt32] = []
        try transformer.forward(
            &rest,
            visitingHidden: { _, hidden in
                for index in hidden.indices { tail.append(hidden[index].bitPattern) }
            })
        #expect(tail == bitPatterns(Array(expected[(20 * width)...])))
    }
}
