/// The keys and values of one sequence of tokens: a list of pages.
///
/// A value type: a copy shares all pages, and each copy gets its own page when it writes to a shared one. So one
/// prompt's pages serve many continuations.
package struct KVSequence: Sendable {
    package let layout: KVLayout
    /// Tokens whose keys and values are stored.
    package private(set) var length = 0
    package private(set) var pages: [KVPage] = []
    private let pool: KVPagePool?

    /// An empty sequence.
    /// - Parameter pool: Counts and limits its pages; nil for no limit.
    package init(_ layout: KVLayout, pool: KVPagePool? = nil) {
        self.layout = layout
        self.pool = pool
    }

    /// Bytes of all pages.
    package var byteCount: Int { pages.count * layout.pageBytes }

    /// Makes room for positions `length..<end`, which may then be written.
    /// - Throws: ``AllocationError``; pages made before the failure stay, which is harmless.
    package mutating func reserve(upTo end: Int) throws(AllocationError) {
        guard end > length else { return }
        let first = length / KVLayout.pageTokens
        if first < pages.count {
            for index in first..<min(pages.count, layout.pages(for: end))
            where !isKnownUniquelyReferenced(&pages[index]) {
                pages[index] = try KVPage(copying: pages[index], layout, pool: pool)
            }
        }
        while pages.count < layout.pages(for: end) { pages.append(try KVPage(layout, pool: pool)) }
    }

    /// Positions up to `end`, which was reserved, are stored now.
    package mutating func advance(to end: Int) {
        precondition(end >= length && layout.pages(for: end) <= pages.count, "advance beyond the reserved positions")
        length = end
    }

    /// Goes on with the first `tokens` tokens of a page that holds the ones to come next. Only for a sequence whose pages
    /// are full.
    package mutating func append(sharing page: KVPage, tokens: Int) {
        precondition(length == pages.count * KVLayout.pageTokens, "a shared page within another")
        precondition((1...KVLayout.pageTokens).contains(tokens), "a page holds 1 to \(KVLayout.pageTokens) tokens")
        pages.append(page)
        length += tokens
    }

    /// Takes `page`, which holds the same numbers, in place of the one at `index`.
    package mutating func share(_ page: KVPage, at index: Int) { pages[index] = page }

    /// Forgets all tokens and keeps the pages for those to come.
    package mutating func restart() { length = 0 }

    /// Forgets all but the first `count` tokens, and gives back pages that hold none of them.
    package mutating func truncate(to count: Int) {
        length = min(length, max(count, 0))
        let kept = layout.pages(for: length)
        if kept < pages.count { pages.removeSubrange(kept...) }
    }
}
