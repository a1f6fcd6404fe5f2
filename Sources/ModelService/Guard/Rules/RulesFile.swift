internal import ModelFiles
internal import TensorCore

/// Reads files of rules.
///
/// Lines: `in: PATTERN`, `out: PATTERN` or `both: PATTERN`, each with ` | REASON` or without; empty lines, and lines that begin
/// with `#`. Or JSON: an array of `{"match": PATTERN, "on": "in" | "out" | "both", "reason": REASON}`.
enum RulesFile {
    static let mostBytes = 4 << 20
    static let mostRules = 10_000

    /// The rules in a file.
    static func read(_ path: String) throws(GuardError) -> [GuardRule] {
        let bytes: [UInt8]
        do {
            let store = try ByteStore.mapping(path)
            guard store.count <= mostBytes else {
                throw GuardError.invalidRules(path: path, line: 1, problem: "the file is larger than 4 MiB")
            }
            bytes = store.withBytes { bytes in bytes.withUnsafeBytes { [UInt8]($0) } }
        } catch let error as GuardError {
            throw error
        } catch {
            throw .invalidRules(path: path, line: 0, problem: "\(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidRules(path: path, line: 1, problem: "the file is not UTF-8")
        }
        return try parse(text, path: path)
    }

    /// The rules in a text.
    static func parse(_ text: String, path: String) throws(GuardError) -> [GuardRule] {
        let start = text.unicodeScalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
        let rules = try start == "[" ? parseJSON(text, path: path) : parseLines(text, path: path)
        guard !rules.isEmpty else { throw .invalidRules(path: path, line: 1, problem: "there are no rules") }
        guard rules.count <= mostRules else {
            throw .invalidRules(path: path, line: 1, problem: "there are more than \(mostRules) rules")
        }
        return rules
    }

    private static func parseLines(_ text: String, path: String) throws(GuardError) -> [GuardRule] {
        var rules: [GuardRule] = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let line = trimmed(line.first == "\u{FEFF}" ? line.dropFirst() : line)
            guard !line.isEmpty, line.first != "#" else { continue }
            do throws(RuleProblem) {
                rules.append(try rule(line))
            } catch {
                throw .invalidRules(path: path, line: number, problem: error.text)
            }
        }
        return rules
    }

    private static func rule(_ line: Substring) throws(RuleProblem) -> GuardRule {
        guard let colon = line.firstIndex(of: ":"), let directions = directions(String(line[..<colon])) else {
            throw RuleProblem("a rule begins with in:, out: or both:")
        }
        let rest = line[line.index(after: colon)...]
        var bar: Substring.Index?
        var isEscaped = false
        for index in rest.indices {
            if isEscaped {
                isEscaped = false
            } else if rest[index] == "\\" {
                isEscaped = true
            } else if rest[index] == "|" {
                bar = index
                break
            }
        }
        return try GuardRule(
            pattern: String(trimmed(rest[..<(bar ?? rest.endIndex)])), directions: directions,
            reason: bar.map { String(trimmed(rest[rest.index(after: $0)...])) })
    }

    private static func parseJSON(_ text: String, path: String) throws(GuardError) -> [GuardRule] {
        var place = 0
        do {
            var rules: [GuardRule] = []
            for value in try JSONValue(parsing: text).asArray() {
                place += 1
                let object = try value.asObject()
                for member in object.members where !["match", "on", "reason"].contains(member.key) {
                    throw RuleProblem("rule \(place): there is no \"\(member.key)\", only match, on and reason")
                }
                guard let pattern = try object.string("match") else {
                    throw RuleProblem("rule \(place) has no \"match\"")
                }
                guard let directions = directions(try object.string("on") ?? "both") else {
                    throw RuleProblem("rule \(place): \"on\" is not in, out or both")
                }
                do {
                    rules.append(
                        try GuardRule(pattern: pattern, directions: directions, reason: try object.string("reason")))
                } catch let problem as RuleProblem {
                    throw RuleProblem("rule \(place): \(problem.text)")
                }
            }
            return rules
        } catch let problem as RuleProblem {
            throw .invalidRules(path: path, line: 1, problem: problem.text)
        } catch {
            throw .invalidRules(path: path, line: 1, problem: "\(error)")
        }
    }

    private static func directions(_ name: String) -> GuardDirections? {
        switch name.lowercased() {
        case "in": .input
        case "out": .output
        case "both": .both
        default: nil
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
