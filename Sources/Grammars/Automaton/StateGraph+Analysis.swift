/// What can be said of rules before any text is read.
extension StateGraph {
    /// A forward walk that goes through rules it has found to end, and remembers which wait for which.
    private struct Walk {
        var reached: [Bool]
        /// By rule: the states behind its uses that were reached up to it.
        var waiting: [[Int]]
        /// By rule: whether its end was reached.
        var ends: [Bool]
    }

    private func walk(throughBytes: Bool) -> Walk {
        var walk = Walk(
            reached: [Bool](repeating: false, count: heads.count), waiting: Array(repeating: [], count: rules.count),
            ends: [Bool](repeating: false, count: rules.count))
        var ruleOfEnd: [Int: Int] = [:]
        for (rule, end) in ends.enumerated() { ruleOfEnd[end] = rule }
        var pending = starts
        for start in starts { walk.reached[start] = true }
        while let state = pending.popLast() {
            var next: [Int] = []
            if let rule = ruleOfEnd[state], !walk.ends[rule] {
                walk.ends[rule] = true
                next += walk.waiting[rule]
            }
            forEachTransition(of: state) { transition in
                switch transition.kind {
                case .nothing: next.append(transition.target)
                case .bytes: if throughBytes { next.append(transition.target) }
                case .rule(let rule):
                    walk.waiting[rule].append(transition.target)
                    if walk.ends[rule] { next.append(transition.target) }
                }
            }
            for state in next where !walk.reached[state] {
                walk.reached[state] = true
                pending.append(state)
            }
        }
        return walk
    }

    /// By rule: whether it matches the empty text.
    func nullableRules() -> [Bool] { walk(throughBytes: false).ends }

    /// By rule: whether any text can finish it.
    func productiveRules() -> [Bool] { walk(throughBytes: true).ends }

    /// A rule that can use itself before it has taken a byte; nil when there is none.
    func leftRecursiveRule() -> Int? {
        let walk = walk(throughBytes: false)
        // The states reached without a byte belong to one rule each; those of a rule lie between its start and its end.
        var uses: [[Int]] = Array(repeating: [], count: rules.count)
        for rule in rules.indices {
            var seen: Set<Int> = []
            for state in starts[rule]...ends[rule] where walk.reached[state] {
                forEachTransition(of: state) { transition in
                    if case .rule(let used) = transition.kind, seen.insert(used).inserted { uses[rule].append(used) }
                }
            }
        }
        // A depth-first search that keeps its own stack: chains of rules can be long.
        var mark = [UInt8](repeating: 0, count: rules.count)
        for root in rules.indices where mark[root] == 0 {
            var stack = [(rule: root, next: 0)]
            mark[root] = 1
            while let (rule, next) = stack.last {
                guard next < uses[rule].count else {
                    mark[rule] = 2
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let used = uses[rule][next]
                if mark[used] == 1 {
                    // Of the circle that begins with `used`, a rule that its author knows: the first ones of the list.
                    let circle = stack[(stack.firstIndex { $0.rule == used } ?? 0)...].map(\.rule)
                    return circle.min()
                }
                if mark[used] == 0 {
                    mark[used] = 1
                    stack.append((used, 0))
                }
            }
        }
        return nil
    }

    /// By state: whether the end of its rule can be reached from it, through rules that can be finished.
    func liveStates(productive: [Bool]) -> [Bool] {
        // Transitions the other way round, as lists in two flat arrays.
        var counts = [Int](repeating: 0, count: heads.count + 1)
        for transition in transitions { counts[transition.target + 1] += 1 }
        for state in 0..<heads.count { counts[state + 1] += counts[state] }
        var fill = counts
        var sources = [Int](repeating: 0, count: transitions.count)
        for state in heads.indices {
            forEachTransition(of: state) { transition in
                sources[fill[transition.target]] = state
                fill[transition.target] += 1
                if case .rule(let rule) = transition.kind, !productive[rule] {
                    // Leads nowhere: an entry that points to the target itself changes nothing.
                    sources[fill[transition.target] - 1] = transition.target
                }
            }
        }
        var live = [Bool](repeating: false, count: heads.count)
        var pending = ends
        for end in ends { live[end] = true }
        while let state = pending.popLast() {
            for source in sources[counts[state]..<counts[state + 1]] where !live[source] {
                live[source] = true
                pending.append(source)
            }
        }
        return live
    }
}
