#if Server
internal import CWeb
internal import ModelFiles

/// The chat page's files and the description of the API, as they are in the program.
struct PageFiles: Sendable {
    /// A file.
    struct File: Sendable {
        var bytes: [UInt8]
        var type: String
        /// Changes with the contents.
        var tag: String
    }

    private let files: [String: File]

    /// All files of the program.
    static let embedded = PageFiles()

    private init() {
        var files: [String: File] = [:]
        var index = 0
        while let entry = kite_web_file(index) {
            let bytes = Array(UnsafeBufferPointer(start: entry.pointee.bytes, count: entry.pointee.size))
            let name = String(cString: entry.pointee.name)
            let tag = "\"\(SHA256.hex(bytes).prefix(24))\""
            files[name] = File(bytes: bytes, type: Self.type(of: name), tag: tag)
            index += 1
        }
        self.files = files
    }

    /// The file at a path: `/` is `index.html`.
    func file(at path: String) -> File? {
        guard path.hasPrefix("/") else { return nil }
        return files[path == "/" ? "index.html" : String(path.dropFirst())]
    }

    /// Whether a client that holds copies with these tags (`If-None-Match`) has the file already.
    static func isKnown(_ tag: String, to condition: String?) -> Bool {
        guard let condition else { return false }
        return condition.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " }
            let strong = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
            return strong == tag[...] || strong == "*"
        }
    }

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        default: "application/octet-stream"
        }
    }
}
#endif
