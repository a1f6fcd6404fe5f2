import KiteTools
import ModelFiles

/// Importances made up for a model.
enum ImportanceSample {
    static func matrix(of path: String) throws -> ImportanceMatrix {
        var entries: [String: ImportanceMatrix.Entry] = [:]
        for tensor in try GGUFFile(path: path).tensors
        where tensor.dimensions.count > 1 && tensor.name.hasPrefix("blk.") {
            let sums = (0..<tensor.dimensions[0]).map { Float(1 + $0 % 7) * 100 }
            entries[tensor.name] = .init(sums: sums, counts: [6144])
        }
        return ImportanceMatrix(
            path: "im.gguf", entries: entries, datasets: ["words.txt"], chunkCount: 12, chunkSize: 512)
    }
}
