/// Which tensors go into which safetensors file.
struct ShardPlan: Equatable {
    /// Places of the tensors of each file, in order.
    let shards: [[Int]]

    /// Fills files of at most `limit` bytes with tensors of `sizes` bytes, in order. A larger tensor has one to itself.
    init(sizes: [Int], limit: Int) {
        var shards: [[Int]] = []
        var room = 0
        for (index, size) in sizes.enumerated() {
            if shards.isEmpty || size > room {
                shards.append([])
                room = limit
            }
            shards[shards.count - 1].append(index)
            room -= size
        }
        self.shards = shards
    }

    /// The name of file `index`: `model.safetensors` when there is one only.
    func name(_ index: Int) -> String {
        guard shards.count > 1 else { return "model.safetensors" }
        return "model-\(Self.fiveDigits(index + 1))-of-\(Self.fiveDigits(shards.count)).safetensors"
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }
}
