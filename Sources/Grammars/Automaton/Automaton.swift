/// A pushdown automaton over bytes: the grammar as it is run.
///
/// A node lists the bytes it takes, the rules it may enter (with the node to come back to) and whether its rule may end
/// there. Nothing leads to a dead end: from every node some text finishes its rule.
package struct Automaton: Sendable {
    /// A range of bytes and where it leads.
    struct Edge: Sendable, Hashable {
        var bytes: ClosedRange<UInt8>
        var target: Int32
    }

    /// A rule entered from a node.
    struct Call: Sendable, Hashable {
        /// The rule's first node.
        var start: Int32
        /// The node to come back to; -1 when the calling rule ends there, so that nothing needs to be remembered.
        var back: Int32
    }

    /// A node, with its edges and calls as ranges of ``edges`` and ``calls``.
    struct Node: Sendable {
        var edges: Range<Int32>
        var calls: Range<Int32>
        var isEnd: Bool
    }

    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []
    private(set) var calls: [Call] = []
    /// The node of the empty text.
    private(set) var start: Int32 = 0
    /// States it was made of: what ``GrammarLimits/states`` counts.
    let stateCount: Int
    /// Bytes that no node tells apart have one class.
    private(set) var classOfByte = [UInt8](repeating: 0, count: 256)
    /// A byte of each class.
    private(set) var byteOfClass: [UInt8] = []

    /// - Throws: ``GrammarError/leftRecursion(rule:line:column:)``, ``GrammarError/endlessRule(rule:line:column:)`` for the root,
    ///   or too much of something.
    init(rules: [Rule], root: Int) throws(GrammarError) {
        let graph = try StateGraph(rules)
        stateCount = graph.heads.count
        if let number = graph.leftRecursiveRule() {
            let rule = graph.rules[number]
            throw .leftRecursion(rule: rule.name, line: rule.line, column: rule.column)
        }
        let productive = graph.productiveRules()
        guard productive[root] else {
            throw .endlessRule(rule: rules[root].name, line: rules[root].line, column: rules[root].column)
        }
        try build(graph, root: root, productive: productive)
        classify()
    }

    /// Number of byte classes.
    var classCount: Int { byteOfClass.count }

    /// Makes a node of every state that a byte, a rule's start or a return leads to, without empty transitions.
    private mutating func build(_ graph: StateGraph, root: Int, productive: [Bool]) throws(GrammarError) {
        let live = graph.liveStates(productive: productive)
        var isRuleEnd = [Bool](repeating: false, count: graph.heads.count)
        for end in graph.ends { isRuleEnd[end] = true }
        var nodeOfState = [Int32](repeating: -1, count: graph.heads.count)
        var order: [Int] = []
        func node(_ state: Int) -> Int32 {
            // Through states that only lead on.
            var state = state
            while !isRuleEnd[state], graph.heads[state] >= 0 {
                let transition = graph.transitions[graph.heads[state]]
                guard case .nothing = transition.kind, transition.next < 0, transition.target != state else { break }
                state = transition.target
            }
            if nodeOfState[state] < 0 {
                nodeOfState[state] = Int32(truncatingIfNeeded: order.count)
                order.append(state)
            }
            return nodeOfState[state]
        }
        start = node(graph.starts[root])
        var stamp = [Int32](repeating: -1, count: graph.heads.count)
        var visits = 0
        while nodes.count < order.count {
            let number = Int32(truncatingIfNeeded: nodes.count)
            let (firstEdge, firstCall) = (Int32(edges.count), Int32(calls.count))
            var isEnd = false
            var pending = [order[nodes.count]]
            stamp[pending[0]] = number
            while let state = pending.popLast() {
                visits += 1
                if isRuleEnd[state] { isEnd = true }
                var index = graph.heads[state]
                while index >= 0 {
                    let transition = graph.transitions[index]
                    index = transition.next
                    guard live[transition.target] else { continue }
                    switch transition.kind {
                    case .nothing:
                        if stamp[transition.target] != number {
                            stamp[transition.target] = number
                            pending.append(transition.target)
                        }
                    case .bytes(let bytes):
                        edges.append(Edge(bytes: bytes, target: node(transition.target)))
                    case .rule(let rule):
                        guard productive[rule] else { continue }
                        calls.append(Call(start: node(graph.starts[rule]), back: node(transition.target)))
                    }
                }
                guard edges.count + calls.count <= GrammarLimits.edges, visits <= 4 * GrammarLimits.edges else {
                    throw .tooLarge("edges", limit: GrammarLimits.edges)
                }
            }
            nodes.append(
                Node(edges: firstEdge..<Int32(edges.count), calls: firstCall..<Int32(calls.count), isEnd: isEnd))
        }
        for index in calls.indices {
            let back = nodes[Int(calls[index].back)]
            if back.isEnd, back.edges.isEmpty, back.calls.isEmpty { calls[index].back = -1 }
        }
    }

    private mutating func classify() {
        var isBoundary = [Bool](repeating: false, count: 257)
        isBoundary[0] = true
        for edge in edges {
            isBoundary[Int(edge.bytes.lowerBound)] = true
            isBoundary[Int(edge.bytes.upperBound) + 1] = true
        }
        for byte in 0..<256 {
            if isBoundary[byte] { byteOfClass.append(UInt8(truncatingIfNeeded: byte)) }
            classOfByte[byte] = UInt8(truncatingIfNeeded: byteOfClass.count - 1)
        }
    }
}
