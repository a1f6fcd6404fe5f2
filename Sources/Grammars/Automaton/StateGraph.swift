/// The rules of a grammar as states with transitions (Thompson's construction over bytes); empty transitions included.
struct StateGraph {
    /// What a transition takes.
    enum Kind {
        case nothing
        case bytes(ClosedRange<UInt8>)
        /// All of another rule.
        case rule(Int)
    }

    struct Transition {
        var kind: Kind
        var target: Int
        /// The state's next transition; -1 at the end.
        var next: Int
    }

    private(set) var transitions: [Transition] = []
    /// Each state's first transition; -1 when it has none.
    private(set) var heads: [Int] = []
    /// Each rule's first state.
    private(set) var starts: [Int] = []
    /// Each rule's last state. No transition leaves it.
    private(set) var ends: [Int] = []
    /// All rules: the grammar's, then those made of what is repeated often.
    private(set) var rules: [Rule]
    private var outlined: [Expression: Int] = [:]

    init(_ rules: [Rule]) throws(GrammarError) {
        self.rules = rules
        var next = 0
        while next < self.rules.count {
            guard self.rules.count <= GrammarLimits.rules else {
                throw .tooLarge("rules", limit: GrammarLimits.rules)
            }
            let start = try addState()
            starts.append(start)
            let last = try emit(self.rules[next].expression, from: start)
            let end = try addState()
            try connect(last, .nothing, end)
            ends.append(end)
            next += 1
        }
    }

    /// Calls `body` with each transition of `state`.
    func forEachTransition(of state: Int, _ body: (Transition) -> Void) {
        var index = heads[state]
        while index >= 0 {
            body(transitions[index])
            index = transitions[index].next
        }
    }

    private mutating func addState() throws(GrammarError) -> Int {
        guard heads.count < GrammarLimits.states else { throw .tooLarge("states", limit: GrammarLimits.states) }
        heads.append(-1)
        return heads.count - 1
    }

    private mutating func connect(_ from: Int, _ kind: Kind, _ target: Int) throws(GrammarError) {
        guard transitions.count < GrammarLimits.edges else { throw .tooLarge("edges", limit: GrammarLimits.edges) }
        transitions.append(Transition(kind: kind, target: target, next: heads[from]))
        heads[from] = transitions.count - 1
    }

    /// Adds what `expression` takes behind the state `from`.
    /// - Returns: The state that is reached.
    private mutating func emit(_ expression: Expression, from: Int) throws(GrammarError) -> Int {
        switch expression {
        case .text(let bytes):
            var state = from
            for byte in bytes {
                let next = try addState()
                try connect(state, .bytes(byte...byte), next)
                state = next
            }
            return state
        case .characters(let set):
            return try emit(set, from: from)
        case .rule(let number):
            let exit = try addState()
            try connect(from, .rule(number), exit)
            return exit
        case .sequence(let parts):
            var state = from
            for part in parts { state = try emit(part, from: state) }
            return state
        case .choice(let parts):
            let exit = try addState()
            var texts: [[UInt8]] = []
            for part in parts {
                if case .text(let bytes) = part {
                    texts.append(bytes)
                } else {
                    try connect(try emit(part, from: from), .nothing, exit)
                }
            }
            try emit(texts, from: from, to: exit)
            return exit
        case .repeated(let part, let least, let most):
            return try emit(part, least, most, from: from)
        }
    }

    /// Several texts, with shared beginnings, so that a long list is not as many readings.
    private mutating func emit(_ texts: [[UInt8]], from: Int, to exit: Int) throws(GrammarError) {
        struct Step: Hashable {
            var state: Int
            var byte: UInt8
        }
        var children: [Step: Int] = [:]
        for text in texts {
            var state = from
            for byte in text {
                if let next = children[Step(state: state, byte: byte)] {
                    state = next
                } else {
                    let next = try addState()
                    try connect(state, .bytes(byte...byte), next)
                    children[Step(state: state, byte: byte)] = next
                    state = next
                }
            }
            try connect(state, .nothing, exit)
        }
    }

    private mutating func emit(_ set: CharacterSet, from: Int) throws(GrammarError) -> Int {
        let exit = try addState()
        // From `tails[n]` any n continuation bytes lead to the exit.
        var tails = [exit]
        for range in set.ranges {
            for sequence in UTF8Ranges.sequences(of: range) {
                var whole = 0
                while whole < sequence.count - 1, sequence[sequence.count - 1 - whole] == 0x80...0xBF { whole += 1 }
                while tails.count <= whole {
                    let state = try addState()
                    try connect(state, .bytes(0x80...0xBF), tails[tails.count - 1])
                    tails.append(state)
                }
                var state = from
                for position in 0..<(sequence.count - whole) {
                    let isLast = position == sequence.count - whole - 1
                    let next = isLast ? tails[whole] : try addState()
                    try connect(state, .bytes(sequence[position]), next)
                    state = next
                }
            }
        }
        return exit
    }

    private mutating func emit(
        _ part: Expression, _ least: Int, _ most: Int?, from: Int
    ) throws(GrammarError) -> Int {
        let count = most ?? least + 1
        guard count <= GrammarLimits.repetition else {
            throw .repetitionTooLarge(limit: GrammarLimits.repetition, line: 0, column: 0)
        }
        // What is large and comes often becomes a rule of its own: nested counts then add up instead of multiplying.
        var part = part
        if count > 1, part.weight(limit: 64) * count > 64 {
            let number: Int
            if let known = outlined[part] {
                number = known
            } else {
                number = rules.count
                outlined[part] = number
                rules.append(Rule(name: "repeated", expression: part))
            }
            part = .rule(number)
        }
        var state = from
        for _ in 0..<least { state = try emit(part, from: state) }
        guard let most else {
            let loop = try addState()
            try connect(state, .nothing, loop)
            try connect(try emit(part, from: loop), .nothing, loop)
            return loop
        }
        guard most > least else { return state }
        let exit = try addState()
        for _ in least..<most {
            // A state of its own: `from` may have other ways out.
            let entry = try addState()
            try connect(state, .nothing, entry)
            try connect(entry, .nothing, exit)
            state = try emit(part, from: entry)
        }
        try connect(state, .nothing, exit)
        return exit
    }
}

extension Expression {
    /// Roughly the number of states it takes, at most about `limit`.
    func weight(limit: Int) -> Int {
        switch self {
        case .text(let bytes): return bytes.count
        case .characters(let set): return set.ranges.last.map { $0.upperBound < 0x80 } ?? true ? 1 : 10
        case .rule: return 1
        case .sequence(let parts), .choice(let parts):
            var sum = 1
            for part in parts where sum < limit { sum += part.weight(limit: limit) }
            return sum
        case .repeated(let part, let least, let most):
            return min(part.weight(limit: limit), limit) * max(1, min(most ?? least + 1, limit))
        }
    }
}
