/// Keys that tie the parts of a split model together.
enum GGUFSplitKey {
    /// Number of the part, from 0.
    static let number = "split.no"
    /// Number of parts.
    static let count = "split.count"
    /// Number of tensors in all parts.
    static let tensors = "split.tensors.count"

    static let all = [number, count, tensors]
}

extension GGUFPart {
    /// How many parts the model has; nil when the file says nothing about it.
    var splitCount: Int? {
        get throws(GGUFError) { try metadata.int(GGUFSplitKey.count) }
    }
}

extension GGUFFile {
    /// Opens all parts. Their paths come from the one given, never from the content of a file.
    init(
        split name: GGUFSplitName, given: (part: GGUFPart, byteCount: Int), path: String
    ) throws(GGUFError) {
        // Check the part at hand first: a wrong name on it must not send us looking for others.
        try GGUFFile.check(given.part, name.index, of: name.count, path)
        var parts: [GGUFPart] = []
        var paths: [String] = []
        var byteCount = 0
        for index in 0..<name.count {
            let partPath = name.path(index)
            let opened = index == name.index ? given : try GGUFFile.openPart(partPath)
            try GGUFFile.check(opened.part, index, of: name.count, partPath)
            if let first = parts.first { try GGUFFile.checkArchitecture(opened.part, first, partPath) }
            parts.append(opened.part)
            paths.append(partPath)
            byteCount += opened.byteCount
        }
        let found = parts.reduce(0) { $0 + $1.tensors.count }
        if let expected = try parts[0].metadata.int(GGUFSplitKey.tensors), expected != found {
            throw GGUFError(file: paths[0], .partTensorCount(found: found, expected: expected))
        }
        try self.init(
            name: path, paths: paths, byteCount: byteCount, first: parts[0], others: Array(parts.dropFirst()))
    }

    private static func check(_ part: GGUFPart, _ index: Int, of count: Int, _ path: String) throws(GGUFError) {
        let foundCount = try part.metadata.requiredInt(GGUFSplitKey.count)
        guard foundCount == count else { throw GGUFError(file: path, .partCount(found: foundCount, expected: count)) }
        let number = try part.metadata.requiredInt(GGUFSplitKey.number)
        guard number == index else { throw GGUFError(file: path, .partNumber(found: number, expected: index)) }
    }

    /// Parts after the first mostly do not repeat the architecture; where they do it must be the same.
    private static func checkArchitecture(
        _ part: GGUFPart, _ first: GGUFPart, _ path: String
    ) throws(GGUFError) {
        let key = "general.architecture"
        guard let found = try part.metadata.string(key), let expected = try first.metadata.string(key) else { return }
        guard found == expected else {
            throw GGUFError(file: path, .partArchitecture(found: found, expected: expected))
        }
    }

    private static func openPart(_ path: String) throws(GGUFError) -> (part: GGUFPart, byteCount: Int) {
        do {
            return try open(path)
        } catch {
            guard case .unreadable = error.problem else { throw error }
            throw GGUFError(file: path, .missingPart(path))
        }
    }
}
