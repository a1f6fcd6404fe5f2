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

    @Test func neverSplitsACharacter() {
        let result = run(["🎉🎉"], ["é🎉", "é"])
        #expect(result.text == "é🎉é")
    }
}
