import ModelFiles
import TensorCore
import TestSupport

/// Small files for the tests of this folder.
enum GGUFSamples {
    /// A valid file with every value type and three tensors.
    static let small = GGUFBuilder()
        .set("general.architecture", .string("stablelm"))
        .set("a.uint8", .uint8(200))
        .set("a.int8", .int8(-5))
        .set("a.uint16", .uint16(60_000))
        .set("a.int16", .int16(-300))
        .set("a.uint32", .uint32(4_000_000_000))
        .set("a.int32", .int32(-70_000))
        .set("a.uint64", .uint64(1 << 63))
        .set("a.int64", .int64(-1 << 40))
        .set("a.float32", .float32(1e-5))
        .set("a.float64", .float64(0.1))
        .set("a.bool", .bool(true))
        .set("a.strings", .strings(GGUFStringArray(["one", "", "drei €"])))
        .set("a.latin", .bytes([0xE9, 0x74, 0xE9]))
        .set("a.ints", .numbers(GGUFNumbers([1, -2, 3] as [Int32])))
        .set("a.floats", .numbers(GGUFNumbers([0.5, -1] as [Float])))
        .set("a.bools", .numbers(GGUFNumbers([true, false])))
        .set("a.empty", .strings(GGUFStringArray([[UInt8]]())))
        .tensor("token_embd.weight", [4, 3], floats: (0..<12).map { Float($0) })
        .tensor("norm", [3], floats: [1, 2, 3])
        .tensor("blk.0.ffn_down.weight", [32, 2], type: 8, data: (0..<68).map { UInt8($0) })

    /// What opening `bytes` gives.
    static func open(_ bytes: [UInt8]) throws(GGUFError) -> GGUFFile {
        try GGUFFile(ByteStore.copying(bytes), name: "test")
    }

    /// What is wrong with `bytes`; nil when they open.
    static func problem(_ bytes: [UInt8]) -> GGUFError.Problem? {
        do {
            _ = try open(bytes)
            return nil
        } catch {
            return error.file == "test" ? error.problem : nil
        }
    }

    /// What is wrong with the built file; nil when it opens.
    static func problem(_ builder: GGUFBuilder) -> GGUFError.Problem? { problem(builder.bytes()) }

    /// Reads everything a file offers, so that a wrong offset cannot stay unnoticed. The sum keeps the reads alive.
    @discardableResult
    static func touchEverything(_ file: GGUFFile) -> Int {
        var sum = 0
        for entry in file.metadata.entries {
            sum &+= entry.value.description.utf8.count
            switch entry.value {
            case .strings(let strings):
                strings.forEachBytes { index, bytes in sum &+= bytes.byteCount &+ index }
                for (index, string) in strings.enumerated() {
                    sum &+= string.count &+ (strings.text(index)?.utf8.count ?? 0)
                }
            case .numbers(let numbers):
                for number in numbers { sum &+= number.int ?? 1 }
                sum &+= (numbers.ints()?.count ?? 0) + (numbers.floats()?.count ?? 0) + (numbers.bools()?.count ?? 0)
            default: break
            }
        }
        for tensor in file.tensors {
            sum &+= (try? tensor.matrix)?.rows ?? 0
            tensor.data.withBytes { bytes in
                for index in 0..<bytes.byteCount {
                    sum &+= Int(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
                }
            }
        }
        return sum
    }
}
