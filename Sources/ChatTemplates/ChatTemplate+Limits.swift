extension ChatTemplate {
    /// What a template may use. A template comes with a model file, so it is as little trusted as the file.
    public struct Limits: Sendable, Hashable {
        /// Longest source, in bytes of UTF-8.
        public var sourceBytes: Int
        /// Deepest nesting of tags and expressions in the source.
        public var nesting: Int
        /// Deepest nesting while rendering, macro calls included.
        public var recursion: Int
        /// Most steps: one for each expression and statement evaluated, more for long texts and lists.
        public var steps: Int
        /// Longest result, in bytes of UTF-8.
        public var outputBytes: Int
        /// Most items in one list, mapping or range.
        public var items: Int
        /// Longest single text, in bytes of UTF-8.
        public var textBytes: Int
        /// Most bytes that all values made during one rendering take together.
        public var memoryBytes: Int

        /// Limits that real templates stay far below and that stop a hostile one within seconds.
        public static let `default` = Limits()

        /// Makes limits; what is not given has the default's value.
        public init(
            sourceBytes: Int = 1 << 18, nesting: Int = 80, recursion: Int = 250, steps: Int = 10_000_000,
            outputBytes: Int = 1 << 23, items: Int = 100_000, textBytes: Int = 1 << 23, memoryBytes: Int = 1 << 28
        ) {
            self.sourceBytes = sourceBytes
            self.nesting = nesting
            self.recursion = recursion
            self.steps = steps
            self.outputBytes = outputBytes
            self.items = items
            self.textBytes = textBytes
            self.memoryBytes = memoryBytes
        }
    }
}
