import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFWriterTests {
    /// What is wrong when `body` throws a ``GGUFError``.
    private func problem(_ body: () throws -> Void) -> GGUFError.Problem? {
        do {
            try body()
            return nil
        } catch {
            return (error as? GGUFError)?.problem
        }
    }

    @Test func writesWhatTheHandMadeFileHas() throws {
        let bytes = GGUFSamples.small.bytes()
        #expect(try GGUFWriter(copying: GGUFSamples.open(bytes)).bytes() == bytes)
    }

    @Test func writesTheSameBytesAgain() throws {
        for version in [2, 3] as [UInt32] {
            for alignment in [8, 32, 4096] {
                let built = GGUFSamples.small.with { $0.version = version }
                var writer = try GGUFWriter(copying: GGUFSamples.open(built.bytes()))
                writer.metadata["general.alignment"] = alignment == 32 ? nil : .uint32(UInt32(alignment))
                let once = try writer.bytes()
                let file = try GGUFSamples.open(once)
                #expect(file.alignment == alignment && file.version == 3)
                #expect(try GGUFWriter(copying: file).bytes() == once)
            }
        }
    }

    @Test func streamsTensorsToAFile() throws {
        try TemporaryFolder.with { folder in
            var writer = GGUFWriter()
            writer.metadata["general.architecture"] = .string("llama")
            try writer.add("a", type: .f32, dimensions: [8, 3]) { sink in
                for value in 0..<24 { try sink.write([Float(value)].span.bytes) }
            }
            var seen: [Int] = []
            let path = folder.path("out.gguf")
            let paths = try writer.write(to: path) { done, total in seen = [done, total] }
            #expect(paths == [path] && seen == [96, 96])
            #expect(try folder.names() == ["out.gguf"])
            let file = try GGUFFile(path: path)
            let bytes = try file.requiredTensor("a").data.withBytes {
                $0.unsafeLoadUnaligned(fromByteOffset: 92, as: Float.self)
            }
            #expect(bytes == 23)
            // Writing over the file that is being read must not disturb the reader.
            try GGUFWriter(copying: file).write(to: path)
            #expect(try GGUFFile(path: path).tensors.count == 1)
        }
    }

    @Test func leavesNothingBehindOnError() throws {
        struct Failure: Error {}
        try TemporaryFolder.with { folder in
            let path = try folder.write("out.gguf", [1, 2, 3])
            var writer = GGUFWriter()
            try writer.add("a", type: .f32, dimensions: [1], data: ByteRegion(ByteStore.copying([0, 0, 0, 0])))
            try writer.add("b", type: .f32, dimensions: [8]) { _ in throw Failure() }
            #expect(throws: Failure.self) { try writer.write(to: path) }
            #expect(throws: Failure.self) { try writer.write(to: path, split: .tensors(1)) }
            #expect(try folder.names() == ["out.gguf"])
            #expect(try folder.read("out.gguf") == [1, 2, 3])
        }
    }

    @Test func namesWhatTheSystemSays() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("no/such/out.gguf")
            #expect { _ = try GGUFWriter().write(to: path) } throws: { "\($0)".contains("No such file or directory") }
        }
    }

    @Test(.enabled(if: FullDisk.path != nil, "needs a file system that can be filled"))
    func namesAFullDisk() throws {
        let folder = try #require(FullDisk.path)
        var writer = GGUFWriter()
        let chunk = [UInt8](repeating: 1, count: 1 << 20)
        try writer.add("a", type: .f32, dimensions: [1 << 40]) { sink in
            while sink.count < 1 << 42 { try sink.write(chunk.span.bytes) }
        }
        #expect { _ = try writer.write(to: "\(folder)/out.gguf") } throws: { "\($0)".contains("No space left") }
    }

    @Test func refusesDataOfAnotherSize() throws {
        var writer = GGUFWriter()
        let four = ByteRegion(ByteStore.copying([0, 0, 0, 0]))
        #expect(
            problem { try writer.add("a", type: .f32, dimensions: [2], data: four) }
                == .tensorDataSize(tensor: "a", needed: 8, found: 4))
        try writer.add("b", type: .f32, dimensions: [2]) { sink in try sink.write([Float(1)].span.bytes) }
        #expect(problem { _ = try writer.bytes() } == .tensorDataSize(tensor: "b", needed: 8, found: 4))
    }

    @Test func refusesShapesAndNamesNoFileCanHave() {
        var writer = GGUFWriter()
        func add(_ name: String, _ dimensions: [Int], _ type: TensorType = .f32) -> GGUFError.Problem? {
            problem { try writer.add(name, type: type, dimensions: dimensions) { _ in } }
        }
        #expect(add("", [1]) == .tensorNameLength(0, tensor: 0))
        #expect(add(.init(repeating: "n", count: 64), [1]) == .tensorNameLength(64, tensor: 0))
        #expect(add("a", []) == .dimensionCount(0, tensor: "a"))
        #expect(add("a", [1, 1, 1, 1, 1]) == .dimensionCount(5, tensor: "a"))
        #expect(add("a", [4, -1]) == .dimension(-1, tensor: "a"))
        #expect(add("a", [1 << 40, 1 << 40]) == .tensorTooLarge("a"))
        #expect(add("a", [1 << 62]) == .tensorTooLarge("a"))
        #expect(add("a", [31], .q8_0) == .partialBlock(tensor: "a", columns: 31, type: .q8_0))
        #expect(add("a", [1]) == nil)
        #expect(add("a", [1]) == .duplicateTensor("a"))
    }

    @Test func refusesBadMetadata() {
        var writer = GGUFWriter()
        writer.metadata[""] = .uint8(1)
        #expect(problem { _ = try writer.bytes() } == .keyLength(0, entry: 0))
        writer.metadata[""] = nil
        writer.metadata["general.alignment"] = .uint32(3)
        #expect(problem { _ = try writer.bytes() } == .alignment("3"))
    }
}
