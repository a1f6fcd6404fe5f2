import ModelFiles
import TestSupport
import Testing

@Suite struct GGUFMetadataTests {
    private func metadata(_ value: GGUFValue) -> GGUFMetadata {
        var metadata = GGUFMetadata(file: "test")
        metadata["key"] = value
        return metadata
    }

    private func error(_ problem: GGUFError.Problem) -> GGUFError { GGUFError(file: "test", problem) }

    @Test(
        arguments: [
            .uint8(32), .int8(32), .uint16(32), .int16(32), .uint32(32), .int32(32), .uint64(32), .int64(32),
        ] as [GGUFValue])
    func takesIntegersOfAnyWidth(value: GGUFValue) throws {
        #expect(try metadata(value).int("key") == 32)
        #expect(try metadata(value).requiredInt("key") == 32)
        #expect(try metadata(value).ints("key") == [32])
        #expect(try metadata(value).float("key") == 32)
    }

    @Test func keepsTheSign() throws {
        #expect(try metadata(.int8(-1)).int("key") == -1)
        #expect(try metadata(.int64(-1)).ints("key") == [-1])
    }

    @Test func refusesIntegersThatDoNotFit() {
        #expect(throws: error(.outOfRange(key: "key", value: "18446744073709551615"))) {
            try metadata(.uint64(.max)).int("key")
        }
    }

    @Test func takesNumbersOfEitherPrecision() throws {
        #expect(try metadata(.float32(0.25)).float("key") == 0.25)
        #expect(try metadata(.float64(0.25)).float("key") == 0.25)
        #expect(try metadata(.numbers(GGUFNumbers([0.5, 2] as [Double]))).floats("key") == [0.5, 2])
        #expect(try metadata(.float32(3)).floats("key") == [3])
    }

    @Test func namesTheWrongKind() {
        let text = metadata(.string("32"))
        #expect(throws: error(.wrongKind(key: "key", wanted: "an integer", found: "a string"))) {
            try text.int("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "an integer", found: "a string"))) {
            try text.ints("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "a number", found: "a string"))) {
            try text.float("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "a truth value", found: "a string"))) {
            try text.bool("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "an array of strings", found: "a string"))) {
            try text.strings("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "a string", found: "an integer"))) {
            try metadata(.uint32(1)).string("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "an integer", found: "a fraction"))) {
            try metadata(.float32(1)).int("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "an integer", found: "an array of int32"))) {
            try metadata(.numbers(GGUFNumbers([1] as [Int32]))).int("key")
        }
        #expect(throws: error(.wrongKind(key: "key", wanted: "a string", found: "a string that is not valid UTF-8"))) {
            try metadata(.bytes([0xFF])).string("key")
        }
    }

    @Test func tellsOptionalFromRequired() throws {
        let empty = GGUFMetadata(file: "test")
        #expect(try empty.int("key") == nil)
        #expect(try empty.string("key") == nil)
        #expect(try empty.bool("key") == nil)
        #expect(try empty.floats("key") == nil)
        #expect(try empty.strings("key") == nil)
        #expect(throws: error(.missingKey("key"))) { try empty.requiredInt("key") }
        #expect(throws: error(.missingKey("key"))) { try empty.requiredString("key") }
        #expect(throws: error(.missingKey("key"))) { try empty.requiredBool("key") }
        #expect(throws: error(.missingKey("key"))) { try empty.requiredFloat("key") }
        #expect(throws: error(.missingKey("key"))) { try empty.requiredStrings("key") }
        #expect(error(.missingKey("key")).description == "test: metadata key key is missing")
    }

    @Test func keepsOrderWhenEdited() {
        var metadata = GGUFMetadata()
        for key in ["a", "b", "c"] { metadata[key] = .string(key) }
        metadata["b"] = .uint8(1)
        metadata["a"] = nil
        metadata["d"] = .bool(false)
        #expect(metadata.entries.map { $0.key } == ["b", "c", "d"])
        #expect(metadata["b"] == .uint8(1) && metadata["c"] == .string("c") && metadata["a"] == nil)
    }
}
