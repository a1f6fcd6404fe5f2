/// Sees what matrices are multiplied with, as a forward pass goes along.
package protocol ActivationObserver: AnyObject {
    /// Called on the thread that runs the pass, once for each input of products.
    /// - Parameters:
    ///   - rows: The inputs, `[token][width]`, in full precision. They last as long as the call.
    ///   - width: Numbers in a row.
    ///   - matrices: Names of the matrices that they are multiplied with: `blk.0.attn_q.weight` and so on.
    func observe(_ rows: Span<Float>, width: Int, of matrices: [String])
}
