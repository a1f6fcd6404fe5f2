import ModelFiles
import Testing

@Suite struct JSONValueTests {
    @Test func keepsOrderAndRoundTrips() throws {
        let text = #"{"z":1,"a":[true,null,{"b":"q\"\\\n\u0001é😀/"}],"m":-2.5,"e":{},"f":[],"big":1e+300}"#
        let value = try JSONValue(parsing: text)
        #expect(try value.asObject().members.map(\.key) == ["z", "a", "m", "e", "f", "big"])
        #expect(String(decoding: try value.encoded(), as: UTF8.self) == text)
        #expect(try JSONValue(parsing: value.encoded(pretty: true)) == value)
    }

    @Test func writesReadableText() throws {
        let value: JSONValue = ["name": "Kite", "sizes": [1, 2.5], "none": nil, "empty": [:]]
        let expected = """
            {
              "name": "Kite",
              "sizes": [
                1,
                2.5
              ],
              "none": null,
              "empty": {}
            }
            """
        #expect(String(decoding: try value.encoded(pretty: true), as: UTF8.self) == expected)
    }

    @Test func refusesToWriteNonFiniteNumbers() {
        let error = #expect(throws: JSONError.self) { try JSONValue.array([1, .number(.nan)]).encoded() }
        #expect(error?.problem == .nonFiniteNumber)
        #expect(error?.path == "[1]")
    }

    @Test func indexesLargeObjects() throws {
        var object = JSONObject()
        for number in 0..<100 { object["key\(number)"] = .integer(Int64(number)) }
        #expect(object["key57"] == 57)
        object["key3"] = nil
        object["key4"] = "four"
        #expect(object.count == 99)
        #expect(object["key3"] == nil)
        #expect(object["key4"] == "four")
        #expect(object["key99"] == 99)
        #expect(object["absent"] == nil)
    }

    @Test func givesTypedMembers() throws {
        let object = try JSONValue(parsing: #"{"i":3,"d":2.5,"s":"x","b":false,"n":null}"#).asObject()
        #expect(try object.int("i") == 3)
        #expect(try object.double("i") == 3)
        #expect(try object.double("d") == 2.5)
        #expect(try object.string("s") == "x")
        #expect(try object.bool("b") == false)
        #expect(try object.string("n") == nil)
        #expect(try object.string("absent") == nil)
        let error = #expect(throws: JSONError.self) { try object.int("d") }
        #expect(error?.path == "d")
        #expect(throws: JSONError.self) { try object.bool("s") }
    }
}
