import ModelFiles
import TestSupport
import Testing

@Suite struct GGUFSplitTests {
    /// Five tensors of 128 bytes.
    private func model() throws -> GGUFFile {
        var builder = GGUFBuilder().set("general.architecture", .string("stablelm")).set("x.y", .uint8(7))
        for index in 0..<5 {
            builder = builder.tensor("t\(index)", [32], floats: .init(repeating: Float(index), count: 32))
        }
        return try GGUFSamples.open(builder.bytes())
    }

    /// A part written by hand, to get it wrong.
    private func part(_ number: GGUFValue?, of count: GGUFValue, tensors: Int? = nil, _ name: String) -> GGUFBuilder {
        var builder = GGUFBuilder()
        if let number { builder = builder.set("split.no", number) }
        builder = builder.set("split.count", count)
        if let tensors { builder = builder.set("split.tensors.count", .int32(Int32(tensors))) }
        return builder.tensor(name, [1], floats: [1])
    }

    private func problem(_ path: String) -> GGUFError.Problem? {
        do {
            _ = try GGUFFile(path: path)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test(arguments: [GGUFSplit.tensors(2), .bytes(300)])
    func roundTrip(split: GGUFSplit) throws {
        try TemporaryFolder.with { folder in
            let model = try model()
            let paths = try GGUFWriter(copying: model).write(to: folder.path("m.gguf"), split: split)
            let names = (1...3).map { "m-0000\($0)-of-00003.gguf" }
            #expect(paths == names.map { folder.path($0) })
            #expect(try folder.names() == names)
            // Any part leads to the whole model.
            for path in paths {
                let file = try GGUFFile(path: path)
                #expect(file.paths == paths)
                #expect(file.metadata == model.metadata)
                #expect(file.tensors.map { $0.name } == ["t0", "t1", "t2", "t3", "t4"])
                #expect(try GGUFWriter(copying: file).bytes() == GGUFWriter(copying: model).bytes())
            }
            // Each part says what llama.cpp wants to know.
            for (index, name) in names.enumerated() {
                let bytes = try folder.read(name)
                #expect(GGUFSamples.problem(bytes) == .partName(count: 3))
                #expect(bytes.contains(GGUFBuilder().set("split.no", .uint16(UInt16(index))).entries[0]))
                #expect(bytes.contains(GGUFBuilder().set("split.count", .uint16(3)).entries[0]))
                #expect(bytes.contains(GGUFBuilder().set("split.tensors.count", .int32(5)).entries[0]))
            }
        }
    }

    @Test func oneTensorLargerThanAPartGetsItsOwn() throws {
        try TemporaryFolder.with { folder in
            let paths = try GGUFWriter(copying: model()).write(to: folder.path("m.gguf"), split: .bytes(1))
            #expect(paths.count == 5)
            #expect(try GGUFFile(path: paths[0]).tensors.count == 5)
        }
    }

    @Test func oneFileWhenAllFits() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("m.gguf")
            let paths = try GGUFWriter(copying: model()).write(to: path, split: .bytes(1 << 20))
            #expect(paths == [path])
            #expect(throws: GGUFError(file: path, .badSplit)) {
                try GGUFWriter(copying: model()).write(to: path, split: .bytes(0))
            }
            #expect(throws: GGUFError(file: path, .badSplit)) {
                try GGUFWriter(copying: model()).write(to: path, split: .tensors(.min))
            }
        }
    }

    @Test func missingPart() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write(
                "m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), tensors: 2, "a").bytes())
            #expect(problem(path) == .missingPart(folder.path("m-00002-of-00002.gguf")))
        }
    }

    @Test func nameThatLeadsNowhere() throws {
        try TemporaryFolder.with { folder in
            let bytes = part(.uint16(0), of: .uint16(2), "a").bytes()
            for name in ["m.gguf", "m-1-of-2.gguf", "m-00000-of-00002.gguf", "m-00003-of-00002.gguf"] {
                let path = try folder.write(name, bytes)
                #expect(problem(path) == .partName(count: 2))
            }
        }
    }

    @Test func partNumber() throws {
        try TemporaryFolder.with { folder in
            let first = try folder.write("m-00001-of-00002.gguf", part(.uint16(1), of: .uint16(2), "a").bytes())
            #expect(problem(first) == .partNumber(found: 1, expected: 0))
            try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), "a").bytes())
            try folder.write("m-00002-of-00002.gguf", part(.int32(-1), of: .uint16(2), "b").bytes())
            #expect(problem(first) == .partNumber(found: -1, expected: 1))
            try folder.write("m-00002-of-00002.gguf", part(nil, of: .uint16(2), "b").bytes())
            #expect(problem(first) == .missingKey("split.no"))
        }
    }

    @Test func partCount() throws {
        try TemporaryFolder.with { folder in
            let first = try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(3), "a").bytes())
            #expect(problem(first) == .partCount(found: 3, expected: 2))
            // A count nobody could open is not tried.
            try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint64(1 << 62), "a").bytes())
            #expect(problem(first) == .partCount(found: 1 << 62, expected: 2))
            try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .string("2"), "a").bytes())
            #expect(problem(first) == .wrongKind(key: "split.count", wanted: "an integer", found: "a string"))
            try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), "a").bytes())
            try folder.write("m-00002-of-00002.gguf", GGUFBuilder().tensor("b", [1], floats: [1]).bytes())
            #expect(problem(first) == .missingKey("split.count"))
        }
    }

    @Test func tensorCount() throws {
        try TemporaryFolder.with { folder in
            let first = try folder.write(
                "m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), tensors: 3, "a").bytes())
            try folder.write("m-00002-of-00002.gguf", part(.uint16(1), of: .uint16(2), "b").bytes())
            #expect(problem(first) == .partTensorCount(found: 2, expected: 3))
        }
    }

    @Test func tensorInTwoParts() throws {
        try TemporaryFolder.with { folder in
            let first = try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), "a").bytes())
            try folder.write("m-00002-of-00002.gguf", part(.uint16(1), of: .uint16(2), "a").bytes())
            #expect(problem(first) == .duplicateTensor("a"))
        }
    }

    @Test func otherArchitecture() throws {
        try TemporaryFolder.with { folder in
            let key = "general.architecture"
            let first = try folder.write(
                "m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), "a").set(key, .string("llama")).bytes())
            try folder.write(
                "m-00002-of-00002.gguf", part(.uint16(1), of: .uint16(2), "b").set(key, .string("stablelm")).bytes())
            #expect(problem(first) == .partArchitecture(found: "stablelm", expected: "llama"))
        }
    }

    @Test func damagedPartIsNamed() throws {
        try TemporaryFolder.with { folder in
            let first = try folder.write("m-00001-of-00002.gguf", part(.uint16(0), of: .uint16(2), "a").bytes())
            let second = try folder.write("m-00002-of-00002.gguf", [])
            #expect(throws: GGUFError(file: second, .empty)) { try GGUFFile(path: first) }
        }
    }

    @Test func splitOfOneIsAPlainFile() throws {
        let file = try GGUFSamples.open(part(.uint16(0), of: .uint16(1), tensors: 1, "a").bytes())
        #expect(file.tensors.count == 1 && file.metadata.entries.isEmpty)
    }
}
