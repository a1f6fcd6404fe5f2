/// The file names of split models: `NAME-00001-of-00003.gguf`.
package struct GGUFSplitName: Equatable {
    /// Everything before `-00001-of-`, folders included.
    package let prefix: String
    /// Number of this part, from 0.
    package let index: Int
    /// Number of parts.
    package let count: Int

    /// Takes `path` apart; nil when it is no such name.
    package init?(_ path: String) {
        let bytes = Array(path.utf8)
        // "-00001-of-00003.gguf"
        let length = 20
        guard bytes.count > length else { return nil }
        let tail = Array(bytes.suffix(length))
        guard tail[0] == UInt8(ascii: "-"), tail[6..<10].elementsEqual("-of-".utf8),
            tail[15...].elementsEqual(".gguf".utf8),
            let number = GGUFSplitName.number(tail[1..<6]), let count = GGUFSplitName.number(tail[10..<15]),
            number >= 1, number <= count
        else { return nil }
        self.init(prefix: String(decoding: bytes.dropLast(length), as: UTF8.self), index: number - 1, count: count)
    }

    init(prefix: String, index: Int, count: Int) {
        self.prefix = prefix
        self.index = index
        self.count = count
    }

    /// Path of part `index`.
    package func path(_ index: Int) -> String {
        "\(prefix)-\(GGUFSplitName.fiveDigits(index + 1))-of-\(GGUFSplitName.fiveDigits(count)).gguf"
    }

    static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }
}
