#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A picture of file size against divergence from the base: SVG without scripts, fonts or links, readable on light and dark
/// ground.
///
/// Sizes are on a linear axis, divergences on a logarithmic one. A line joins the files that no smaller one beats.
struct LossPicture {
    private struct Point {
        let label: String
        let x: Double
        let y: Double
        let high: Double
        let low: Double
        let isBest: Bool
    }

    private struct Box {
        let left, top, right, bottom: Double

        func meets(_ other: Box) -> Bool {
            left < other.right && other.left < right && top < other.bottom && other.top < bottom
        }
    }

    /// Where the axes end, in the picture's units.
    private static let (left, right, top, bottom) = (78.0, 780.0, 64.0, 400.0)
    /// Less is drawn as this: two runs of the same weights differ by nothing.
    private static let least = 1e-6

    let report: LossReport

    /// The picture.
    var svg: String {
        let compared = report.entries.compactMap { entry in entry.divergence.map { (entry, $0.divergence) } }
        let values = compared.map { max($0.1.value, Self.least) }
        let largest = compared.map(\.0.bytes).max() ?? 0
        let (unit, unitName) = largest < 200_000_000 ? (1e6, "MB") : (1e9, "GB")
        let horizontal = LinearAxis(upTo: Double(largest) / unit)
        let vertical = LogarithmicAxis(from: values.min() ?? Self.least, to: values.max() ?? 1)
        let points = zip(compared, values).map { pair, value in
            let (entry, estimate) = pair
            let isBest = !zip(compared, values).contains { other, otherValue in
                other.0.bytes <= entry.bytes && otherValue < value
            }
            return Point(
                label: entry.name, x: place(horizontal.share(Double(entry.bytes) / unit)),
                y: height(vertical.share(value)),
                high: height(vertical.share(max(value + estimate.uncertainty, Self.least))),
                low: height(vertical.share(max(value - estimate.uncertainty, Self.least))), isBest: isBest)
        }
        var parts = [head]
        parts += horizontal.ticks.map { tick in
            let x = place(horizontal.share(tick))
            return line("grid", x, Self.top, x, Self.bottom)
                + text("tick", x, Self.bottom + 20, "middle", LinearAxis.label(tick))
        }
        parts += vertical.ticks.map { tick in
            let y = height(vertical.share(tick))
            return line("grid", Self.left, y, Self.right, y)
                + text("tick", Self.left - 8, y + 4, "end", LogarithmicAxis.label(tick))
        }
        parts.append(text("axis", (Self.left + Self.right) / 2, 446, "middle", "size of the file, \(unitName)"))
        let front = points.filter(\.isBest).map { "\(number($0.x)),\(number($0.y))" }
        if front.count > 1 { parts.append("<polyline class=\"front\" points=\"\(front.joined(separator: " "))\"/>") }
        for point in points {
            if point.low - point.high > 10 { parts.append(line("error", point.x, point.high, point.x, point.low)) }
            parts.append(
                "<circle class=\"\(point.isBest ? "best" : "other")\" cx=\"\(number(point.x))\" cy=\"\(number(point.y))\" "
                    + "r=\"5\"/>")
        }
        parts += labels(points)
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private var head: String {
        let title = Self.escaped("\(report.title): divergence from \(report.base.name)")
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 460" role="img" aria-label="\(title)">
            <style>
            text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #3b4048 }
            .title { font-size: 17px; font-weight: 600; fill: #16191d }
            .label { font-weight: 600; fill: #16191d; stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
            .ground { fill: #ffffff }
            .grid { stroke: #e3e6ea; stroke-width: 1 }
            .front { fill: none; stroke: #7aa7d9; stroke-width: 2 }
            .best { fill: #1f6fc4 } .other { fill: #c2571a }
            .error { stroke: #8a929c; stroke-width: 1.5 }
            @media (prefers-color-scheme: dark) {
            text { fill: #b6bdc6 } .title, .label { fill: #f0f3f6 } .label { stroke: #14171b } .ground { fill: #14171b }
            .grid { stroke: #2c3138 } .front { stroke: #3f6f9f } .best { fill: #6cb2ff } .other { fill: #f09a5d }
            }
            </style>
            <rect class="ground" width="800" height="460" rx="6"/>
            <text class="title" x="20" y="28">\(title)</text>
            <text class="axis" x="20" y="48">mean KL divergence, natural units: lower is better; the line joins what no smaller file beats</text>
            """
    }

    /// Each label beside its point, where it meets no other label and no point, as far as there is such a place.
    private func labels(_ points: [Point]) -> [String] {
        var taken = points.map { Box(left: $0.x - 7, top: $0.y - 7, right: $0.x + 7, bottom: $0.y + 7) }
        return points.map { point in
            let width = 8.2 * Double(point.label.count)
            let places: [(anchor: String, x: Double, y: Double)] = [
                ("start", point.x + 9, point.y - 6), ("start", point.x + 10, point.y + 4),
                ("middle", point.x, point.y - 12),
                ("end", point.x - 10, point.y + 4), ("middle", point.x, point.y + 22),
                ("end", point.x - 8, point.y + 18),
                ("start", point.x + 8, point.y + 18), ("end", point.x - 8, point.y - 10),
                ("middle", point.x, point.y - 28), ("middle", point.x, point.y + 38),
            ]
            func box(_ place: (anchor: String, x: Double, y: Double)) -> Box {
                let left = place.x - (place.anchor == "start" ? 0 : place.anchor == "end" ? width : width / 2)
                return Box(left: left, top: place.y - 11, right: left + width, bottom: place.y + 4)
            }
            let choice =
                places.first { place in
                    let box = box(place)
                    let isInside =
                        box.left >= Self.left - 4 && box.right <= 796 && box.top >= Self.top - 8
                        && box.bottom <= Self.bottom
                    return isInside && !taken.contains { $0.meets(box) }
                } ?? places[0]
            taken.append(box(choice))
            return text("label", choice.x, choice.y, choice.anchor, point.label)
        }
    }

    private func place(_ share: Double) -> Double { Self.left + share * (Self.right - Self.left) }
    private func height(_ share: Double) -> Double { Self.bottom - min(max(share, 0), 1) * (Self.bottom - Self.top) }
    private func number(_ value: Double) -> String { Quantity.fixed(value, 1) }

    private func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line class=\"\(kind)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
    }

    private func text(_ kind: String, _ x: Double, _ y: Double, _ anchor: String, _ words: String) -> String {
        "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
            + "\(Self.escaped(words))</text>"
    }

    /// `text` as XML; control characters have no place there.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in Quantity.printable(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// From 0 to a little more than the largest value, with ticks at round numbers.
private struct LinearAxis {
    private let end: Double
    let ticks: [Double]

    init(upTo largest: Double) {
        let largest = largest.isFinite && largest > 0 ? largest : 1
        let rough = largest / 6
        let decade = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * decade }.first { $0 >= rough } ?? rough
        end = largest * 1.12
        ticks = (0...Int(end / step)).map { Double($0) * step }
    }

    func share(_ value: Double) -> Double { value / end }

    static func label(_ value: Double) -> String {
        var digits = 0
        while digits < 6, abs(value - (value * pow(10, Double(digits))).rounded() / pow(10, Double(digits))) > 1e-9 {
            digits += 1
        }
        return Quantity.fixed(value, digits)
    }
}

/// Covers some values by orders of magnitude, with ticks at 1, 2 and 5 times the powers of ten.
private struct LogarithmicAxis {
    private let start: Double
    private let end: Double
    let ticks: [Double]

    init(from smallest: Double, to largest: Double) {
        let (low, high) = (log10(smallest) - 0.15, log10(max(largest, smallest)) + 0.2)
        (start, end) = (low, high)
        let steps: [Double] = high - low > 3 ? [1] : [1, 2, 5]
        ticks = (Int(low.rounded(.down))...Int(high.rounded(.up))).flatMap { power in
            steps.map { $0 * pow(10, Double(power)) }
        }.filter { log10($0) >= low && log10($0) <= high }
    }

    func share(_ value: Double) -> Double { (log10(value) - start) / (end - start) }

    static func label(_ value: Double) -> String {
        let power = Int(log10(value).rounded(.down))
        return Quantity.fixed(value, max(-power, 0))
    }
}

extension LossReport {
    /// The picture of size against divergence, as SVG.
    public var svg: String { LossPicture(report: self).svg }
}
