/// The tokens of a vocabulary as a trie over their bytes: what all tokens with a common beginning have
/// in common is looked at once.
///
/// Nodes are in depth-first order, so that a walk is a loop that skips ahead where a byte does not fit.
package struct TokenTrie: Sendable {
    /// A byte of a token, below the bytes before it.
    struct Node: Sendable {
        /// All ASCII bytes of this node and the nodes below, as bits.
        var ascii: SIMD2<UInt64>
        /// The first node that is not below.
        var end: Int32
        /// Position in ``tokens`` of the first token that ends here or below; those of this very node come first.
        var firstToken: Int32
        var byte: UInt8
        /// Whether all bytes from here on down are ASCII.
        var isASCII: Bool
        /// Bytes from here down to the deepest node, this one included.
        var height: UInt16
        /// Bytes from the root to here, this one included: 1 for a first byte.
        var depth: UInt16
    }

    /// In depth-first order, and one more that ends the last token's list.
    private(set) var nodes: [Node] = []
    /// Token numbers in the order of their bytes.
    private(set) var tokens: [Int32] = []
    /// The longest token, in bytes.
    private(set) var depth = 0

    /// Longer tokens are left out, as if the model could not make them. The longest of real vocabularies has 128 bytes or so.
    private static let longestToken = 1024

    /// The trie of `tokens` with their bytes, in any order.
    package init(_ tokens: [(bytes: [UInt8], token: Int32)]) {
        var entries = tokens.filter { !$0.bytes.isEmpty && $0.bytes.count <= Self.longestToken }
        entries.sort { left, right in
            left.bytes.lexicographicallyPrecedes(right.bytes)
                || (left.bytes == right.bytes && left.token < right.token)
        }
        build(entries)
    }

    private mutating func build(_ entries: [(bytes: [UInt8], token: Int32)]) {
        tokens = entries.map(\.token)
        depth = entries.reduce(0) { max($0, $1.bytes.count) }
        var path: [Int] = []
        var last: [UInt8] = []
        for (position, entry) in entries.enumerated() {
            var shared = 0
            while shared < min(last.count, entry.bytes.count), last[shared] == entry.bytes[shared] { shared += 1 }
            close(&path, to: shared)
            for index in shared..<entry.bytes.count {
                path.append(nodes.count)
                nodes.append(
                    Node(
                        ascii: .zero, end: 0, firstToken: Int32(position), byte: entry.bytes[index], isASCII: true,
                        height: 1,
                        depth: UInt16(index + 1)))
            }
            last = entry.bytes
        }
        close(&path, to: 0)
        nodes.append(
            Node(ascii: .zero, end: 0, firstToken: Int32(entries.count), byte: 0, isASCII: true, height: 0, depth: 0))
    }

    /// Ends the nodes of the path beyond `count`, whose bytes their parents take over.
    private mutating func close(_ path: inout [Int], to count: Int) {
        while path.count > count {
            let number = path.removeLast()
            nodes[number].end = Int32(nodes.count)
            let byte = nodes[number].byte
            if byte < 0x80 {
                nodes[number].ascii[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
            } else {
                nodes[number].isASCII = false
            }
            if let parent = path.last {
                nodes[parent].ascii |= nodes[number].ascii
                nodes[parent].isASCII = nodes[parent].isASCII && nodes[number].isASCII
                nodes[parent].height = max(nodes[parent].height, nodes[number].height + 1)
            }
        }
    }

    /// The tokens that `node` is the last byte of.
    func tokensEnding(at node: Int) -> ArraySlice<Int32> {
        tokens[Int(nodes[node].firstToken)..<Int(nodes[node + 1].firstToken)]
    }

    /// The node of the first byte `byte`; nil when no token begins with it.
    func first(_ byte: UInt8) -> Int? {
        var node = 0
        while node < nodes.count - 1 {
            if nodes[node].byte == byte { return node }
            node = Int(nodes[node].end)
        }
        return nil
    }
}
