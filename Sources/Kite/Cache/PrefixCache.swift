import TensorCore
import Tokenization

/// Pages with the keys and values of texts that were read, found by their tokens.
///
/// A tree: a node is a page, its children are the pages that followed it in some text. So a page stands for all tokens
/// before it too, and pages are found by comparing tokens, not only hashes of them. What a text ends with may fill a page
/// in part; such a page is a leaf, and serves any text that begins like it.
///
/// Nodes that running sequences use are pinned. The others are listed by when they were used last; as a sequence pins
/// all nodes up to the root, and lets go of the deepest first, the oldest of the list never has children.
///
/// Only for the engine's thread.
final class PrefixCache {
    /// A page and what followed it.
    final class Node {
        /// Tokens whose keys and values the page holds: a full page's, or fewer.
        let tokens: [TokenID]
        let page: KVPage
        let following = Level()
        fileprivate unowned let level: Level
        /// Running sequences that use it.
        fileprivate var users = 0
        fileprivate unowned var older: Node?
        fileprivate unowned var newer: Node?

        fileprivate init(_ tokens: [TokenID], _ page: KVPage, in level: Level) {
            self.tokens = tokens
            self.page = page
            self.level = level
        }

        fileprivate var isFull: Bool { tokens.count == KVLayout.pageTokens }
    }

    /// The pages that come next after the same tokens.
    final class Level {
        fileprivate var full: [[TokenID]: Node] = [:]
        fileprivate var partial: [Node] = []
        /// What the adapters are known by, where texts begin.
        fileprivate let root: AnyHashable?

        fileprivate init(root: AnyHashable? = nil) { self.root = root }

        fileprivate var isEmpty: Bool { full.isEmpty && partial.isEmpty }
    }

    /// Sharing part of a page means copying it, which must be worth it.
    static let fewestSharedTokens = 4

    /// Texts read with different adapters have nothing in common.
    private var roots: [AnyHashable: Level] = [:]
    private var oldest: Node?
    private var newest: Node?
    /// Pages in the tree.
    private(set) var pageCount = 0
    /// Those that no running sequence uses.
    private(set) var unusedCount = 0
    /// Pages forgotten so far.
    private(set) var evictedCount = 0

    deinit {
        while evict() {}
    }

    /// What followed `node`, or where texts begin that are read with the adapters `key` stands for. Not to be kept.
    func level(after node: Node?, _ key: AnyHashable) -> Level {
        node?.following ?? roots[key] ?? Level(root: key)
    }

    /// A level where texts begin is kept once there is something on it.
    private func keep(_ level: Level) {
        if let key = level.root { roots[key] = level }
    }

    // MARK: Finding

    /// The page of the full block of tokens at the beginning of `tokens`.
    func page(of tokens: ArraySlice<TokenID>, in level: Level) -> Node? {
        guard !level.full.isEmpty, tokens.count >= KVLayout.pageTokens else { return nil }
        return level.full[Array(tokens.prefix(KVLayout.pageTokens))]
    }

    /// The page with the longest beginning in common with `tokens`, and how long that is; nil when it is not worth it.
    func partialPage(of tokens: ArraySlice<TokenID>, in level: Level) -> (node: Node, shared: Int)? {
        var best: Node?
        var shared = Self.fewestSharedTokens - 1
        func consider(_ node: Node) {
            let count = Self.commonPrefix(node.tokens, tokens)
            if count > shared { (best, shared) = (node, count) }
        }
        for node in level.partial { consider(node) }
        for node in level.full.values { consider(node) }
        guard let best else { return nil }
        if best.users == 0 { touch(best) }
        return (best, shared)
    }

    private static func commonPrefix(_ a: [TokenID], _ b: ArraySlice<TokenID>) -> Int {
        var count = 0
        for (left, right) in zip(a, b) {
            guard left == right else { break }
            count += 1
        }
        return count
    }

    // MARK: Using

    /// Counts one more sequence that uses `node`, as it must all nodes on the way to it.
    func pin(_ node: Node) {
        if node.users == 0 { unlink(node) }
        node.users += 1
    }

    /// Ends a sequence's use of `nodes`, which lead down from the root.
    func release(_ nodes: [Node]) {
        for node in nodes.reversed() {
            node.users -= 1
            if node.users == 0 { link(node) }
        }
    }

    // MARK: Adding

    /// Adds a full page after those that lead to `level`, or finds the one that is there with the same tokens; it is
    /// pinned for the caller.
    func insert(_ tokens: [TokenID], _ page: KVPage, in level: Level) -> Node {
        if let node = level.full[tokens] {
            pin(node)
            return node
        }
        let node = Node(tokens, page, in: level)
        keep(level)
        level.full[tokens] = node
        pageCount += 1
        node.users = 1
        return node
    }

    /// Keeps the page that a text ends in, unless another serves as well.
    func insertEnd(_ tokens: [TokenID], _ page: KVPage, in level: Level) {
        guard tokens.count >= Self.fewestSharedTokens else { return }
        if level.full.values.contains(where: { $0.tokens.starts(with: tokens) }) { return }
        if let node = level.partial.first(where: { $0.tokens.starts(with: tokens) }) { return touch(node) }
        let replaced = level.partial.filter { tokens.starts(with: $0.tokens) }
        let node = Node(tokens, page, in: level)
        keep(level)
        // Before the others go: an empty level would go with them.
        level.partial.append(node)
        pageCount += 1
        link(node)
        for node in replaced { remove(node) }
    }

    // MARK: Forgetting

    /// Forgets the page that was not used for the longest time.
    /// - Returns: Whether there was one.
    func evict() -> Bool {
        guard let oldest else { return false }
        remove(oldest)
        evictedCount += 1
        return true
    }

    /// Takes a node without users and without children out of the tree.
    private func remove(_ node: Node) {
        unlink(node)
        pageCount -= 1
        if node.isFull {
            node.level.full[node.tokens] = nil
        } else {
            node.level.partial.removeAll { $0 === node }
        }
        if let key = node.level.root, node.level.isEmpty { roots[key] = nil }
    }

    // MARK: The list of unused nodes

    private func touch(_ node: Node) {
        unlink(node)
        link(node)
    }

    private func link(_ node: Node) {
        node.older = newest
        newest?.newer = node
        newest = node
        if oldest == nil { oldest = node }
        unusedCount += 1
    }

    private func unlink(_ node: Node) {
        if let older = node.older { older.newer = node.newer } else { oldest = node.newer }
        if let newer = node.newer { newer.older = node.older } else { newest = node.older }
        node.older = nil
        node.newer = nil
        unusedCount -= 1
    }
}
