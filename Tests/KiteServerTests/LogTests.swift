#if Server
import Logging
import ModelFiles
import Testing

@testable import KiteServer

@Suite struct LogTests {
    @Test func textLinesReadLikeAStory() throws {
        let log = LogLines()
        log.logger.info(
            "request", metadata: ["seconds": "0.5", "method": "GET", "x": "two words", "path": "/a=b\n\u{1B}[2J"])
        let line = try #require(log.all.first)
        #expect(line.split(separator: " ")[0].hasSuffix("Z"))
        #expect(line.hasSuffix("info request method=GET path=\"/a=b\\n\u{FFFD}[2J\" seconds=0.5 x=\"two words\"\n"))
    }

    @Test func jsonLinesAreJSON() throws {
        let log = LogLines(.json)
        log.logger.warning("odd \"one\"", metadata: ["status": "404", "path": "/\u{7}\"", "nested": ["a": "b"]])
        let line = try #require(log.all.first)
        let fields = try JSONValue(parsing: line)
        #expect(try fields["level"]?.asString() == "warning")
        #expect(try fields["message"]?.asString() == "odd \"one\"")
        #expect(try fields["status"]?.asInt() == 404)
        #expect(try fields["path"]?.asString() == "/\u{7}\"")
        #expect(line.hasSuffix("}\n"))
    }
}
#endif
