extension FloatOps {
    /// Index of the first number that is NaN or infinite; nil when all are finite.
    package static func firstNonFinite(_ numbers: Span<Float>) -> Int? {
        for index in numbers.indices where !numbers[index].isFinite { return index }
        return nil
    }
}
