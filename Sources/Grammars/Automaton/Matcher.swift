/// Runs an automaton. What a text so far can be read as (nodes with the stacks of nodes to come back to) is a state; states
/// and the steps between them are made when first needed and remembered, so that a step is mostly one look into a table.
package struct Matcher: Sendable {
    /// A state of the text so far.
    package typealias State = Int32
    /// No state: the text is not in the grammar.
    package static let dead: State = -1
    private static let unknown: State = -2

    private let automaton: Automaton
    private let classCount: Int
    private let cachedReadings: Int

    // Stacks: 0 is empty; every other is a node to come back to on top of an older stack.
    private var backs: [Int32] = [-1]
    private var parents: [Int32] = [-1]
    private var stackIndex: [UInt64: Int32] = [:]

    // States: their readings, sorted; whether the text may end; by class of the next byte the state after it.
    private var firstReading: [Int] = [0]
    private var readings: [UInt64] = []
    private var mayEndFlags: [Bool] = []
    private var table: [State] = []
    private var index: [Int: State] = [:]
    private var sameHash: [State] = []

    // Working space of a step.
    private var pending: [UInt64] = []
    private var seen = ReadingSet()
    private var result: [UInt64] = []
    /// Steps of single readings since ``beginWork()``.
    private var work = 0

    /// The state of the empty text.
    package private(set) var start: State = dead

    /// - Parameter cachedReadings: What may be remembered before the matcher ``isFull``.
    /// - Throws: ``GrammarError/tooAmbiguous(limit:)``.
    package init(
        _ grammar: Grammar, cachedReadings: Int = GrammarLimits.cachedReadings
    ) throws(GrammarError) {
        self.cachedReadings = cachedReadings
        automaton = grammar.definition.automaton
        classCount = automaton.classCount
        pending = [Self.reading(automaton.start, 0)]
        start = try close()
    }

    /// Starts counting anew what may be done before ``GrammarError/tooAmbiguous(limit:)``.
    package mutating func beginWork() { work = 0 }

    /// Whether so much is remembered that it is time to start anew with ``exported(_:)`` and ``imported(_:)``.
    package var isFull: Bool {
        readings.count + backs.count + table.count / 8 > cachedReadings
    }

    /// Whether the text may end in `state`.
    package func mayEnd(_ state: State) -> Bool { state >= 0 && mayEndFlags[Int(state)] }

    /// Whether nothing can follow.
    package func isFinal(_ state: State) -> Bool {
        state >= 0 && firstReading[Int(state)] == firstReading[Int(state) + 1]
    }

    /// The state after one more byte.
    /// - Throws: ``GrammarError/tooAmbiguous(limit:)``.
    @inline(__always)
    package mutating func step(_ state: State, _ byte: UInt8) throws(GrammarError) -> State {
        guard state >= 0 else { return Self.dead }
        let next = table[Int(state) &* classCount &+ Int(automaton.classOfByte[Int(byte)])]
        return next == Self.unknown ? try makeStep(state, automaton.classOfByte[Int(byte)]) : next
    }

    /// Whether `text` as a whole is in the grammar.
    package mutating func matches(_ text: some Sequence<UInt8>) throws(GrammarError) -> Bool {
        var state = start
        for byte in text {
            beginWork()
            state = try step(state, byte)
            if state == Self.dead { return false }
        }
        return mayEnd(state)
    }

    // MARK: Making states

    @inline(__always)
    private static func reading(_ node: Int32, _ stack: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: node)) << 32 | UInt64(UInt32(bitPattern: stack))
    }

    @inline(__always)
    private static func node(_ reading: UInt64) -> Int { Int(reading >> 32) }

    @inline(__always)
    private static func stack(_ reading: UInt64) -> Int32 { Int32(truncatingIfNeeded: reading) }

    @inline(never)
    private mutating func makeStep(_ state: State, _ byteClass: UInt8) throws(GrammarError) -> State {
        let byte = automaton.byteOfClass[Int(byteClass)]
        pending.removeAll(keepingCapacity: true)
        for index in firstReading[Int(state)]..<firstReading[Int(state) + 1] {
            let node = automaton.nodes[Self.node(readings[index])]
            for edge in node.edges {
                let edge = automaton.edges[Int(edge)]
                if edge.bytes.contains(byte) { pending.append(Self.reading(edge.target, Self.stack(readings[index]))) }
            }
            work += node.edges.count
        }
        let next = try close()
        table[Int(state) * classCount + Int(byteClass)] = next
        return next
    }

    /// The state of the readings in ``pending`` and of all that they lead to without a byte.
    private mutating func close() throws(GrammarError) -> State {
        guard !pending.isEmpty else { return Self.dead }
        seen.removeAll()
        result.removeAll(keepingCapacity: true)
        var mayEnd = false
        while let reading = pending.popLast() {
            guard seen.insert(reading) else { continue }
            work += 1
            guard seen.count <= 4 * GrammarLimits.readings, work <= GrammarLimits.work else {
                throw .tooAmbiguous(limit: GrammarLimits.readings)
            }
            let node = automaton.nodes[Self.node(reading)]
            let stack = Self.stack(reading)
            if !node.edges.isEmpty { result.append(reading) }
            for call in node.calls {
                let call = automaton.calls[Int(call)]
                pending.append(Self.reading(call.start, call.back < 0 ? stack : push(call.back, on: stack)))
            }
            if node.isEnd {
                if stack == 0 {
                    mayEnd = true
                } else {
                    pending.append(Self.reading(backs[Int(stack)], parents[Int(stack)]))
                }
            }
        }
        guard result.count <= GrammarLimits.readings else {
            throw .tooAmbiguous(limit: GrammarLimits.readings)
        }
        result.sort()
        return intern(mayEnd: mayEnd)
    }

    private mutating func push(_ back: Int32, on stack: Int32) -> Int32 {
        let key = Self.reading(back, stack)
        if let known = stackIndex[key] { return known }
        let new = Int32(truncatingIfNeeded: backs.count)
        backs.append(back)
        parents.append(stack)
        stackIndex[key] = new
        return new
    }

    /// The number of the state with the readings in ``result``.
    private mutating func intern(mayEnd: Bool) -> State {
        var hasher = Hasher()
        hasher.combine(mayEnd)
        for reading in result { hasher.combine(reading) }
        let hash = hasher.finalize()
        var candidate = index[hash] ?? Self.dead
        while candidate >= 0 {
            let range = firstReading[Int(candidate)]..<firstReading[Int(candidate) + 1]
            if mayEndFlags[Int(candidate)] == mayEnd, readings[range].elementsEqual(result) { return candidate }
            candidate = sameHash[Int(candidate)]
        }
        let new = State(truncatingIfNeeded: mayEndFlags.count)
        readings += result
        firstReading.append(readings.count)
        mayEndFlags.append(mayEnd)
        table.append(contentsOf: repeatElement(Self.unknown, count: classCount))
        sameHash.append(index[hash] ?? Self.dead)
        index[hash] = new
        return new
    }

    // MARK: Moving to a fresh matcher

    /// A state by itself, for another matcher of the same grammar.
    package struct Portable: Sendable {
        fileprivate var readings: [(node: Int32, backs: [Int32])]
        fileprivate var mayEnd: Bool
    }

    /// What `state` is made of.
    package func exported(_ state: State) -> Portable? {
        guard state >= 0 else { return nil }
        let range = firstReading[Int(state)]..<firstReading[Int(state) + 1]
        return Portable(
            readings: readings[range].map { reading in
                var backs: [Int32] = []
                var stack = Self.stack(reading)
                while stack > 0 {
                    backs.append(self.backs[Int(stack)])
                    stack = parents[Int(stack)]
                }
                return (Int32(truncatingIfNeeded: Self.node(reading)), backs)
            }, mayEnd: mayEndFlags[Int(state)])
    }

    /// The state that another matcher of the same grammar has exported.
    package mutating func imported(_ state: Portable?) -> State {
        guard let state else { return Self.dead }
        result = state.readings.map { reading in
            Self.reading(reading.node, reading.backs.reversed().reduce(0) { push($1, on: $0) })
        }
        result.sort()
        return intern(mayEnd: state.mayEnd)
    }
}
