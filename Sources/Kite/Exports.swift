// `import Kite` is all an app needs: the types that Kite's own signatures speak of come along.
@_exported public import ChatTemplates
@_exported public import Grammars
@_exported public import ModelFiles
@_exported public import TensorCore
@_exported public import Tokenization
