import Kite

/// How a conversation is held.
struct ChatSettings {
    /// How answers are made.
    var options: GenerationOptions
    /// Whether each answer is followed by its timings.
    var isVerbose: Bool
}
