import ModelFiles
import Testing

@Suite struct JSONReaderTests {
    @Test func pullsTypedValues() throws {
        var reader = JSONReader(
            Array(#" {"a": -12, "b": [1.5e2, true, null], "c": "x\né\ud83d\ude00ü", "d": {"e": []}} "#.utf8))
        var seen: [String] = []
        var numbers: [Double] = []
        var flags: [Bool] = []
        try reader.readObject { key, reader in
            seen.append(key)
            switch key {
            case "a": numbers.append(Double(try reader.readInt()))
            case "b":
                try reader.readArray { index, reader in
                    switch index {
                    case 0: numbers.append(try reader.readDouble())
                    case 1: flags.append(try reader.readBool())
                    default: flags.append(try reader.readNull())
                    }
                }
            case "c": seen.append(try reader.readString())
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        #expect(seen == ["a", "b", "c", "x\né😀ü", "d"])
        #expect(numbers == [-12, 150])
        #expect(flags == [true, true])
    }

    @Test func pullsBytesOfKeysAndStrings() throws {
        var reader = JSONReader(Array(#"{"plain":"Ġa","esc\"aped":"\t"}"#.utf8))
        var key: [UInt8] = []
        var value: [UInt8] = []
        var pairs: [[UInt8]] = []
        try reader.enterObject()
        while try reader.nextKey(into: &key) {
            try reader.readStringBytes(into: &value)
            pairs += [key, value]
        }
        #expect(pairs == [Array("plain".utf8), Array("Ġa".utf8), Array("esc\"aped".utf8), [9]])
    }

    @Test(arguments: [
        ("", JSONError.Problem.unexpectedEnd),
        ("{", .unexpectedEnd),
        (#"{"a""#, .unexpectedEnd),
        (#""abc"#, .unexpectedEnd),
        ("tru", .unexpectedEnd),
        ("trux", .unexpectedByte(0x74, expected: "true")),
        ("[1,]", .unexpectedByte(0x5D, expected: "a value")),
        (#"{"a":1,}"#, .unexpectedByte(0x7D, expected: "a value")),
        ("[1 2]", .unexpectedByte(0x32, expected: "',' or ']'")),
        ("{1:2}", .typeMismatch(expected: "a string", found: "a number")),
        (#"{"a" 1}"#, .unexpectedByte(0x31, expected: "':'")),
        ("1 1", .trailingBytes),
        ("01", .invalidNumber),
        ("-x", .invalidNumber),
        ("1.", .unexpectedEnd),
        ("1e+", .unexpectedEnd),
        ("+1", .unexpectedByte(0x2B, expected: "a value")),
        ("NaN", .notANumber("NaN")),
        ("-Infinity", .notANumber("-Infinity")),
        ("[Infinity]", .notANumber("Infinity")),
        ("1e999", .numberOutOfRange("1e999")),
        (#""\x""#, .invalidEscape),
        (#""\u12G4""#, .invalidEscape),
        (#""\ud800""#, .loneSurrogate),
        (#""\udc00\ud800""#, .loneSurrogate),
        (#""\ud800\u0041""#, .loneSurrogate),
        ("\"\u{1}\"", .controlCharacter(1)),
        ("\"\\n\u{1}\"", .controlCharacter(1)),
        (#"{"a":1,"b":2,"a":3}"#, .duplicateKey("a")),
        ("// comment", .unexpectedByte(0x2F, expected: "a value")),
        ("\u{FEFF}1", .unexpectedByte(0xEF, expected: "a value")),
    ])
    func refusesMalformedText(text: String, problem: JSONError.Problem) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.problem == problem)
        #expect(error?.offset != nil)
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xC3], [0xE2, 0x82], [0xFF],
        ] as [[UInt8]])
    func refusesInvalidUTF8(sequence: [UInt8]) {
        let quote: [UInt8] = [0x22]
        for prefix in [[], Array(#"\n"#.utf8)] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: quote + prefix + sequence + quote) }
            #expect(error?.problem == .invalidUTF8)
        }
    }

    @Test func limitsDepth() throws {
        let deep = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
        #expect(error?.problem == .tooDeep(limit: 128))
        var skipper = JSONReader(Array(String(repeating: "[", count: 1_000_000).utf8))
        #expect(throws: JSONError.self) { try skipper.skipValue() }
        _ = try JSONValue(parsing: String(deep.dropFirst().dropLast()))
    }

    @Test func namesThePlace() throws {
        let error = #expect(throws: JSONError.self) {
            var reader = JSONReader(Array(#"{"added_tokens": [{"id": 1}, {"id": "x"}]}"#.utf8))
            try reader.readObject { _, reader in
                try reader.readArray { _, reader in try reader.readObject { _, reader in _ = try reader.readInt() } }
            }
        }
        #expect(error?.path == "added_tokens[1].id")
        #expect(error?.description == "JSON has a string where a number should be in added_tokens[1].id (byte 36)")
    }

    @Test func checksIntegerRange() throws {
        #expect(try JSONValue(parsing: "-9223372036854775808") == .integer(.min))
        #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
        #expect(try JSONValue(parsing: "9223372036854775808") == .number(0x1p63))
        for text in ["9223372036854775808", "1000000000000000019884624838656"] {
            var reader = JSONReader(Array(text.utf8))
            #expect(throws: JSONError.self) { try reader.readInt() }
        }
        for text in ["4096.0", "1e3"] {
            var reader = JSONReader(Array(text.utf8))
            let error = #expect(throws: JSONError.self) { try reader.readInt() }
            #expect(error?.problem == .notAnInteger(text))
        }
    }
}
