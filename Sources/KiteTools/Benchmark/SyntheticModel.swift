public import ModelFiles
import TensorCore

/// A model of a published shape with random weights: for measuring speed and memory without a download.
public enum SyntheticModel {
    /// Why a model could not be made.
    public enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
        /// Rows of a matrix that are no whole number of blocks.
        case partialBlock(tensor: String, columns: Int, type: String)
        /// More bytes than the machine can address.
        case tooLarge

        /// One line for a person.
        public var description: String {
            switch self {
            case .partialBlock(let tensor, let columns, let type):
                "\(tensor) has rows of \(columns) numbers, which \(type) cannot hold: choose another type"
            case .tooLarge: "the model is too large for this machine"
            }
        }
    }

    private struct Place {
        let tensor: ModelConfiguration.RequiredTensor
        let type: TensorType
        let range: Range<Int>
    }

    /// Bytes of all tensors and number of weights of a model that would be made.
    public static func size(
        of configuration: ModelConfiguration, mix: QuantizationMix
    ) throws -> (bytes: Int, parameters: Int) {
        let places = try layout(configuration, mix)
        return (
            places.reduce(0) { $0 + $1.range.count }, places.reduce(0) { $0 + $1.tensor.rows * $1.tensor.columns }
        )
    }

    /// Makes a model. It takes as much memory as its tensors.
    /// - Parameters:
    ///   - name: What it will call itself.
    ///   - configuration: Its shape.
    ///   - mix: Types of its matrices; norms and biases are f32.
    ///   - seed: Of the weights.
    /// - Throws: ``Problem``.
    public static func checkpoint(
        name: String, configuration: ModelConfiguration, mix: QuantizationMix, seed: UInt64 = 1
    ) throws -> Checkpoint {
        let places = try layout(configuration, mix)
        var blocks = RandomBlocks(seed: seed)
        let store = ByteStore.allocating(places.last?.range.upperBound ?? 0) { span in
            for place in places {
                if place.tensor.isVector {
                    let isWeight = place.tensor.name.hasSuffix(".weight")
                    blocks.fillVector(&span, place.range, center: isWeight ? 1 : 0)
                } else if place.tensor.name.hasSuffix("_norm.weight") {
                    blocks.fillVector(&span, place.range, center: 1)
                } else {
                    blocks.fill(&span, place.range, type: place.type)
                }
            }
        }
        let tensors = try places.map { place in
            guard let region = ByteRegion(store, place.range),
                let matrix = Matrix(
                    type: place.type, rows: place.tensor.rows, columns: place.tensor.columns, data: region)
            else { throw Problem.tooLarge }
            return (name: place.tensor.name, matrix: matrix)
        }
        var metadata = GGUFMetadata()
        metadata["general.architecture"] = .string(configuration.architecture.rawValue)
        metadata["general.name"] = .string(name)
        let header = try GGUFFile(ByteStore.copying(try GGUFWriter(metadata: metadata).bytes()), name: name)
        return Checkpoint(source: .gguf(header), configuration: configuration, tensors: tensors, warnings: [])
    }

    /// Where each tensor lies, on multiples of 64 bytes. The types are those of the cards' time, and no other than the
    /// mix asks for.
    private static func layout(_ configuration: ModelConfiguration, _ mix: QuantizationMix) throws -> [Place] {
        var options = QuantizationOptions()
        options.rules = .december2023
        let plan = try QuantizationPlan(
            mix, preset: configuration, options: mix.isUniform ? .init() : options)
        let types = Dictionary(uniqueKeysWithValues: plan.entries.map { ($0.name, $0) })
        var places: [Place] = []
        var end = 0
        for tensor in configuration.requiredTensors {
            let entry = types[tensor.name]
            let type = entry?.type ?? .f32
            guard entry?.unfit == nil, let rowBytes = type.byteCount(of: tensor.columns) else {
                let wanted = entry?.unfit ?? type
                throw Problem.partialBlock(tensor: tensor.name, columns: tensor.columns, type: wanted.name)
            }
            let (bytes, overflow) = rowBytes.multipliedReportingOverflow(by: tensor.rows)
            let (next, overflow2) = end.addingReportingOverflow(bytes)
            guard !overflow, !overflow2, next < Int.max - 64 else { throw Problem.tooLarge }
            places.append(Place(tensor: tensor, type: type, range: end..<next))
            end = (next + 63) & ~63
        }
        return places
    }
}
