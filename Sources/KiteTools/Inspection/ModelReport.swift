package import Kite

/// What a model is and what it takes to run it, the same for GGUF files and Hugging Face folders.
package struct ModelReport: Sendable {
    /// How much of a model one tensor type makes up.
    package struct TypeShare: Sendable, Equatable {
        /// The type's name, such as `Q4_K`.
        package let type: String
        /// Number of tensors.
        package let tensors: Int
        /// Number of weights.
        package let parameters: Int
        /// Bytes they take.
        package let bytes: Int
    }

    /// One tensor.
    package struct Tensor: Sendable, Equatable {
        /// GGUF's name for it.
        package let name: String
        /// Its type's name.
        package let type: String
        /// Output features.
        package let rows: Int
        /// Input features.
        package let columns: Int
        /// Bytes it takes.
        package let bytes: Int
    }

    /// A token with a meaning of its own.
    package struct SpecialToken: Sendable, Equatable {
        /// What it is for: `bos`, `eos`, `unknown`, `padding`, `end of generation`.
        package let role: String
        /// Its number.
        package let id: TokenID
        /// Its text; nil when it is not valid UTF-8.
        package let text: String?
    }

    /// What the model makes of text.
    package struct Vocabulary: Sendable, Equatable {
        /// Family.
        package let kind: Tokenizer.Kind
        /// How text is split before merging.
        package let preTokenizer: String
        /// Number of tokens; the embedding table may have more rows.
        package let size: Int
        /// Tokens with a meaning of their own.
        package let specialTokens: [SpecialToken]
    }

    /// How the model wants conversations written.
    package struct Template: Sendable, Equatable {
        /// `file`, or the name of the built-in template used because the files bring none.
        package let name: String
        /// Jinja source.
        package let source: String
    }

    /// Memory to run the model, in bytes. Weights in a mapped file count although the system may drop and reload them.
    package struct Memory: Sendable, Equatable {
        /// Tokens of context this is for.
        package let context: Int
        /// The weights.
        package let weights: Int
        /// Keys and values as 16-bit floats.
        package let cacheF16: Int
        /// Keys and values as 32-bit floats.
        package let cacheF32: Int
        /// Keys and values as 8-bit codes.
        package let cacheInt8: Int

        /// Weights and 16-bit keys and values.
        package var totalF16: Int { weights + cacheF16 }
        /// Weights and 32-bit keys and values.
        package var totalF32: Int { weights + cacheF32 }
        /// Weights and 8-bit keys and values.
        package var totalInt8: Int { weights + cacheInt8 }
    }

    /// Where the model comes from.
    package let path: String
    /// Form of the files: `GGUF v3`, `safetensors`.
    package let container: String
    /// Number of files that hold weights.
    package let fileCount: Int
    /// Bytes of those files.
    package let fileBytes: Int
    /// What the model calls itself.
    package let name: String
    /// Its hyper-parameters.
    package let configuration: ModelConfiguration
    /// Number of weights, a tied output counted once.
    package let parameters: Int
    /// Tensor types, the one with the most bytes first.
    package let types: [TypeShare]
    /// All tensors in use.
    package let tensors: [Tensor]
    /// Its vocabulary; nil when the model has none that can be used, of which ``warnings`` then says why.
    package let vocabulary: Vocabulary?
    /// Its chat format; nil when it cannot be used, of which ``warnings`` then says why.
    package let template: Template?
    /// What it takes to run it.
    package let memory: Memory
    /// Oddities of the files, one line each.
    package let warnings: [String]

    /// Opens and describes the model in `source`, called `path` in the report.
    /// - Parameter context: Tokens of context to give the memory for; nil for what the model is run with by default.
    /// - Throws: what opening the model throws. A tokenizer or template that cannot be used is a warning here: the
    ///   report is what a person looks at to find out.
    package init(_ source: ModelSource, path: String, context: Int? = nil) throws {
        let checkpoint = try Checkpoint.open(source)
        var warnings = checkpoint.warnings
        (vocabulary, template) = Self.text(checkpoint, &warnings)
        let tensors = try checkpoint.tensorNames.map { name in
            let shape = try checkpoint.shape(of: name)
            return Tensor(
                name: name, type: shape.type.name, rows: shape.rows, columns: shape.columns,
                bytes: (shape.type.byteCount(of: shape.columns) ?? 0) * shape.rows)
        }
        self.path = path
        (container, fileCount, fileBytes) = Self.files(of: checkpoint)
        name = checkpoint.name
        configuration = checkpoint.configuration
        parameters = checkpoint.parameterCount
        types = Self.types(of: tensors)
        self.tensors = tensors
        memory = Self.memory(
            checkpoint, context: context ?? min(checkpoint.configuration.contextLength, Self.defaultContext))
        self.warnings = warnings
    }
}
