import Testing

@testable import Kite

@Suite struct StopMatcherTests {
    /// Feeds `pieces` and returns all text shown and the stop found.
    private func run(_ stops: [String], _ pieces: [String]) -> (text: String, stop: String?) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces {
            let step = matcher.append(piece)
            text += step.text
            if let stop = step.stop { return (text, stop) }
        }
        return (text + matcher.finish(), nil)
    }

    @Test func passesEverythingWithoutStops() {
        let result = run([], ["a", "b"])
        #expect(result.text == "ab")
        #expect(result.stop == nil)
    }

    @Test(arguments: [
        ["one END two"], ["one E", "ND two"], ["one ", "E", "N", "D"], ["o", "n", "e", " ", "E", "N", "D", "x"],
    ])
    func findsAStopAcrossPieces(pieces: [String]) {
        let result = run(["END"], pieces)
        #expect(result.text == "one ")
        #expect(result.stop == "END")
    }

    @Test func givesBackWhatOnlyLookedLikeAStop() {
        #expect(run(["END"], ["EN", "EMY EN"]).text == "ENEMY EN")
    }

    @Test func restartsInsideAFailedMatch() {
        let result = run(["aab"], ["aa", "ab"])
        #expect(result.text == "a")
        #expect(result.stop == "aab")
    }

    @Test func endsAsSoonAsAnyStopIsComplete() {
        let result = run(["abcX", "bc"], ["ab", "c"])
        #expect(result.text == "a")
        #expect(result.stop == "bc")
    }

    /// Pieces make no difference, and of two that end together the longer one counts.
    @Test func piecesMakeNoDifference() {
        for pieces in [["xabcX"], ["x", "a", "b", "c", "X"], ["xab", "cX"]] {
            let first = run(["abcX", "bc"], pieces)
            #expect(first.text == "xa")
            #expect(first.stop == "bc")
            let longer = run(["cX", "abcX"], pieces)
            #expect(longer.text == "x")
            #expect(longer.stop == "abcX")
        }
    }

    /// Every text and stop string of two letters, beside what a search says.
    @Test func whatASearchSays() {
        func words(_ length: Int) -> [String] {
            (0..<1 << length).map { word in (0..<length).map { word >> $0 & 1 == 0 ? "a" : "b" }.joined() }
        }
        for stop in (1...4).flatMap(words) {
            for text in words(8) {
                let found = run([stop], text.map(String.init))
                let expected = (0...(8 - stop.count)).first { text.dropFirst($0).hasPrefix(stop) }
                #expect(found.text == (expected.map { String(text.prefix($0)) } ?? text))
                #expect(found.stop == expected.map { _ in stop })
            }
        }
    }

    /// Long stop strings that the text almost is, over and over.
    @Test(.timeLimit(.minutes(1))) func almostMatchesCostLittle() {
        let stops = (0..<64).map { String(repeating: "a", count: 4090) + "b\($0)" }
        var matcher = StopMatcher(stops)
        for _ in 0..<20_000 { #expect(matcher.append("a").stop == nil) }
        #expect(matcher.finish().count == 4090)
    }

    @Test func neverSplitsACharacter() {
        let result = run(["🎉🎉"], ["é🎉", "é"])
        #expect(result.text == "é🎉é")
    }
}
