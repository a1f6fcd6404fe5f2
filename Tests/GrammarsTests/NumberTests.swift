import ModelFiles
import TestSupport
import Testing

@testable import Grammars

@Suite struct NumberTests {
    @Test func wholeNumbersWithinEveryRange() throws {
        for least in Int64(-25)...25 {
            for most in least...30 {
                let grammar = try Grammar(
                    rules: [Rule(name: "n", expression: NumberRanges.integers(least, most))], root: 0)
                var matcher = try Matcher(grammar)
                for number in Int64(-40)...40 {
                    #expect(try matcher.matches("\(number)".utf8) == (least...most).contains(number))
                }
                #expect(try !matcher.matches("-0".utf8))
                #expect(try !matcher.matches("01".utf8))
            }
        }
    }

    @Test func wholeNumbersOfManyDigits() throws {
        var random = FixedRandom(seed: 3)
        for _ in 0..<200 {
            let limit = Int64(1) << Int64.random(in: 1..<59, using: &random)
            var bounds: [Int64] = []
            for _ in 0..<2 { bounds.append(Int64.random(in: -limit...limit, using: &random)) }
            bounds.sort()
            let grammar = try Grammar(
                rules: [Rule(name: "n", expression: NumberRanges.integers(bounds[0], bounds[1]))], root: 0)
            var matcher = try Matcher(grammar)
            var near: [Int64] = [0, .random(in: -limit...limit, using: &random)]
            for bound in bounds { near += [bound - 1, bound, bound + 1, bound / 10, bound * 10 / 9] }
            for number in near {
                #expect(
                    try matcher.matches("\(number)".utf8) == (bounds[0]...bounds[1]).contains(number),
                    "\(bounds) \(number)")
            }
        }
    }

    /// All numbers of up to three digits after the point around every pair of ends.
    @Test(arguments: [true, false], [true, false])
    func numbersBetweenEnds(isLowExclusive: Bool, isHighExclusive: Bool) throws {
        let ends = [-2.5, -1, -0.25, -0.01, 0, 0.1, 0.125, 0.13, 1, 1.05, 9.99, 12]
        for low in ends {
            for high in ends {
                let schema: JSONValue = [
                    "type": "number", isLowExclusive ? "exclusiveMinimum" : "minimum": .number(low),
                    isHighExclusive ? "exclusiveMaximum" : "maximum": .number(high),
                ]
                let isEmpty = low > high || (low == high && (isLowExclusive || isHighExclusive))
                guard !isEmpty else {
                    #expect(errorOf { try Grammar(jsonSchema: schema) } == .unsatisfiable(path: "#"), "\(low) \(high)")
                    continue
                }
                var matcher = try Matcher(Grammar(jsonSchema: schema))
                for thousandths in stride(from: -2600, through: 13_000, by: low == 0.125 || high == 0.125 ? 1 : 7) {
                    let value = Double(thousandths) / 1000
                    // As it is written, and with a zero that says nothing.
                    let isInside =
                        (isLowExclusive ? value > low : value >= low)
                        && (isHighExclusive ? value < high : value <= high)
                    let text = value == value.rounded() ? "\(Int(value))" : "\(value)"
                    #expect(try matcher.matches(text.utf8) == isInside, "\(text) in \(low)...\(high)")
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 10, 64, 100, 255])
    func multiples(divisor: Int64) throws {
        var matcher = try Matcher(Grammar(jsonSchema: ["type": "integer", "multipleOf": .integer(divisor)]))
        for number in Int64(-600)...600 {
            #expect(try matcher.matches("\(number)".utf8) == (number % divisor == 0))
        }
    }
}
