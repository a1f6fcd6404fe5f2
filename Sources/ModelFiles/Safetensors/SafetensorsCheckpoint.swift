/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
public struct SafetensorsCheckpoint: Sendable {
    /// The files, in order of their names.
    public let files: [SafetensorsFile]
    private let positions: [String: (file: Int, tensor: Int)]

    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    private static let shardLimit = 4096

    /// Opens the weights in `folder`.
    /// - Throws: ``SafetensorsError``, also when there are none.
    public init(folder: String) throws(SafetensorsError) {
        let single = FileSystem.join(folder, Self.singleName)
        if FileSystem.exists(single) {
            try self.init(files: [SafetensorsFile(path: single)])
        } else if let old = Self.oldGPTQName(in: folder) {
            try self.init(files: [SafetensorsFile(path: FileSystem.join(folder, old))])
        } else {
            try self.init(index: FileSystem.join(folder, Self.indexName), folder: folder)
        }
    }

    /// Whether `folder` has weights.
    static func isThere(_ folder: String) -> Bool {
        [singleName, indexName].contains { FileSystem.exists(FileSystem.join(folder, $0)) }
            || oldGPTQName(in: folder) != nil
    }

    /// What AutoGPTQ called its only file until 2023: `gptq_model-4bit-128g.safetensors`.
    private static func oldGPTQName(in folder: String) -> String? {
        guard !FileSystem.exists(FileSystem.join(folder, indexName)) else { return nil }
        let names = FileSystem.names(in: folder).filter {
            $0.hasPrefix("gptq_model-") && $0.hasSuffix(".safetensors")
        }
        return names.count == 1 ? names[0] : nil
    }

    /// The tensors of `files` together.
    /// - Throws: ``SafetensorsError`` when two files have the same tensor.
    public init(files: [SafetensorsFile]) throws(SafetensorsError) {
        var positions: [String: (file: Int, tensor: Int)] = [:]
        for (fileIndex, file) in files.enumerated() {
            for (index, tensor) in file.tensors.enumerated() {
                if let first = positions.updateValue((fileIndex, index), forKey: tensor.name) {
                    throw SafetensorsError(
                        file: file.path,
                        .duplicateTensor(tensor.name, shards: [files[first.file].path, file.path].map(FileSystem.name)))
                }
            }
        }
        self.files = files
        self.positions = positions
    }

    private init(index path: String, folder: String) throws(SafetensorsError) {
        let map = try SafetensorsIndex(path: path)
        let shards = Set(map.shards.values).sorted()
        guard shards.count <= Self.shardLimit else {
            throw SafetensorsError(file: path, .tooManyShards(shards.count))
        }
        var files: [SafetensorsFile] = []
        for shard in shards {
            let shardPath = FileSystem.join(folder, shard)
            guard FileSystem.exists(shardPath) else { throw SafetensorsError(file: path, .missingShard(shard)) }
            files.append(try SafetensorsFile(path: shardPath))
        }
        try self.init(files: files)
        for (tensor, shard) in map.shards {
            guard let position = positions[tensor], FileSystem.name(files[position.file].path) == shard else {
                throw SafetensorsError(file: path, .tensorNotInShard(tensor, shard: shard))
            }
        }
    }

    /// The tensor called `name`; nil when there is none.
    public subscript(tensor name: String) -> SafetensorsTensor? {
        positions[name].map { files[$0.file].tensors[$0.tensor] }
    }

    /// All tensors, file after file.
    public var tensors: [SafetensorsTensor] { files.flatMap(\.tensors) }
}

/// The contents of `model.safetensors.index.json`.
public struct SafetensorsIndex: Sendable {
    /// The file name of the shard that has each tensor.
    public let shards: [String: String]

    /// Reads the index at `path`.
    /// - Throws: ``SafetensorsError``.
    public init(path: String) throws(SafetensorsError) {
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.read(path)
        } catch {
            throw SafetensorsError(file: path, .io("\(error)"))
        }
        try self.init(bytes, path: path)
    }

    /// Reads an index that is there already; `path` is for messages.
    /// - Throws: ``SafetensorsError`` when it is malformed or names a shard outside its folder.
    public init(_ bytes: [UInt8], path: String) throws(SafetensorsError) {
        var shards: [String: String] = [:]
        var hasMap = false
        var reader = JSONReader(bytes, maximumDepth: 16)
        do {
            try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
                guard key == "weight_map" else { return try reader.skipValue() }
                hasMap = true
                try reader.readObject(rejectingDuplicateKeys: true) { tensor, reader in
                    let shard = try reader.readString()
                    guard !shard.isEmpty, shard != ".", shard != "..",
                        !shard.utf8.contains(where: { $0 == 0x2F || $0 == 0x5C || $0 == 0 })
                    else { throw SafetensorsError(file: path, .shardPath(shard)) }
                    shards[tensor] = shard
                }
            }
            try reader.finish()
        } catch let error as JSONError {
            throw SafetensorsError(file: path, .header(error))
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw SafetensorsError(file: path, .io("\(error)"))
        }
        guard hasMap else { throw SafetensorsError(file: path, .header(JSONError(.missingKey("weight_map")))) }
        self.shards = shards
    }
}
