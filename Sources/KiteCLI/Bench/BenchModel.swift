import Kite
import KiteTools

/// A model to measure: a file, or random weights in a published shape.
struct BenchModel {
    let checkpoint: Checkpoint
    /// What the table calls it.
    let name: String
    /// The type of its weights: of a file the one that holds most of them.
    let type: String

    /// The model in a file or folder; the built-in one for nil.
    init(path: String?) throws {
        checkpoint = try Checkpoint.open(path.map(ModelSource.path) ?? .nano)
        name = path ?? "built-in"
        type = Self.mainType(of: checkpoint)
    }

    /// Random weights in the shape `preset`, which may take seconds to make.
    init(preset: String, type name: String) throws {
        guard let shape = ModelConfiguration.presets.first(where: { $0.name == preset.lowercased() }) else {
            let names = ModelConfiguration.presets.map(\.name).joined(separator: ", ")
            throw CLIError.usage("there is no preset '\(preset)': choose \(names)")
        }
        guard let mix = QuantizationMix(name: name) else {
            throw CLIError.usage(
                "there is no type '\(name)': choose \(QuantizationMix.allNames.joined(separator: ", "))")
        }
        let size = try SyntheticModel.size(of: shape.configuration, mix: mix)
        Console.note("making \(Format.bytes(size.bytes)) of random weights (\(shape.name) \(mix.name))")
        checkpoint = try SyntheticModel.checkpoint(name: shape.name, configuration: shape.configuration, mix: mix)
        self.name = shape.name
        type = mix.name
    }

    /// The bytes that hold most of the weights.
    var largestStore: ByteStore? { checkpoint.stores.max { $0.count < $1.count } }

    /// The type that holds most of the weights.
    private static func mainType(of checkpoint: Checkpoint) -> String {
        var weights: [TensorType: Int] = [:]
        for name in checkpoint.tensorNames {
            guard let matrix = try? checkpoint.shape(of: name) else { continue }
            weights[matrix.type, default: 0] += matrix.rows * matrix.columns
        }
        return weights.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key.name ?? "?"
    }
}
