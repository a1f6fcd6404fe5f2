internal import HeapModule

/// Work space for merging one word: its symbols and the answers for each pair of neighbours.
struct SymbolRun: Sendable {
    /// The symbols; after merging, what is left of them.
    var symbols: [Int32] = []
    /// The answer of ``MergeTable`` for a symbol and its right neighbour.
    var answers: [UInt64] = []
    /// For long words: the living neighbours.
    var next: [Int32] = []
    var previous: [Int32] = []
    /// The two halves that were last seen to make a token that the file marks as unused.
    var partsOfUnused: [Int32: (left: Int32, right: Int32)] = [:]
}

/// Joins neighbouring symbols, best rank first and leftmost among equals, until no pair is left that merges.
struct SymbolMerger: Sendable {
    let table: MergeTable
    /// Tokens that may be passed through but not be the result (SentencePiece's unused pieces); usually none.
    let unused: Set<Int32>

    /// Words up to here are searched for the best pair each time; longer ones keep the pairs in a heap.
    private static let shortLimit = 48

    /// Merges `run.symbols` in place.
    @inline(__always)
    func merge(_ run: inout SymbolRun) {
        if run.symbols.count < 2 { return }
        if run.symbols.count <= Self.shortLimit {
            mergeShort(&run)
        } else {
            mergeLong(&run)
        }
    }

    @inline(__always)
    private func answer(_ left: Int32, _ right: Int32, _ run: inout SymbolRun) -> UInt64 {
        let answer = table[left, right]
        if !unused.isEmpty, answer != MergeTable.none, unused.contains(MergeTable.result(answer)) {
            run.partsOfUnused[MergeTable.result(answer)] = (left, right)
        }
        return answer
    }

    private func mergeShort(_ run: inout SymbolRun) {
        var count = run.symbols.count
        run.answers.removeAll(keepingCapacity: true)
        for index in 0..<(count - 1) {
            run.answers.append(answer(run.symbols[index], run.symbols[index + 1], &run))
        }
        while count > 1 {
            var best = run.answers[0]
            var at = 0
            var index = 1
            while index < count - 1 {
                let candidate = run.answers[index]
                if MergeTable.rank(candidate) < MergeTable.rank(best) {
                    best = candidate
                    at = index
                }
                index += 1
            }
            if best == MergeTable.none { break }
            run.symbols[at] = MergeTable.result(best)
            count -= 1
            index = at + 1
            while index < count {
                run.symbols[index] = run.symbols[index + 1]
                run.answers[index - 1] = run.answers[index]
                index += 1
            }
            if at > 0 { run.answers[at - 1] = answer(run.symbols[at - 1], run.symbols[at], &run) }
            if at < count - 1 { run.answers[at] = answer(run.symbols[at], run.symbols[at + 1], &run) }
        }
        run.symbols.removeLast(run.symbols.count - count)
    }

    /// Every candidate is a number, rank above position, so that the smallest is the next to merge. An entry whose rank
    /// is no longer that of the pair at its position is out of date.
    private func mergeLong(_ run: inout SymbolRun) {
        let count = run.symbols.count
        run.answers.removeAll(keepingCapacity: true)
        run.next.removeAll(keepingCapacity: true)
        run.previous.removeAll(keepingCapacity: true)
        var entries: [UInt64] = []
        entries.reserveCapacity(count)
        for index in 0..<count {
            run.next.append(Int32(truncatingIfNeeded: index + 1))
            run.previous.append(Int32(truncatingIfNeeded: index - 1))
            guard index + 1 < count else {
                run.answers.append(MergeTable.none)
                break
            }
            let found = answer(run.symbols[index], run.symbols[index + 1], &run)
            run.answers.append(found)
            if found != MergeTable.none { entries.append(MergeTable.rank(found) << 32 | UInt64(index)) }
        }
        var heap = Heap(entries)
        entries = []
        while let entry = heap.popMin() {
            let at = Int(entry & 0xFFFF_FFFF)
            let found = run.answers[at]
            guard found != MergeTable.none, MergeTable.rank(found) == entry >> 32 else { continue }
            let right = Int(run.next[at])
            let after = Int(run.next[right])
            run.symbols[at] = MergeTable.result(found)
            run.next[at] = Int32(truncatingIfNeeded: after)
            run.answers[right] = MergeTable.none
            run.answers[at] = MergeTable.none
            if after < count {
                run.previous[after] = Int32(truncatingIfNeeded: at)
                refresh(at, after, &run, &heap)
            }
            let before = Int(run.previous[at])
            if before >= 0 { refresh(before, at, &run, &heap) }
        }
        var write = 0
        var index = 0
        while index < count {
            run.symbols[write] = run.symbols[index]
            write += 1
            index = Int(run.next[index])
        }
        run.symbols.removeLast(count - write)
    }

    @inline(__always)
    private func refresh(_ left: Int, _ right: Int, _ run: inout SymbolRun, _ heap: inout Heap<UInt64>) {
        let found = answer(run.symbols[left], run.symbols[right], &run)
        run.answers[left] = found
        if found != MergeTable.none { heap.insert(MergeTable.rank(found) << 32 | UInt64(left)) }
    }
}
