import TensorCore

/// How to cut a model into several files.
public enum GGUFSplit: Sendable, Equatable {
    /// At most so many tensors in a file.
    case tensors(Int)
    /// At most so many bytes of tensor data in a file, unless a single tensor has more.
    case bytes(Int)
    /// So many tensors in each file, one number per file.
    case counts([Int])
}

extension GGUFWriter {
    /// Writes the file, or with `split` as many as are needed, called `NAME-00001-of-00003.gguf` and so on.
    ///
    /// All files appear at the end together; on an error none does. `progress` is told how many bytes of tensor data
    /// of how many are written. Parts that are there already are replaced only with `overwrite`.
    /// - Returns: the paths written.
    /// - Throws: ``GGUFError``, and whatever a tensor's source throws.
    @discardableResult
    public func write(
        to path: String, split: GGUFSplit? = nil, overwrite: Bool = true,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> [String] {
        let parts = try parts(split, path)
        if !overwrite, parts.count > 1 {
            let names = (0..<parts.count).map { GGUFWriter.splitName(path, parts.count).path($0) }
            if let there = names.first(where: FileSystem.exists) { throw GGUFError(file: there, .exists) }
        }
        let total = tensors.reduce(0) { $0 &+ $1.byteCount }
        var done = 0
        var files: [(path: String, file: AtomicFile)] = []
        for (index, part) in parts.enumerated() {
            let partPath = parts.count == 1 ? path : GGUFWriter.splitName(path, parts.count).path(index)
            let file = try GGUFWriter.mappingErrors { () throws(FileError) in try AtomicFile(path: partPath) }
            files.append((partPath, file))
            try write(part, index, of: parts.count, partPath) { (bytes) throws(GGUFError) in
                try GGUFWriter.mappingErrors { () throws(FileError) in try file.write(bytes) }
            } progress: { count in
                done += count
                progress?(done, total)
            }
            try GGUFWriter.mappingErrors { () throws(FileError) in try file.finish() }
        }
        // The first part, by whose name the model goes, comes last: when it is there, all are.
        for (_, file) in files.reversed() {
            try GGUFWriter.mappingErrors { () throws(FileError) in try file.commit() }
        }
        return files.map { $0.path }
    }

    /// The bytes of the file, in memory. For small models and tests.
    public func bytes() throws -> [UInt8] {
        var result: [UInt8] = []
        try write(tensors[...], 0, of: 1, "memory") { (bytes) throws(GGUFError) in
            bytes.withUnsafeBytes { result.append(contentsOf: $0) }
        } progress: { _ in
        }
        return result
    }

    private static func mappingErrors<Result>(
        _ body: () throws(FileError) -> Result
    ) throws(GGUFError) -> Result {
        do {
            return try body()
        } catch {
            throw GGUFError(file: error.path, .unwritable("\(error)"))
        }
    }

    /// Which tensors go into which file.
    private func parts(_ split: GGUFSplit?, _ path: String) throws(GGUFError) -> [ArraySlice<Tensor>] {
        guard let split, !tensors.isEmpty else { return [tensors[...]] }
        let most: Int
        switch split {
        case .tensors(let limit), .bytes(let limit): most = limit
        case .counts(let counts): return try parts(counts, path)
        }
        guard most > 0 else { throw GGUFError(file: path, .badSplit) }
        var parts: [ArraySlice<Tensor>] = []
        var begin = 0
        var bytes = 0
        for (index, tensor) in tensors.enumerated() {
            let isFull =
                switch split {
                case .tensors, .counts: index - begin >= most
                case .bytes: bytes > most - tensor.byteCount
                }
            if isFull, index > begin {
                parts.append(tensors[begin..<index])
                begin = index
                bytes = 0
            }
            bytes += tensor.byteCount
        }
        parts.append(tensors[begin...])
        guard parts.count <= 65_535 else { throw GGUFError(file: path, .badSplit) }
        return parts
    }

    private func parts(_ counts: [Int], _ path: String) throws(GGUFError) -> [ArraySlice<Tensor>] {
        var rest = tensors[...]
        var parts: [ArraySlice<Tensor>] = []
        for count in counts {
            guard count > 0, count <= rest.count else { throw GGUFError(file: path, .badSplit) }
            parts.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        guard rest.isEmpty, counts.count <= 65_535 else { throw GGUFError(file: path, .badSplit) }
        return parts
    }

    /// What the files of a model in `count` parts are called when it is written to `path`.
    public static func partPaths(_ path: String, count: Int) -> [String] {
        count == 1 ? [path] : (0..<count).map { splitName(path, count).path($0) }
    }

    /// Bytes of the file when it is not split.
    /// - Throws: ``GGUFError`` as writing does.
    public func byteCount() throws(GGUFError) -> Int {
        let alignment = try GGUFPart.alignment(of: metadata)
        let header = try header(tensors[...], 0, of: 1, alignment: alignment, "memory").count
        return tensors.reduce(header) { $0 + $1.byteCount + GGUFWriter.padding(after: $1.byteCount, alignment) }
    }

    private static func splitName(_ path: String, _ count: Int) -> GGUFSplitName {
        GGUFSplitName(prefix: path.hasSuffix(".gguf") ? String(path.dropLast(5)) : path, index: 0, count: count)
    }

    private func write(
        _ part: ArraySlice<Tensor>, _ index: Int, of count: Int, _ path: String,
        output: @escaping (RawSpan) throws(GGUFError) -> Void, progress: (Int) -> Void
    ) throws {
        let alignment = try GGUFPart.alignment(of: metadata)
        let header = try header(part, index, of: count, alignment: alignment, path)
        try output(header.span.bytes)
        for tensor in part {
            let sink = GGUFTensorSink { (bytes) throws(GGUFError) in try output(bytes) }
            try tensor.source(sink)
            guard sink.count == tensor.byteCount else {
                throw GGUFError(
                    file: path,
                    .tensorDataSize(tensor: tensor.name, needed: tensor.byteCount, found: sink.count))
            }
            let padding = [UInt8](repeating: 0, count: GGUFWriter.padding(after: tensor.byteCount, alignment))
            try output(padding.span.bytes)
            progress(tensor.byteCount)
        }
    }

    /// Bytes missing to the next multiple of `alignment`, a power of two.
    static func padding(after count: Int, _ alignment: Int) -> Int {
        (alignment - count & (alignment - 1)) & (alignment - 1)
    }
}
