import Testing

@testable import KiteCLI

@Suite struct FormatTests {
    @Test(arguments: [
        (1.005, 1, "1.0"), (-0.04, 1, "0.0"), (-1.25, 1, "-1.3"), (12.3456, 2, "12.35"), (9.999, 2, "10.00"),
        (3, 0, "3"),
    ])
    func fixed(_ value: Double, _ digits: Int, _ text: String) {
        #expect(Format.fixed(value, digits) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (1_706_805_760, "1.71 GB"), (999_600_000, "1.00 GB"),
        (25_400_000, "25.4 MB"),
    ])
    func bytes(_ count: Int, _ text: String) {
        #expect(Format.bytes(count) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-4_096, "-4,096")])
    func count(_ value: Int, _ text: String) {
        #expect(Format.count(value) == text)
    }

    @Test(arguments: [(0.0, "0:00"), (6.2, "0:07"), (750, "12:30"), (3723, "1:02:03"), (.infinity, "-:--")])
    func duration(_ seconds: Double, _ text: String) {
        #expect(Format.duration(seconds) == text)
    }

    @Test(arguments: [
        ("a\\nb", "a\nb"), ("\\t\\r\\\\", "\t\r\\"), ("\\x41\\xe6\\x97\\xa5", "A日"), ("\\q", "\\q"), ("end\\", "end\\"),
        ("\\xZZ", "\\xZZ"), ("\\\"\\'", "\"'"), ("\\\\n", "\\n"),
    ])
    func escapes(_ text: String, _ result: String) {
        #expect(Escapes.processed(text) == result)
    }

    @Test(
        arguments: [
            ("<|user|>\nList<|endoftext|>\n<|assistant|>", "List"), ("<|user|>\nHi</s>\n<|assistant|>\n", "Hi"),
            ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "Hi"), ("[INST] Hi [/INST]", "Hi"), ("Hi", nil),
            ("<|user|>", nil), ("<|user|>\na<|endoftext|>\n<|assistant|>\nb<|endoftext|>\n<|user|>\nc", nil),
        ] as [(String, String?)])
    func findsTheMessageInMarkup(_ text: String, _ message: String?) {
        #expect(PromptMarkup.message(in: text) == message)
    }

    @Test func oneLineHoldsNoControlCharacters() {
        #expect(Console.oneLine("a\nb\u{1B}[2Jc\u{9B}") == "a b\u{FFFD}[2Jc\u{FFFD}")
    }

    @Test func progressTellsRateAndEnd() {
        let line = ProgressBar.line(
            title: "Converting", done: 500_000_000, total: 1_000_000_000, rate: 250e6, detail: "blk.1", columns: 120)
        #expect(line == "Converting [###############---------------] 50% 500 MB of 1.00 GB, 250 MB/s, 0:02 left  blk.1")
        #expect(ProgressBar.line(title: "x", done: 1, total: 0, rate: 0, detail: "", columns: 40).count < 40)
    }

    @Test(arguments: [
        (5.0, "just now"), (-3, "just now"), (61, "1 minute ago"), (7300, "2 hours ago"), (200_000, "2 days ago"),
    ])
    func ages(_ seconds: Double, _ text: String) { #expect(Format.age(seconds) == text) }
}
