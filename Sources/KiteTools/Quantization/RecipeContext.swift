import ModelFiles
import TensorCore

/// What a recipe looks at beside a tensor's role.
struct RecipeContext {
    /// Number of blocks.
    let layerCount: Int
    /// Query heads for each key-value head.
    let headsPerKeyValueHead: Int
    /// Whether it is Llama's 70B, whose value projections are an eighth of the queries' size.
    let is70B: Bool
    /// Whether the output matrix is the table of embeddings.
    let hasTiedEmbeddings: Bool
    /// Whether there are importances of columns.
    let hasImportance: Bool
    /// Number of value projections.
    let valueCount: Int
    /// Number of down projections.
    let downCount: Int
    /// Value and down projections that had their turn.
    var valuesSeen = 0
    var downsSeen = 0

    init(_ configuration: ModelConfiguration, names: some Collection<String>, hasImportance: Bool) {
        layerCount = configuration.layerCount
        headsPerKeyValueHead = configuration.headCount / max(configuration.keyValueHeadCount, 1)
        is70B =
            configuration.architecture == .llama && configuration.layerCount == 80
            && configuration.headCount != configuration.keyValueHeadCount
        hasTiedEmbeddings = !names.contains("output.weight")
        self.hasImportance = hasImportance
        valueCount = names.count { TensorRole($0).isValue }
        downCount = names.count { TensorRole($0) == .down }
    }

    /// Whether number `index` of `count` is among those that the `_M` recipes spend more bits on: the first and the last
    /// eighth, and every third between.
    static func gainsBits(_ index: Int, of count: Int) -> Bool {
        let eighth = count / 8
        return index < eighth || index >= 7 * count / 8 || (index - eighth) % 3 == 2
    }
}
