import Foundation
import Kite
@testable import KiteTools

#if canImport(FoundationXML)
import FoundationXML
#endif
import ModelFiles
import TestSupport
import Testing

@Suite struct LossReportTests {
    /// The built-in model beside itself in other types: the table and the picture hold what was measured.
    @Test func reportOfTheBuiltInModel() throws {
        try TemporaryFolder.with { folder in
            let base = try Checkpoint.open(.path(Golden.path("models/quantized/F32.gguf")))
            let tokenizer = try Tokenizer.load(base)
            let bytes = Array(try Data(contentsOf: Golden.url("perplexity/text.txt")))
            let text = try TextChunks(
                TextChunks.tokens(of: bytes, with: tokenizer), contextLength: 64, limit: 5, bosToken: nil
            )
            let temporary = folder.path("base.kld")
            var report: LossReport?
            do {
                let measurement = LossMeasurement(
                    base: base, baseName: "F32", text: text, options: .init(), temporaryPath: temporary)
                try measurement.measureBase()
                let size = try FileManager.default.attributesOfItem(atPath: temporary)[.size] as? Int
                #expect(size == measurement.temporaryBytes)
                try measurement.measure(try .open(.path(Golden.path("perplexity/coarse.gguf"))), name: "Q4_0 <&>")
                report = measurement.report(conditions: ["Text: text.txt."])
            }
            #expect(!FileManager.default.fileExists(atPath: temporary))
            let found = try #require(report)
            let entry = try #require(found.entries.first)
            #expect(abs((entry.divergence?.divergence.value ?? 0) - 0.05995) < 1e-4)
            let markdown = found.markdown(picture: "loss.svg")
            #expect(markdown.contains("![Divergence from F32 by file size](<loss.svg>)"))
            #expect(markdown.contains("| Q4_0 \\<&\\> | 338.75 kB | 32.5"))
            #expect(markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }.count == 4)
            #expect(found.svg.contains(">Q4_0 &lt;&amp;&gt;</text>"))
            let parser = XMLParser(data: Data(found.svg.utf8))
            #expect(parser.parse())
        }
    }

    @Test func namesOfFiles() {
        for (path, name) in [
            ("a/stablelm-zephyr-3b.Q4_K_M.gguf", "Q4_K_M"), ("model-f16.gguf", "F16"), ("x.IQ4_XS.GGUF", "IQ4_XS"),
            ("zephyr-q8_0.gguf", "Q8_0"), ("quite-fine.gguf", "quite-fine"), ("folder/", "folder"),
        ] {
            #expect(LossMeasurement.name(of: path) == name)
        }
    }

    /// No label covers another, on the picture of a typical model.
    @Test func labelsAreApart() {
        let svg = Self.example.svg
        #expect(svg.components(separatedBy: "class=\"label\"").count == Self.example.entries.count + 1)
        #expect(svg.contains("prefers-color-scheme: dark"))
        let label = /class="label" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)</
        let boxes = svg.matches(of: label).map { match -> (left: Double, right: Double, y: Double) in
            let width = 8 * Double(match.4.count)
            let x = Double(match.1) ?? 0
            let left = x - (match.3 == "start" ? 0 : match.3 == "end" ? width : width / 2)
            return (left, left + width, Double(match.2) ?? 0)
        }
        #expect(boxes.count == Self.example.entries.count)
        for (index, box) in boxes.enumerated() {
            #expect(box.left > 60 && box.right < 800)
            for other in boxes[..<index] {
                let isApart = box.left >= other.right || other.left >= box.right || abs(box.y - other.y) >= 13
                #expect(isApart)
            }
        }
    }

    /// What the twelve types of a 3B look like.
    static let example: LossReport = {
        let sizes: [(String, Double, Double)] = [
            ("Q2_K", 1.2, 0.21), ("Q3_K_S", 1.25, 0.13), ("Q3_K_M", 1.39, 0.07), ("Q3_K_L", 1.51, 0.055),
            ("Q4_0", 1.61, 0.042), ("Q4_K_S", 1.62, 0.026), ("Q4_K_M", 1.71, 0.021), ("Q5_0", 1.94, 0.013),
            ("Q5_K_S", 1.94, 0.0085), ("Q5_K_M", 1.99, 0.0072), ("Q6_K", 2.3, 0.0021), ("Q8_0", 2.97, 0.0004),
        ]
        let entries = sizes.map { name, size, divergence in
            entry(name, bytes: Int(size * 1e9), divergence: divergence)
        }
        return LossReport(
            title: "StableLM 3B", base: entry("F16", bytes: 5_593_000_000, divergence: nil), entries: entries,
            conditions: [])
    }()

    private static func entry(_ name: String, bytes: Int, divergence: Double?) -> LossReport.Entry {
        LossReport.Entry(
            name: name, bytes: bytes, parameters: 2_795_443_200, perplexity: Estimate(9, 0.1),
            divergence: divergence.map { DivergenceStatistics(example: $0) })
    }
}

extension DivergenceStatistics {
    /// Statistics of two tokens with this mean divergence.
    init(example divergence: Double) {
        var sums = DivergenceSums()
        for factor in [0.9, 1.1] {
            sums.add(TokenScore(surprise: 2, baseSurprise: 2, divergence: divergence * factor, hasSameTop: true))
        }
        self.init(sums)
    }
}
