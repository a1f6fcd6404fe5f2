import TensorCore

extension GGUFError.Problem: CustomStringConvertible {
    /// What is wrong, in words, without the name of the file.
    public var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .empty: "the file is empty; download it again"
        case .tooShort(let bytes): "only \(bytes) bytes, too short for a GGUF file; download it again"
        case .notGGUF(let format): "not a GGUF file: \(format)"
        case .byteSwapped: "a big-endian GGUF file; convert it with gguf-convert-endian"
        case .unsupportedVersion(let version):
            version < 2
                ? "GGUF version \(version) is no longer in use; convert the model again"
                : "GGUF version \(version) is newer than this program reads (2 and 3)"
        case .endOfFile(let offset, let reading):
            "the file ends at byte \(offset), in the middle of \(reading); download it again"
        case .truncated(let needed, let actual):
            "the file has \(actual) bytes of \(needed); the download is incomplete"
        case .tensorCount(let count, let most): "claims \(count) tensors where at most \(most) fit; the file is damaged"
        case .entryCount(let count, let most):
            "claims \(count) metadata entries where at most \(most) fit; the file is damaged"
        default: metadataDescription ?? tensorDescription ?? partDescription ?? ""
        }
    }

    private var metadataDescription: String? {
        switch self {
        case .keyLength(let length, let entry): "metadata entry \(entry) has a key of \(length) bytes"
        case .invalidUTF8(let what): "\(what) is not valid UTF-8"
        case .duplicateKey(let key): "metadata key \(key) appears twice"
        case .unknownValueType(let type, let key): "\(key) has the unknown value type \(type)"
        case .invalidBool(let byte, let key): "\(key) is a truth value of \(byte)"
        case .nestedArray(let key): "\(key) is an array of arrays"
        case .stringLength(let length, let key, let remaining):
            "\(key) has a string of \(length) bytes where \(remaining) bytes are left; the file is damaged"
        case .arrayLength(let length, let key, let remaining):
            "\(key) has an array of \(length) elements where \(remaining) bytes are left; the file is damaged"
        case .alignment(let value): "general.alignment is \(value), not a power of two from 8 to 16777216"
        case .missingKey(let key): "metadata key \(key) is missing"
        case .wrongKind(let key, let wanted, let found): "\(key) is \(found), not \(wanted)"
        case .outOfRange(let key, let value): "\(key) is \(value), which is out of range"
        default: nil
        }
    }

    private var tensorDescription: String? {
        switch self {
        case .tensorNameLength(let length, let tensor):
            "tensor \(tensor) has a name of \(length) bytes, not 1 to 63"
        case .duplicateTensor(let name): "tensor \(name) appears twice"
        case .dimensionCount(let count, let tensor): "tensor \(tensor) has \(count) dimensions, not 1 to 4"
        case .dimension(let size, let tensor): "tensor \(tensor) has a dimension of \(size)"
        case .tensorTooLarge(let tensor): "tensor \(tensor) has an impossible size"
        case .unknownTensorType(let type, let tensor):
            "tensor \(tensor) has the unknown type \(type), perhaps a newer one or a fork's"
        case .unsupportedTensorTypes(let names):
            "has tensors of type \(names.joined(separator: ", ")), which Kite does not compute with; use another quantization"
        case .partialBlock(let tensor, let columns, let type):
            "tensor \(tensor) has rows of \(columns), no multiple of the \(type.blockSize) in a block of \(type.name)"
        case .offsetUnaligned(let tensor, let offset, let alignment):
            "tensor \(tensor) starts at \(offset), no multiple of the alignment \(alignment)"
        case .offsetUnexpected(let tensor, let offset, let expected):
            offset < UInt64(expected)
                ? "tensor \(tensor) starts at \(offset), inside the data before it, which ends at \(expected)"
                : "tensor \(tensor) starts at \(offset) instead of \(expected): a hole or a wrong order"
        case .missingTensor(let name): "tensor \(name) is missing"
        case .notMatrix(let tensor, let dimensions): "tensor \(tensor) has the shape \(dimensions), not a matrix"
        case .tensorDataSize(let tensor, let needed, let found):
            "tensor \(tensor) needs \(needed) bytes of data and was given \(found)"
        default: nil
        }
    }

    private var partDescription: String? {
        switch self {
        case .partName(let count):
            "one of \(count) parts, but not named NAME-00001-of-\(GGUFSplitName.fiveDigits(count)).gguf"
        case .partNumber(let found, let expected): "is part \(found + 1), not part \(expected + 1) as its name says"
        case .partCount(let found, let expected): "is one of \(found) parts, not one of \(expected)"
        case .missingPart(let name): "needs \(name) beside it"
        case .partArchitecture(let found, let expected):
            "is a part of a \(found) model, the first part of a \(expected)"
        case .partTensorCount(let found, let expected): "the parts hold \(found) tensors, not \(expected)"
        case .unwritable(let reason): reason
        case .exists: "exists already; choose another name or allow overwriting"
        case .badSplit: "cannot be split like this: parts must hold something, and at most 65535 are possible"
        default: nil
        }
    }
}
