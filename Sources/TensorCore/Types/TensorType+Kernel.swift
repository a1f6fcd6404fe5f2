internal import CKernels

extension TensorType {
    /// The number the kernels know the type by.
    var kernelType: kite_type { kite_type(rawValue: rawValue) }

    /// The activation format its products use with 8-bit activations.
    var activationFormat: ActivationFormat { ActivationFormat(kite_activations_of(kernelType)) }
}
