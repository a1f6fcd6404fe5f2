/// What people hand over instead of a GGUF file. Recognised by the first bytes, to give an answer that helps.
public enum ForeignFormat: Sendable, Equatable, CaseIterable, CustomStringConvertible {
    /// The text that git leaves in place of a large file.
    case gitLFSPointer
    /// A web page, mostly an error or log-in page saved by a download.
    case html
    /// A zip archive, the container of PyTorch checkpoints.
    case zip
    /// A bare Python pickle.
    case pickle
    /// A safetensors file.
    case safetensors
    /// The formats before GGUF: GGML, GGMF, GGJT, GGLA.
    case ggml
    /// A JSON document.
    case json
    /// Compressed with gzip, zstd, xz or bzip2.
    case compressed
    /// Nothing but zero bytes at the start, as an interrupted download leaves behind.
    case zeros
    /// Anything else.
    case unknown

    /// What it is and what to do instead.
    public var description: String {
        switch self {
        case .gitLFSPointer: "a git-lfs pointer; run `git lfs pull` or download the file itself"
        case .html: "a web page; the download link led to a page instead of the file"
        case .zip: "a zip archive or PyTorch checkpoint; give the folder of a safetensors checkpoint instead"
        case .pickle: "a Python pickle, which Kite does not open; give safetensors or GGUF instead"
        case .safetensors: "a safetensors file; give the folder that holds it together with config.json"
        case .ggml: "the format before GGUF; get a GGUF file of the model"
        case .json: "a JSON document; give the folder of the checkpoint instead"
        case .compressed: "a compressed file; unpack it first"
        case .zeros: "it starts with zeros, as an interrupted download does; download it again"
        case .unknown: "it does not start with \"GGUF\""
        }
    }

    /// What `bytes`, which do not start with `GGUF`, look like.
    static func recognise(_ bytes: RawSpan) -> ForeignFormat {
        let head = (0..<min(bytes.byteCount, 512)).map {
            bytes.unsafeLoadUnaligned(fromByteOffset: $0, as: UInt8.self)
        }
        func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { head.dropFirst(offset).starts(with: $0) }
        }
        if starts("version https://git-lfs") { return .gitLFSPointer }
        if starts("PK\u{3}\u{4}") { return .zip }
        if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) { return .pickle }
        if starts("{\"", at: 8) || starts("{}", at: 8) { return .safetensors }
        if starts("lmgg") || starts("fmgg") || starts("tjgg") || starts("algg") { return .ggml }
        if head.starts(with: [0x1F, 0x8B]) || head.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
            || head.starts(with: [0xFD, 0x37, 0x7A, 0x58]) || starts("BZh")
        {
            return .compressed
        }
        if head.count >= 8, head.allSatisfy({ $0 == 0 }) { return .zeros }
        let text = head.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        if text.first == 0x7B || text.first == 0x5B { return .json }
        let lower = text.prefix(256).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if lower.starts(with: "<!doctype html".utf8) || lower.starts(with: "<html".utf8)
            || lower.starts(with: "<head".utf8) || lower.starts(with: "<?xml".utf8)
        {
            return .html
        }
        return .unknown
    }
}
