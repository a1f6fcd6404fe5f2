import Foundation
import TestSupport
import Testing

@testable import KiteCLI

@Suite struct HistoryTests {
    @Test(arguments: ["plain", "two\nlines", "back\\slash", "\\n", "ends\\", "日本\n\\\\n"])
    func entriesSurviveTheFile(_ entry: String) {
        #expect(History.decoded(History.encoded(entry)) == entry)
        #expect(!History.encoded(entry).contains("\n"))
    }

    @Test func isKeptFromOneRunToTheNext() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("history")
            var history = History(path: path)
            history.add("one")
            history.add("one")
            history.add(" secret")
            history.add("")
            history.add("two\nlines")
            #expect(History(path: path).entries == ["one", "two\nlines"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func oldEntriesAreForgotten() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("history")
            let lines = (0..<2500).map { "entry \($0)\n" }.joined()
            try Data(lines.utf8).write(to: URL(filePath: path))
            let history = History(path: path)
            #expect(history.entries.count == History.limit)
            #expect(history.entries.last == "entry 2499")
            #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == History.limit)
        }
    }
}
