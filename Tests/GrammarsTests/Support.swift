import ModelFiles

@testable import Grammars

extension Grammar {
    /// Whether `text` as a whole is in the grammar.
    func accepts(_ text: String) throws -> Bool {
        var matcher = try Matcher(self)
        return try matcher.matches(text.utf8)
    }

    /// A text of the grammar, by steps taken at random; ends sooner once `length` bytes are there, and is nil when it does
    /// not come to an end within ten times as many.
    func randomText(_ random: inout some RandomNumberGenerator, length: Int = 200) throws -> [UInt8]? {
        var matcher = try Matcher(self)
        var state = matcher.start
        var text: [UInt8] = []
        while text.count < 10 * length {
            if matcher.mayEnd(state),
                matcher.isFinal(state) || text.count >= length || Int.random(in: 0..<4, using: &random) == 0
            {
                return text
            }
            var bytes: [UInt8] = []
            for byte in UInt8.min...UInt8.max where try matcher.step(state, byte) != Matcher.dead { bytes.append(byte) }
            // Structure comes up as often as content, so that texts end.
            let structure = bytes.filter { Array("\"}],:".utf8).contains($0) }
            let pool = !structure.isEmpty && (text.count >= length || Bool.random(using: &random)) ? structure : bytes
            guard let byte = pool.randomElement(using: &random) else { return nil }
            text.append(byte)
            state = try matcher.step(state, byte)
        }
        return nil
    }
}

/// The error that making something throws.
func errorOf<Value>(_ make: () throws -> Value) -> GrammarError? {
    do {
        _ = try make()
        return nil
    } catch {
        return error as? GrammarError
    }
}
