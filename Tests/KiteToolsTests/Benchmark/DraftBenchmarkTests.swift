import Kite
import KiteTools
import Testing

@Suite struct DraftBenchmarkTests {
    /// Every token of the answer is made once, either by a pass of its own or by a guess that was right.
    @Test func countsAddUp() throws {
        let benchmark = try DraftBenchmark(.open(.nano), options: .init(), threads: 1, tokens: 80)
        let plain = try benchmark.run(.none)
        #expect(plain.passes == benchmark.answerTokens && plain.drafted == 0 && plain.accepted == 0)
        // Twice, as nothing is drafted before a pass was measured.
        for _ in 0..<2 {
            let run = try benchmark.run(.lookup)
            #expect(run.passes + run.accepted == benchmark.answerTokens)
            #expect(run.accepted <= run.drafted)
            #expect(run.seconds > 0)
        }
    }
}
