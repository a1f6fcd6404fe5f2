public import TensorCore

/// What is wrong with a GGUF file, or why one could not be read or written.
public struct GGUFError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file concerned: its path, or the name given for bytes in memory.
    public let file: String
    /// What is wrong with it.
    public let problem: Problem

    /// An error about `file`.
    public init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    /// One line for a person: what, where, and what to do next where that is known.
    public var description: String { "\(file): \(problem)" }

    /// The named problems. Sizes and positions are in bytes.
    public enum Problem: Sendable, Equatable {
        // MARK: The file as a whole

        /// The operating system did not give the bytes.
        case unreadable(String)
        /// No bytes at all.
        case empty
        /// Fewer bytes than the fixed header has.
        case tooShort(bytes: Int)
        /// Something else than a GGUF file.
        case notGGUF(ForeignFormat)
        /// Written on a machine of the other byte order.
        case byteSwapped
        /// A version other than 2 and 3.
        case unsupportedVersion(UInt32)
        /// The header or the tensor list ends in the middle of `reading`.
        case endOfFile(offset: Int, reading: String)
        /// Tensor data is missing: `needed` bytes in all, `actual` there.
        case truncated(needed: Int, actual: Int)

        // MARK: Counts in the header

        /// A negative number of tensors, or more than the file can hold.
        case tensorCount(Int64, most: Int)
        /// A negative number of metadata entries, or more than the file can hold.
        case entryCount(Int64, most: Int)

        // MARK: Metadata

        /// An empty key, one longer than 65,535 bytes, or one that runs past the end of the file.
        case keyLength(UInt64, entry: Int)
        /// A key or tensor name that is not valid UTF-8.
        case invalidUTF8(String)
        /// The same key twice.
        case duplicateKey(String)
        /// A value type GGUF does not have.
        case unknownValueType(UInt32, key: String)
        /// A truth value other than 0 and 1.
        case invalidBool(UInt8, key: String)
        /// An array of arrays.
        case nestedArray(key: String)
        /// A string longer than 1 GiB or than the rest of the file.
        case stringLength(UInt64, key: String, remaining: Int)
        /// An array of more than 2^30 elements or longer than the rest of the file.
        case arrayLength(UInt64, key: String, remaining: Int)
        /// `general.alignment` is no power of two from 8 to 16 MiB.
        case alignment(String)

        // MARK: Asking for values

        /// A key the model cannot do without is absent.
        case missingKey(String)
        /// A value of the wrong kind.
        case wrongKind(key: String, wanted: String, found: String)
        /// A number that the wanted type cannot hold.
        case outOfRange(key: String, value: String)

        // MARK: Tensors

        /// An empty tensor name, one of 64 bytes or more, or one that runs past the end of the file.
        case tensorNameLength(UInt64, tensor: Int)
        /// The same tensor twice.
        case duplicateTensor(String)
        /// A number of dimensions other than 1 to 4.
        case dimensionCount(UInt32, tensor: String)
        /// A dimension that is 0 or negative.
        case dimension(Int64, tensor: String)
        /// A shape whose size in bytes does not fit in 63 bits.
        case tensorTooLarge(String)
        /// A type id nobody gave a name to.
        case unknownTensorType(UInt32, tensor: String)
        /// Types that exist but that Kite does not compute with, by name.
        case unsupportedTensorTypes([String])
        /// A first dimension that is no whole number of blocks.
        case partialBlock(tensor: String, columns: Int, type: TensorType)
        /// A data offset that is no multiple of the alignment.
        case offsetUnaligned(tensor: String, offset: UInt64, alignment: Int)
        /// A data offset that overlaps the tensor before, leaves a hole or is out of order.
        case offsetUnexpected(tensor: String, offset: UInt64, expected: Int)
        /// A tensor the model cannot do without is absent.
        case missingTensor(String)
        /// A tensor of three or four dimensions where a vector or matrix is wanted.
        case notMatrix(tensor: String, dimensions: [Int])

        // MARK: Split files

        /// One part of a split whose file name or origin does not lead to the other parts.
        case partName(count: Int)
        /// A part whose number is not the one in its name.
        case partNumber(found: Int, expected: Int)
        /// A part that counts the parts differently.
        case partCount(found: Int, expected: Int)
        /// A part of a split that is not there.
        case missingPart(String)
        /// A part made for another architecture than the first one's.
        case partArchitecture(found: String, expected: String)
        /// The parts together hold another number of tensors than the first one says.
        case partTensorCount(found: Int, expected: Int)

        // MARK: Writing

        /// The operating system did not take the bytes.
        case unwritable(String)
        /// A tensor's data has another size than its shape and type need.
        case tensorDataSize(tensor: String, needed: Int, found: Int)
        /// There is a file of that name already.
        case exists
        /// More parts than a file name can number, or a part size of nothing.
        case badSplit
    }
}
