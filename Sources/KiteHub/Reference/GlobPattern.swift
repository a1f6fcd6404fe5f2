/// A pattern for names as Python's `fnmatch` has them: `*` any text, slashes included, `?` a character, `[a-c]` and
/// `[!a-c]` a choice of characters. Upper and lower case differ. A pattern that ends in `/` means all in that folder.
struct GlobPattern: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case anything
        case one
        case literal(Character)
        case choice([ClosedRange<Character>], isNegated: Bool)
    }

    private let parts: [Part]

    init(_ text: String) {
        let characters = Array(text.hasSuffix("/") ? text + "*" : text)
        var parts: [Part] = []
        var index = 0
        while index < characters.count {
            switch characters[index] {
            case "*": if parts.last != .anything { parts.append(.anything) }
            case "?": parts.append(.one)
            case "[":
                if let (choice, end) = Self.choice(characters, index + 1) {
                    parts.append(choice)
                    index = end
                } else {
                    parts.append(.literal("["))
                }
            case let other: parts.append(.literal(other))
            }
            index += 1
        }
        self.parts = parts
    }

    /// Whether all of `name` fits. Linear in memory, at worst the product of both lengths in time.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var part = 0
        var position = 0
        // Where the last `*` stands, and where what follows it was tried last.
        var star: (part: Int, position: Int)?
        while position < name.count {
            if part < parts.count, parts[part] == .anything {
                star = (part, position)
                part += 1
            } else if part < parts.count, fits(parts[part], name[position]) {
                part += 1
                position += 1
            } else if let last = star {
                star = (last.part, last.position + 1)
                part = last.part + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }

    private func fits(_ part: Part, _ character: Character) -> Bool {
        switch part {
        case .anything, .one: true
        case .literal(let literal): literal == character
        case .choice(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
        }
    }

    /// What stands in brackets from `start` on, and where they close; nil when they do not.
    private static func choice(_ characters: [Character], _ start: Int) -> (Part, Int)? {
        let isNegated = start < characters.count && characters[start] == "!"
        let first = start + (isNegated ? 1 : 0)
        // A closing bracket that comes first is a character like others.
        guard first < characters.count, let end = characters[(first + 1)...].firstIndex(of: "]") else { return nil }
        var ranges: [ClosedRange<Character>] = []
        var index = first
        while index < end {
            if index + 2 < end, characters[index + 1] == "-" {
                if characters[index] <= characters[index + 2] {
                    ranges.append(characters[index]...characters[index + 2])
                }
                index += 3
            } else {
                ranges.append(characters[index]...characters[index])
                index += 1
            }
        }
        return (.choice(ranges, isNegated: isNegated), end)
    }
}
