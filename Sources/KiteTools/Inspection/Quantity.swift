/// Quantities and names as people read them.
package enum Quantity {
    /// `1.71 GB`: decimal units, as file sizes are given.
    package static func bytes(_ count: Int) -> String {
        scaled(count, [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")])
            ?? "\(count) bytes"
    }

    /// `2.80 billion`: weights of a model.
    package static func count(_ count: Int) -> String {
        scaled(count, [(1_000_000_000, "billion"), (1_000_000, "million")]) ?? grouped(count)
    }

    /// `4.85 bits per weight`.
    package static func bitsPerWeight(bytes: Int, _ parameters: Int) -> String {
        guard parameters > 0 else { return "no weights" }
        return "\(fixed(Double(bytes) * 8 / Double(parameters))) bits per weight"
    }

    /// `1,234,567`.
    package static func grouped(_ count: Int) -> String {
        var text = ""
        for (index, digit) in String(count.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text = "," + text }
            text = String(digit) + text
        }
        return count < 0 ? "-" + text : text
    }

    /// `value` with so many digits after the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let (whole, rest) = Int(scaled).quotientAndRemainder(dividingBy: Int(scale))
        let fraction = digits > 0 ? "." + String(String(Int(scale) + rest).dropFirst()) : ""
        return (value < 0 && scaled > 0 ? "-" : "") + "\(whole)" + fraction
    }

    /// `text` without control characters: names from a file must not steer a terminal.
    package static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func scaled(_ count: Int, _ units: [(size: Int, name: String)]) -> String? {
        for unit in units where count >= unit.size {
            return "\(fixed(Double(count) / Double(unit.size))) \(unit.name)"
        }
        return nil
    }

    /// Two digits after the point.
    private static func fixed(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
