// Upper and lower case as Python's `str` does it.
extension Text {
    var uppercased: Text { mapped { $0.properties.uppercaseMapping } }

    /// Lower case; a sigma at the end of a word becomes a final one.
    var lowercased: Text {
        let all = scalars
        var result = Text(bytes: [])
        for (index, scalar) in all.enumerated() {
            if scalar == "\u{3A3}" {
                func isCased(_ places: some Sequence<Int>) -> Bool {
                    for place in places where !all[place].properties.isCaseIgnorable {
                        return all[place].properties.isCased
                    }
                    return false
                }
                let isFinal = isCased((0..<index).reversed()) && !isCased(index + 1..<all.count)
                result.append(isFinal ? "\u{3C2}" : "\u{3C3}" as Unicode.Scalar)
            } else {
                result.append(Text(scalar.properties.lowercaseMapping))
            }
        }
        return result
    }

    var swappedCase: Text {
        mapped { scalar in
            scalar.properties.isUppercase
                ? scalar.properties.lowercaseMapping
                : scalar.properties.isLowercase ? scalar.properties.uppercaseMapping : String(scalar)
        }
    }

    /// First scalar in title case, the rest lower.
    var capitalized: Text {
        guard let first = string.unicodeScalars.first else { return self }
        var result = Text(first.properties.titlecaseMapping)
        result.append(Text(scalars: scalars.dropFirst()).lowercased)
        return result
    }

    /// Python's `str.title`: every run of letters begins with a capital.
    var titlecased: Text {
        var result = Text(bytes: [])
        var wasCased = false
        for scalar in scalars {
            result.append(
                Text(wasCased ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping))
            wasCased = scalar.properties.isCased
        }
        return result
    }

    /// Jinja's filter `title`: words are what whitespace, hyphens and opening brackets part.
    var wordsCapitalized: Text {
        var result = Text(bytes: [])
        var word: [Unicode.Scalar] = []
        func finish() {
            guard let first = word.first else { return }
            result.append(Text(first.properties.uppercaseMapping))
            result.append(Text(scalars: word.dropFirst()).lowercased)
            word.removeAll()
        }
        for scalar in scalars {
            if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
                finish()
                result.append(scalar)
            } else {
                word.append(scalar)
            }
        }
        finish()
        return result
    }

    private func mapped(_ transform: (Unicode.Scalar) -> String) -> Text {
        var result = Text(bytes: [])
        for scalar in scalars { result.append(Text(transform(scalar))) }
        return result
    }
}

extension Unicode.Scalar {
    var isPythonAlphabetic: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
    var isPythonDecimal: Bool { properties.numericType == .decimal }
    var isPythonDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }
    var isPythonNumeric: Bool { properties.numericType != nil }
}
