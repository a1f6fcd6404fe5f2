/// Numbers as people read them.
enum Format {
    /// `value` with exactly `digits` digits after the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled)
        let unit = Int(scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % unit)
        return "\(sign)\(whole / unit)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// `1.71 GB`: decimal units, as file sizes are given.
    static func bytes(_ count: Int) -> String {
        let units = ["kB", "MB", "GB", "TB"]
        guard count >= 1000 else { return "\(count) B" }
        var value = Double(count) / 1000
        var index = 0
        while value >= 999.5, index + 1 < units.count {
            value /= 1000
            index += 1
        }
        return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0) + " " + units[index]
    }

    /// `1,234,567`.
    static func count(_ value: Int) -> String {
        var groups: [String] = []
        var rest = value.magnitude
        while rest >= 1000 {
            let group = String(rest % 1000)
            groups.append(String(repeating: "0", count: 3 - group.count) + group)
            rest /= 1000
        }
        return (value < 0 ? "-" : "") + ([String(rest)] + groups.reversed()).joined(separator: ",")
    }

    /// `2.80 B`, `637 M`: parameters of a model.
    static func parameters(_ count: Int) -> String {
        switch count {
        case 1_000_000_000...: fixed(Double(count) / 1e9, 2) + " B"
        case 1_000_000...: fixed(Double(count) / 1e6, 1) + " M"
        default: self.count(count)
        }
    }

    /// `0:07`, `12:30`, `1:02:03`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "-:--" }
        let whole = Int(max(seconds, 0).rounded(.up))
        let minutes = padded(whole / 60 % 60, whole >= 3600 ? 2 : 1)
        return (whole >= 3600 ? "\(whole / 3600):" : "") + minutes + ":" + padded(whole % 60, 2)
    }

    /// `just now`, `5 minutes ago`, `3 days ago`.
    static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<60: "just now"
        case ..<3600: plural(Int(seconds / 60), "minute") + " ago"
        case ..<86_400: plural(Int(seconds / 3600), "hour") + " ago"
        default: seconds < 1e11 ? plural(Int(seconds / 86_400), "day") + " ago" : "long ago"
        }
    }

    /// `1 token`, `2 tokens`.
    static func plural(_ count: Int, _ noun: String) -> String {
        "\(Self.count(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(width - text.count, 0)) + text
    }
}
