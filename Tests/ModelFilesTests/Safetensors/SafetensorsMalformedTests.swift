import ModelFiles
import TensorCore
import Testing

@Suite struct SafetensorsMalformedTests {
    private static func entry(_ type: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String {
        #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    @Test(arguments: [
        (SafetensorsSamples.file(entry("F33"), data: Array(repeating: 0, count: 8)), "unknown type"),
        (SafetensorsSamples.file(entry("F32", "[3]"), data: Array(repeating: 0, count: 8)), "shape and type need 12"),
        (SafetensorsSamples.file(entry("F32", "[-2]"), data: Array(repeating: 0, count: 8)), "dimension -2"),
        (SafetensorsSamples.file(entry("F32", "[4611686018427387904,8]")), "too large"),
        (SafetensorsSamples.file(entry("F32", "[99999999999999999999]")), "too large in a.shape[0]"),
        (SafetensorsSamples.file(entry("F32", "[2.0]")), "whole number in a.shape[0]"),
        (SafetensorsSamples.file(entry("F32", #"["2"]"#)), "a string where a number"),
        (SafetensorsSamples.file(entry("F32", "[1,1,1,1,1,1,1,1,2]")), "9 dimensions"),
        (SafetensorsSamples.file(entry("F4", "[3]", "[0,1]"), data: [0]), "too large"),
        (SafetensorsSamples.file(entry("F32", "[2]", "[8,0]")), "no range"),
        (SafetensorsSamples.file(entry("F32", "[2]", "[-8,0]")), "no range"),
        (SafetensorsSamples.file(entry("F32", "[2]", "[0]")), "no range"),
        (SafetensorsSamples.file(entry("F32", "[2]", "[0,8,16]")), "no range"),
        (SafetensorsSamples.file(entry(), data: [1, 2, 3, 4]), "incomplete"),
        (SafetensorsSamples.file(entry(), data: Array(repeating: 0, count: 9)), "1 bytes follow"),
        (
            SafetensorsSamples.file(entry("F32", "[2]", "[4,12]"), data: Array(repeating: 0, count: 12)),
            "starts at byte 4"
        ),
        (SafetensorsSamples.file(#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#), "lacks \"dtype\""),
        (SafetensorsSamples.file(#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#), "lacks \"shape\""),
        (SafetensorsSamples.file(#"{"a":{"dtype":"F32","shape":[2]}}"#), "lacks \"data_offsets\""),
        (SafetensorsSamples.file(#"{"a":{"dtype":"F32","dtype":"F32"}}"#), "\"dtype\" twice"),
        (SafetensorsSamples.file(#"{"a":[]}"#), "an array where an object"),
        (SafetensorsSamples.file(#"{"__metadata__":{"x":1}}"#), "a number where a string"),
        (SafetensorsSamples.file("[]"), "an array where an object"),
        (SafetensorsSamples.file("{} {}"), "followed by something else"),
        (SafetensorsSamples.file(#"{"a":{"x":"# + String(repeating: "[", count: 50)), "nested"),
        (SafetensorsSamples.file("{\"\u{0}\":1}"), "control character"),
        (SafetensorsSamples.file("{", length: 100), "should have 100 bytes"),
        (SafetensorsSamples.file("{", length: 200_000_000), "more than the format's limit"),
        (SafetensorsSamples.file("{", length: .max), "more than the format's limit"),
        ([1, 2, 3], "only 3 bytes"),
        ([], "only 0 bytes"),
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00".utf8), "git-lfs pointer"),
        (Array("<!DOCTYPE html><html><body>Not found</body></html>".utf8), "web page"),
        (Array("GGUF".utf8) + Array(repeating: 0, count: 60), "limit"),
    ])
    func refusesWithANamedError(bytes: [UInt8], words: String) throws {
        let problem = try #require(SafetensorsSamples.problem(bytes))
        #expect(problem.description.contains(words), "\(problem)")
        if case .io = problem { Issue.record("not a named problem: \(problem)") }
    }

    @Test func refusesDuplicateAndOverlappingTensors() {
        let value = #"{"dtype":"U8","shape":[4],"data_offsets":"#
        func problem(_ text: String, _ count: Int) -> SafetensorsError.Problem? {
            SafetensorsSamples.problem(SafetensorsSamples.file(text, data: Array(repeating: 0, count: count)))
        }
        #expect(
            problem("{\"a\":\(value)[0,4]},\"b\":\(value)[2,6]}}", 6)
                == .notContiguous(tensor: "b", start: 2, expected: 4))
        #expect(
            problem("{\"a\":\(value)[0,4]},\"b\":\(value)[0,4]}}", 4)
                == .notContiguous(tensor: "b", start: 0, expected: 4))
        #expect(
            problem("{\"a\":\(value)[0,4]},\"b\":\(value)[5,9]}}", 9)
                == .notContiguous(tensor: "b", start: 5, expected: 4))
        let duplicate = problem("{\"a\":\(value)[0,4]},\"a\":\(value)[4,8]}}", 8)
        guard case .header(let error) = duplicate, error.problem == .duplicateKey("a") else {
            Issue.record("\(String(describing: duplicate))")
            return
        }
    }

    /// Every single-byte change of a small file either gives the same shapes or is refused.
    @Test func survivesByteFlips() throws {
        let sample = SafetensorsSamples.file(
            #"{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}"#,
            data: Array(0..<11))
        for index in sample.indices {
            for bit in 0..<8 {
                var changed = sample
                changed[index] ^= 1 << bit
                guard let file = try? SafetensorsSamples.open(changed) else { continue }
                #expect(file.tensors.map(\.data.count).reduce(0, +) == 11)
            }
        }
        for count in sample.indices { #expect(SafetensorsSamples.problem(Array(sample.prefix(count))) != nil) }
    }

    @Test func writerRefusesWhatNoFileCanHold() throws {
        var writer = SafetensorsWriter()
        let four = ByteRegion(.copying([0, 0, 0, 0]))
        try writer.add("a", type: .f32, shape: [1], data: four)
        #expect(throws: SafetensorsError.self) { try writer.add("a", type: .f32, shape: [1], data: four) }
        #expect(throws: SafetensorsError.self) { try writer.add("b", type: .f32, shape: [2], data: four) }
        #expect(throws: SafetensorsError.self) { try writer.add("c", type: .f32, shape: [-1], data: four) }
        #expect(throws: SafetensorsError.self) { try writer.add("__metadata__", type: .f32, shape: [1], data: four) }
        try writer.add("b", type: .f32, shape: [1]) { sink in try sink.write(([0, 0] as [UInt8]).span.bytes) }
        let error = #expect(throws: SafetensorsError.self) { try writer.bytes() }
        #expect(error?.problem == .wrongSize(tensor: "b", bytes: 2, expected: 4))
    }
}
