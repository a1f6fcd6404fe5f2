/// What a key press, or a paste, means.
enum Key: Equatable, Sendable {
    /// One character, or the start of one that more scalars will join.
    case text(String)
    /// Text pasted in one piece (bracketed paste); line breaks in it do not submit.
    case paste(String)
    case enter
    /// Alt-Enter: a line break inside the message.
    case lineBreak
    case tab
    case backspace
    case delete
    case left
    case right
    case wordLeft
    case wordRight
    case up
    case down
    case home
    case end
    /// Ctrl and a letter, in lower case.
    case control(Character)
    /// Alt and a character.
    case alt(Character)
    case escape
    /// A sequence that means nothing here.
    case unknown
}
