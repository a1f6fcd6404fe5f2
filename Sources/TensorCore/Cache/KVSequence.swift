/// The keys and values of one sequence of tokens: a list of pages.
///
/// A value type: a copy shares all pages, and each copy gets its own page when it writes to a shared one. So one
/// prompt's pages serve many continuations.
package struct KVSequence: Sendable {
    package let layout: KVLayout
    /// Tokens whose keys and values are stored.
    package private(set) var length = 0
    private(set) var pages: [KVPage] = []

    package init(_ layout: KVLayout) { self.layout = layout }

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
                pages[index] = try KVPage(copying: pages[index], layout)
            }
        }
        while pages.count < layout.pages(for: end) { pages.append(try KVPage(layout)) }
    }

    /// Positions up to `end`, which was reserved, are stored now.
    package mutating func advance(to end: Int) {
        precondition(end >= length && layout.pages(for: end) <= pages.count, "advance beyond the reserved positions")
        length = end
    }

    /// Forgets all tokens and keeps the pages for those to come.
    package mutating func restart() { length = 0 }

    /// Forgets all but the first `count` tokens, and gives back pages that hold none of them.
    package mutating func truncate(to count: Int) {
        length = min(length, max(count, 0))
        let kept = layout.pages(for: length)
        if kept < pages.count { pages.removeSubrange(kept...) }
    }
}
