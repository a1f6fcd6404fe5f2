/// Finds calls of tools in an answer that arrives in pieces.
struct ToolCallParser: Sendable {
    /// Something to tell the client.
    enum Piece: Sendable, Hashable {
        /// Text of the answer.
        case content(String)
        /// A call begins.
        case call(index: Int, id: String, name: String)
        /// More of a call's arguments, as JSON text.
        case arguments(index: Int, String)
    }

    private enum State: Sendable {
        /// Before the calls. Holds what may be the beginning of them.
        case text(held: [UInt8])
        /// Within the calls, outside an object.
        case between
        /// Within a call's object.
        case object(ToolObjectScanner)
        /// After the last call that is wanted.
        case done
    }

    private let syntax: ToolSyntax
    private let opening: [UInt8]
    private var state = State.text(held: [])
    private var hasContent = false
    /// Calls begun so far.
    private(set) var callCount = 0
    private let mostCalls: Int

    /// Whether the calls that are wanted are complete; what follows is left out.
    var isDone: Bool { if case .done = state { true } else { false } }

    /// - Parameters:
    ///   - isOpened: Whether the prompt ends with what opens a call.
    ///   - mostCalls: How many calls are wanted at most.
    init(_ syntax: ToolSyntax, isOpened: Bool = false, mostCalls: Int = .max) {
        self.syntax = syntax
        self.mostCalls = mostCalls
        opening = Array(syntax.opening.utf8)
        if isOpened { state = .between }
    }

    /// Takes the next piece of the answer: whole characters.
    mutating func append(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            switch state {
            case .text(var held):
                held += bytes
                bytes = []
                search(held, &bytes, &pieces)
            case .between:
                // Brackets, commas and tags between the objects say nothing that the objects do not.
                guard let start = bytes.firstIndex(of: 0x7B) else { return pieces }
                bytes = bytes[(start + 1)...]
                state = .object(ToolObjectScanner())
            case .object(var scanner):
                let used = scanner.scan(bytes)
                bytes = bytes.dropFirst(used)
                tell(&scanner, &pieces)
                guard scanner.isComplete else {
                    state = .object(scanner)
                    continue
                }
                state = callCount < mostCalls ? .between : .done
            case .done: return pieces
            }
        }
        return pieces
    }

    /// The answer has ended: what was held back is text after all.
    mutating func finish() -> [Piece] {
        guard case .text(let held) = state, !held.isEmpty else { return [] }
        state = .text(held: [])
        return [.content(String(decoding: held, as: UTF8.self))]
    }

    /// Looks for the opening in `held`; passes on what cannot be part of it.
    private mutating func search(_ held: [UInt8], _ rest: inout ArraySlice<UInt8>, _ pieces: inout [Piece]) {
        if let start = firstIndex(of: opening, in: held) {
            show(held[..<start], &pieces)
            rest = held[(start + opening.count)...]
            state = .between
            return
        }
        var keep = held.count
        for position in max(0, held.count - opening.count + 1)..<held.count
        where opening.starts(with: held[position...]) {
            keep = position
            break
        }
        // White space before the first call is no content.
        if !hasContent, held[..<keep].allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) { keep = 0 }
        show(held[..<keep], &pieces)
        state = .text(held: Array(held[keep...]))
    }

    private mutating func show(_ bytes: ArraySlice<UInt8>, _ pieces: inout [Piece]) {
        let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        guard !bytes.isEmpty, hasContent || !isBlank else { return }
        hasContent = true
        pieces.append(.content(String(decoding: bytes, as: UTF8.self)))
    }

    /// Passes on what the scanner found out.
    private mutating func tell(_ scanner: inout ToolObjectScanner, _ pieces: inout [Piece]) {
        guard let name = scanner.name else { return }
        if !scanner.isAnnounced {
            scanner.isAnnounced = true
            pieces.append(.call(index: callCount, id: syntax.makeCallID(), name: name))
            callCount += 1
        }
        let arguments = scanner.takeArguments()
        if !arguments.isEmpty { pieces.append(.arguments(index: callCount - 1, arguments)) }
    }

    private func firstIndex(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard needle.count <= bytes.count else { return nil }
        return (0...(bytes.count - needle.count)).first { bytes[$0...].starts(with: needle) }
    }
}
