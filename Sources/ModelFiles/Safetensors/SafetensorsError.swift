/// Why a safetensors file cannot be used, and which file it is.
public struct SafetensorsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        /// The operating system did not give the bytes, or did not take them.
        case io(String)
        /// Fewer bytes than the length of the header takes.
        case tooShort(bytes: Int)
        /// Something else than a safetensors file.
        case notSafetensors(ForeignFormat)
        /// A header longer than the rest of the file.
        case headerPastEnd(length: UInt64, available: Int)
        /// A header longer than 100 MB, the limit of the format.
        case headerTooLong(UInt64)
        /// A header that is no JSON or has another structure.
        case header(JSONError)
        /// An element type the format does not have.
        case unknownType(String, tensor: String)
        /// A dimension below zero.
        case negativeDimension(Int, tensor: String)
        /// A shape whose size in bytes does not fit in 63 bits.
        case tensorTooLarge(String)
        /// More than eight dimensions.
        case tooManyDimensions(Int, tensor: String)
        /// Data offsets that are not two numbers, or whose first is greater than the second.
        case invalidOffsets(tensor: String)
        /// Data that lies beyond the end of the file.
        case dataPastEnd(tensor: String, end: Int, available: Int)
        /// Data whose size is not shape times type.
        case wrongSize(tensor: String, bytes: Int, expected: Int)
        /// Data that overlaps the tensor before, or leaves a hole after it.
        case notContiguous(tensor: String, start: Int, expected: Int)
        /// Bytes after the last tensor.
        case trailingData(bytes: Int)
        /// No tensor of that name.
        case missingTensor(String)
        /// A tensor of a type no model is computed with here.
        case unusableType(SafetensorsType, tensor: String)
        /// A tensor that is neither vector nor matrix.
        case notMatrix(tensor: String, shape: [Int])

        // MARK: Sharded checkpoints

        /// A shard named by a path that is no plain file name.
        case shardPath(String)
        /// More shards than a checkpoint has.
        case tooManyShards(Int)
        /// A shard that is not there.
        case missingShard(String)
        /// A tensor that two shards have.
        case duplicateTensor(String, shards: [String])
        /// A tensor that the shard named by the index does not have.
        case tensorNotInShard(String, shard: String)
    }

    /// The file concerned.
    public let file: String
    /// What is wrong with it.
    public let problem: Problem

    /// `problem` with `file`.
    public init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    /// One line for a person.
    public var description: String { "\(file): \(problem)" }
}

extension SafetensorsError.Problem: CustomStringConvertible {
    /// The problem in words, without the file.
    public var description: String {
        switch self {
        case .io(let reason): reason
        case .tooShort(let bytes): "only \(bytes) bytes, too short for a safetensors file"
        case .notSafetensors(let format):
            format == .unknown ? "not a safetensors file" : "not a safetensors file but \(format)"
        case .headerPastEnd(let length, let available):
            "the header should have \(length) bytes, but only \(available) follow; the download may be incomplete"
        case .headerTooLong(let length): "the header has \(length) bytes, more than the format's limit of 100 MB"
        case .header(let error): "header: \(error)"
        case .unknownType(let type, let tensor): "tensor \(tensor) has the unknown type \"\(type)\""
        case .negativeDimension(let size, let tensor): "tensor \(tensor) has the dimension \(size)"
        case .tensorTooLarge(let tensor): "tensor \(tensor) is too large to be real"
        case .tooManyDimensions(let count, let tensor): "tensor \(tensor) has \(count) dimensions, more than 8"
        case .invalidOffsets(let tensor): "tensor \(tensor) has data_offsets that are no range"
        case .dataPastEnd(let tensor, let end, let available):
            "tensor \(tensor) ends at byte \(end) of the data, but the file has \(available); "
                + "the download may be incomplete"
        case .wrongSize(let tensor, let bytes, let expected):
            "tensor \(tensor) has \(bytes) bytes, but its shape and type need \(expected)"
        case .notContiguous(let tensor, let start, let expected):
            "tensor \(tensor) starts at byte \(start) of the data, but the tensor before ends at \(expected)"
        case .trailingData(let bytes): "\(bytes) bytes follow the last tensor"
        case .missingTensor(let tensor): "tensor \(tensor) is missing"
        case .unusableType(let type, let tensor):
            "tensor \(tensor) has the type \(type.rawValue); only F32, F16 and BF16 can be used"
        case .notMatrix(let tensor, let shape): "tensor \(tensor) of shape \(shape) is neither vector nor matrix"
        case .shardPath(let path): "the shard \"\(path)\" is no plain file name"
        case .tooManyShards(let count): "\(count) shards are more than the limit of 4096"
        case .missingShard(let name): "the shard \(name) is not there; the download may be incomplete"
        case .duplicateTensor(let tensor, let shards):
            "tensor \(tensor) is in two shards: \(shards.joined(separator: " and "))"
        case .tensorNotInShard(let tensor, let shard): "tensor \(tensor) should be in \(shard), but is not"
        }
    }
}
