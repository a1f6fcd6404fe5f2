/// Formats of strings as patterns. Each allows nothing that the format does not, and leaves rare spellings out.
enum StringFormats {
    /// The formats honoured, by name.
    static let names = patterns.keys.sorted()

    /// The texts of the format `name`, over characters; nil for one that is not honoured.
    static func expression(_ name: String) -> Expression? {
        patterns[name].flatMap { try? PatternParser.parse("^(?:\($0))$") }
    }

    /// Months have their days; February has 28, so that every year is right. There is no year 0.
    private static let date =
        "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-"
        + "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    /// Without leap seconds; with a zone.
    private static let time =
        "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let host = "(?:\(label)[.]){1,4}[A-Za-z]{2,24}"

    private static let patterns: [String: String] = [
        "date": date,
        "time": time,
        "date-time": "\(date)T\(time)",
        "duration": duration,
        "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "ipv4": "\(octet)(?:[.]\(octet)){3}",
        "ipv6": address,
        "hostname": "\(label)(?:[.]\(label)){0,3}",
        "email":
            "[A-Za-z0-9_+-]{1,20}(?:[.][A-Za-z0-9_+-]{1,20}){0,2}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?[.]){1,4}[A-Za-z]{2,24}",
        "uri":
            "https?://\(host)(?::[1-9][0-9]{1,3})?(?:/[A-Za-z0-9._~-]{1,64}){0,16}/?(?:[?][A-Za-z0-9._~=&-]{1,256})?",
    ]

    /// RFC 3339, appendix A, with up to four digits a number.
    private static let duration: String = {
        let number = "[0-9]{1,4}"
        let time =
            "T(?:\(number)H(?:\(number)M(?:\(number)S)?)?|\(number)M(?:\(number)S)?|\(number)S)"
        let date = "(?:\(number)Y(?:\(number)M(?:\(number)D)?)?|\(number)M(?:\(number)D)?|\(number)D)"
        return "P(?:\(number)W|\(date)(?:\(time))?|\(time))"
    }()

    /// Eight groups, or fewer around a double colon.
    private static let address: String = {
        let group = "[0-9a-f]{1,4}"
        var forms = ["(?:\(group):){7}\(group)", "::"]
        for before in 1...6 { forms.append("\(group)(?::\(group)){\(before - 1)}::") }
        for after in 1...6 { forms.append("::\(group)(?::\(group)){\(after - 1)}") }
        for before in 1...5 {
            forms.append("\(group)(?::\(group)){\(before - 1)}::\(group)(?::\(group)){0,\(5 - before)}")
        }
        return "(?:\(forms.joined(separator: "|")))"
    }()
}
