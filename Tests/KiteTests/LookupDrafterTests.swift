import Testing

@testable import Kite

@Suite struct LookupDrafterTests {
    private func costs(slope: Double) -> PassCosts {
        let costs = PassCosts()
        costs.note(columns: 1, seconds: 1)
        for columns in 2...16 {
            for _ in 0..<40 { costs.note(columns: columns, seconds: 1 + Double(columns - 1) * slope) }
        }
        return costs
    }

    /// Random tokens of a small vocabulary.
    private func noise(_ count: Int, of size: UInt64, seed: UInt64) -> [TokenID] {
        var random = PCG32(seed: seed)
        return (0..<count).map { _ in TokenID(random.next() % size) }
    }

    @Test func findsTheLongestMatchBefore() {
        let text = noise(3000, of: 12, seed: 1)
        var index = NGramIndex()
        for end in 1...text.count {
            let found = index.append(text[end - 1])
            // By definition: of the latest earlier places of the last 2, 3, 5 and 8 tokens, the one that agrees most.
            func agreement(_ place: Int) -> Int {
                (0..<min(place, NGramIndex.longest)).first { text[place - 1 - $0] != text[end - 1 - $0] }
                    ?? min(place, NGramIndex.longest)
            }
            let places = [2, 3, 5, 8].compactMap { n in
                end > n ? (n..<end).last { agreement($0) >= n } : nil
            }
            let longest = places.map(agreement).max()
            // Entries of n-grams with the same hash may be lost, never invented.
            if let found {
                #expect(agreement(found.position) == found.length)
                #expect(found.position < end && found.length >= 2)
            }
            if let longest, longest >= 8 { #expect(found != nil) }
        }
        #expect(index.tokens == text)
    }

    @Test func growingKeepsEveryMatch() {
        let text = noise(5000, of: 40_000, seed: 2)
        var index = NGramIndex(text)
        for token in text[100..<107] { index.append(token) }
        #expect(index.append(text[107]) == .init(position: 108, length: 8))
    }

    /// Makes `answer` after `prompt`; returns passes over the model and tokens drafted.
    private func replay(_ prompt: [TokenID], _ answer: [TokenID], _ costs: PassCosts) -> (passes: Int, drafted: Int) {
        var drafter = LookupDrafter(prompt: prompt, costs: costs)
        var passes = 0
        var drafted = 0
        var next = 0
        while next < answer.count {
            drafter.accept(answer[next])
            next += 1
            let draft = drafter.draft(atMost: LookupDrafter.longestDraft)
            #expect(draft.count <= 15)
            passes += 1
            drafted += draft.count
            for token in draft where next < answer.count {
                guard token == answer[next] else { break }
                drafter.accept(token)
                next += 1
            }
        }
        return (passes, drafted)
    }

    /// A document with one word in the middle replaced: few passes, and few guesses lost.
    @Test func repeatsADocumentWithOneChange() {
        let document = noise(600, of: 20_000, seed: 3)
        let instruction = noise(20, of: 20_000, seed: 4)
        var answer = document
        answer.replaceSubrange(300..<301, with: [20_001, 20_002, 20_003])
        let (passes, drafted) = replay(instruction + document, answer, costs(slope: 0.05))
        #expect(passes < answer.count / 8)
        #expect(drafted < answer.count + 40)
    }

    /// Text that does not repeat itself costs no guesses to speak of.
    @Test func doesNotGuessInVain() {
        let prompt = noise(1000, of: 50, seed: 5)
        let answer = noise(1000, of: 50, seed: 6)
        let (passes, drafted) = replay(prompt, answer, costs(slope: 0.1))
        #expect(passes >= 960)
        #expect(drafted < 60)
    }

    @Test func doesNotGuessWhereItCannotPay() {
        let document = noise(200, of: 20_000, seed: 3)
        #expect(replay(document, document, costs(slope: 1.1)).drafted == 0)
        // Nor before a pass was measured.
        #expect(replay(document, document, PassCosts()).drafted == 0)
    }

    /// A kernel that is dear for few columns does not spoil the estimate for many.
    @Test func costsAreLearnedByColumns() throws {
        let costs = PassCosts()
        for _ in 0..<40 { costs.note(columns: 2, seconds: 1.8) }
        #expect(costs.relative == nil)
        costs.note(columns: 1, seconds: 1)
        for _ in 0..<40 {
            costs.note(columns: 2, seconds: 1.8)
            costs.note(columns: 16, seconds: 2.5)
        }
        let relative = try #require(costs.relative)
        #expect(relative[0] == 1)
        #expect(abs(relative[1] - 1.8) < 0.01)
        #expect(abs(relative[15] - 2.5) < 0.01)
    }

    @Test func goesRoundInALoop() {
        let period: [TokenID] = [5, 6, 7]
        var drafter = LookupDrafter(prompt: period + period + period, costs: costs(slope: 0.01))
        for _ in 0..<10 { for token in period { drafter.accept(token) } }
        #expect(drafter.draft(atMost: 7) == [5, 6, 7, 5, 6, 7, 5])
        #expect(drafter.draft(atMost: 2) == [5, 6])
        #expect(drafter.draft(atMost: 0) == [])
    }

    @Test func ratesFollowTheText() {
        var rates = AcceptanceRates()
        let before = rates[20]
        for _ in 0..<50 { rates.note(false, length: 20) }
        #expect(rates[20] < 0.2)
        #expect(rates[4] == AcceptanceRates()[4])
        for _ in 0..<50 { rates.note(true, length: 32) }
        #expect(rates[20] > 0.85 && before > 0.85)
    }
}
