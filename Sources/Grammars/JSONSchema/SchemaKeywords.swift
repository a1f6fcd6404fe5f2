/// Keywords by what becomes of them.
enum SchemaKeywords {
    /// Keywords that constrain nothing: descriptions, and the places where other schemas are kept.
    private static let ignored: Set<String> = [
        "$schema", "$comment", "$defs", "definitions", "$anchor", "$vocabulary", "title", "description",
        "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "externalDocs", "xml",
        "contentMediaType", "contentEncoding", "contentSchema", "strict", "enumNames", "markdownDescription",
    ]

    /// Whether a keyword of the schema at `path` constrains nothing. `x-…` are vendors' own descriptions.
    static func isIgnored(_ key: String, at path: String) -> Bool {
        switch key {
        // Within the document it would change what `#` means.
        case "$id", "id": path == "#"
        default: ignored.contains(key) || key.hasPrefix("x-")
        }
    }

    /// Why a known keyword is not honoured.
    static func reason(_ key: String) -> String {
        switch key {
        case "not": "what must not match cannot be written as a grammar"
        case "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies":
            "conditions are not honoured; use anyOf"
        case "patternProperties", "propertyNames": "names of properties cannot be constrained"
        case "contains", "minContains", "maxContains", "unevaluatedItems", "unevaluatedProperties":
            "it cannot be written as a grammar"
        case "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor":
            "references that depend on the way are not honoured; use $ref"
        case "$id", "id": "schemas with a name of their own within a schema are not honoured"
        default: "it is not known"
        }
    }
}
