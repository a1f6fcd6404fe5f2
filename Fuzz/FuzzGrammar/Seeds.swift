import FuzzSeeds

/// Grammars and schemas to start from.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    writeSeeds((grammars + schemas).map { Array($0.utf8) })
}

private let grammars = [
    "root ::= \"a\" | b+ # note\nb ::= [a-c^\\]\\x41\\u00e9\\U0001F600] | [^x]{2,3} (\n. | \"\\n\\t\\\"\" )*\n",
    "root ::= (a{0,5} | \"b\"{3}){1,} \"c\"?\na ::= \"(\" root? \")\"",
    "root ::= \"a\" root root | \"b\"",
]

private let schemas = [
    #"{"type":"object","properties":{"a":{"type":"integer","minimum":-5,"maximum":1200},"b":{"type":"string","minLength":1,"maxLength":9}},"required":["a"],"additionalProperties":{"type":["null","boolean"]}}"#,
    #"{"type":"array","prefixItems":[{"enum":["a",1,null,[1]]},{"const":{"k":"v"}}],"items":{"type":"number","exclusiveMinimum":0.25,"maximum":7},"minItems":1,"maxItems":4}"#,
    ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer","multipleOf":7},"n":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}}}}}"##,
    #"{"type":"string","pattern":"^(?:a|[b-d]{2,4}|\\d+\\.\\s\\W[^\\S])?x$"}"#,
    #"{"allOf":[{"type":"string"},{"format":"date-time"}],"title":"t"}"#,
    #"{"oneOf":[{"properties":{"t":{"const":"a"}},"required":["t"]},{"properties":{"t":{"const":"b"}},"required":["t"]}]}"#,
    #"{"type":"string","format":"email","maxLength":300}"#,
    #"{"anyOf":[{"not":{}},{"uniqueItems":true},{"minimum":1}]}"#,
]
