import TensorCore

/// How much each input column of each matrix matters: the mean square of the activations it met in a text.
///
/// Read from and written to llama.cpp's files (`imatrix.gguf`); the format it had before (`.dat`) is read too.
public struct ImportanceMatrix: Sendable {
    /// What was measured for one matrix.
    public struct Entry: Sendable, Equatable {
        /// For each column the sum of the squares of its activations.
        public var sums: [Float]
        /// Rows that were summed. Several for a stack of matrices, whose columns follow each other.
        public var counts: [Float]

        /// What was measured elsewhere.
        public init(sums: [Float], counts: [Float]) {
            self.sums = sums
            self.counts = counts
        }

        /// For each column the mean of the squares; 1 where nothing was seen.
        var means: [Float] {
            let width = sums.count / max(counts.count, 1)
            return sums.indices.map { index in
                let count = counts[index / width]
                return count > 0 ? sums[index] / count : 1
            }
        }
    }

    /// Where it is from.
    public let path: String
    /// By the name of the matrix, `blk.0.attn_q.weight`.
    public internal(set) var entries: [String: Entry]
    /// Names of the texts.
    public let datasets: [String]
    /// Pieces of text that were read.
    public let chunkCount: Int
    /// Tokens in each.
    public let chunkSize: Int

    /// What was measured elsewhere.
    public init(path: String, entries: [String: Entry], datasets: [String], chunkCount: Int, chunkSize: Int) {
        self.path = path
        self.entries = entries
        self.datasets = datasets
        self.chunkCount = chunkCount
        self.chunkSize = chunkSize
    }

    /// Weights of the columns of the matrix called `name`; nil when nothing is known of it.
    func weights(of name: String) -> [Float]? { entries[name]?.means }

    /// Checks that the entries are for the matrices of `plan`.
    /// - Returns: Things a user may want to know.
    /// - Throws: ``ImportanceError`` when they are another model's.
    func check(_ plan: QuantizationPlan) throws(ImportanceError) -> [String] {
        var missing: [String] = []
        var known = 0
        for entry in plan.entries where entry.type.isQuantized && entry.type != entry.sourceType {
            guard let found = entries[entry.name] else {
                // Embeddings are looked up, not multiplied, and the output matrix is mostly left out.
                if entry.name.hasPrefix("blk.") { missing.append(entry.name) }
                continue
            }
            let columns = entry.dimensions[0] * entry.dimensions.dropFirst(2).reduce(1, *)
            guard found.sums.count == columns else {
                throw ImportanceError(
                    file: path, .width(tensor: entry.name, found: found.sums.count, expected: columns))
            }
            known += 1
        }
        guard known > 0 || missing.isEmpty else { throw ImportanceError(file: path, .unrelated) }
        guard let first = missing.first else { return [] }
        let more = missing.count > 1 ? " and \(missing.count - 1) other matrices" : ""
        return ["\(path) says nothing of \(first)\(more): all their columns count alike"]
    }
}
