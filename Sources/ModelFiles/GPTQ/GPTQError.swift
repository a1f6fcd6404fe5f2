/// Why a GPTQ checkpoint cannot be used.
public enum GPTQError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A width of codes other than 4 and 8 bits.
    case bits(Int)
    /// A group size that is neither positive nor −1.
    case groupSize(Int)
    /// An arrangement of the tensors that is not AutoGPTQ's.
    case format(String)
    /// One of the tensors that make up a matrix is not there.
    case missing(String)
    /// A tensor of another type than the layout has.
    case wrongType(String, found: String, expected: String)
    /// A tensor of another shape than matrix, bits and group size make it.
    case wrongShape(String, found: [Int], expected: [Int])
    /// A matrix whose sizes the packing does not divide.
    case indivisible(String, size: Int, by: Int)
    /// An entry of `g_idx` that names no group.
    case group(String, column: Int, group: Int, groups: Int)
    /// A scale that is infinite or no number.
    case scale(String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .bits(let bits): "a GPTQ checkpoint of \(bits) bits is not supported; 4 and 8 are"
        case .groupSize(let size): "a GPTQ group size of \(size) makes no sense: it is positive, or -1 for a whole row"
        case .format(let name):
            "the GPTQ checkpoint format \"\(name)\" is not supported; gptq and gptq_v2 are"
        case .missing(let name): "the GPTQ checkpoint lacks the tensor \(name)"
        case .wrongType(let name, let found, let expected): "tensor \(name) is \(found), but GPTQ has \(expected) there"
        case .wrongShape(let name, let found, let expected):
            "tensor \(name) has the shape \(found), but the model, bits and group_size make it \(expected)"
        case .indivisible(let name, let size, let divisor):
            "\(name) has \(size) rows or columns, which is no multiple of the \(divisor) that GPTQ packs together"
        case .group(let name, let column, let group, let groups):
            "\(name) puts column \(column) into group \(group), but there are \(groups) groups"
        case .scale(let name): "\(name) has a scale that is not a finite number"
        }
    }
}
