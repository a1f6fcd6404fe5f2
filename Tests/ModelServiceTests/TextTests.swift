import Kite
import ModelFiles
import Testing

@testable import ModelService

/// Tokens, embeddings and templates.
struct TextTests {
    @Test func tokenizeBothWays() async throws {
        let fixture = try await ServiceFixture()
        let tokenizer = fixture.model.tokenizer
        let plain = tokenizer.encode("Hello there", addSpecialTokens: false).map { JSONValue.integer(Int64($0)) }
        let marked = tokenizer.encode("Hello there", addSpecialTokens: true).map { JSONValue.integer(Int64($0)) }
        #expect(try await fixture.post("/tokenize", ["content": "Hello there"])["tokens"] == .array(plain))
        #expect(
            try await fixture.post("/tokenize", ["content": "Hello there", "add_special": true])["tokens"]
                == .array(marked))
        #expect(try await fixture.post("/tokenize", ["prompt": "Hello there"])["tokens"] == .array(marked))
        let bare = try await fixture.post("/tokenize", ["prompt": "Hello there", "add_special_tokens": false])
        #expect(bare["tokens"] == .array(plain))
        #expect(bare["count"]?.int == plain.count)
        let pieces = try await fixture.post("/tokenize", ["content": "Hello 🪁", "with_pieces": true])
        let list = try #require(pieces["tokens"]).elements
        let bytes = list.flatMap { entry -> [UInt8] in
            switch entry["piece"] {
            case .string(let text): Array(text.utf8)
            case .array(let bytes): bytes.compactMap { $0.int.map { UInt8($0) } }
            default: []
            }
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "Hello 🪁")
        let special = try await fixture.post("/tokenize", ["content": "<|endoftext|>", "parse_special": false])
        #expect((special["count"]?.int ?? 0) > 1)
        let back = try await fixture.post("/detokenize", ["tokens": .array(plain)])
        #expect(back["content"] == "Hello there" && back["prompt"] == "Hello there")
        #expect(try await fixture.post("/detokenize", ["tokens": []])["content"] == "")
        for bad in [[:], ["tokens": 5], ["tokens": ["x"]], ["tokens": [-1]], ["tokens": [99_999_999]]] as [JSONValue] {
            #expect(try await fixture.error("/detokenize", bad)["param"]?.text?.hasPrefix("tokens") == true)
        }
        #expect(try await fixture.error("/tokenize", [:])["param"] == "content")
    }

    @Test func tokensOfAConversation() async throws {
        let fixture = try await ServiceFixture()
        let tokenizer = fixture.model.tokenizer
        let chat: JSONValue = ["messages": [["role": "user", "content": "Hello there"]]]
        for change in [
            [:], ["add_generation_prompt": false], ["chat_template_kwargs": ["x": 1]],
            [
                "messages": [["role": "user", "content": "Hello"], ["role": "assistant", "content": "Hi"]],
                "continue_final_message": true,
            ],
        ] as [JSONValue] {
            let prompt = try await fixture.post("/apply-template", chat.adding(change))
            let text = try #require(prompt["prompt"]?.text)
            let reply = try await fixture.post("/tokenize", chat.adding(change))
            #expect(reply["count"] == prompt["tokens"])
            let tokens = try #require(reply["tokens"]).elements.compactMap(\.int).map { TokenID($0) }
            #expect(tokenizer.decode(tokens).hasSuffix(text))
        }
        // As many as a chat reads.
        let usage = try await fixture.post("/v1/chat/completions", chat.adding(["max_tokens": 1]))["usage"]
        #expect(try await fixture.post("/tokenize", chat)["count"] == usage?["prompt_tokens"])
        let pieces = try await fixture.post("/tokenize", chat.adding(["with_pieces": true]))["tokens"]?.elements
        #expect(pieces?.allSatisfy { $0["piece"] != nil } == true)
        #expect(try await fixture.error("/tokenize", chat.adding(["prompt": "x"]))["param"] == "prompt")
        #expect(try await fixture.error("/tokenize", ["messages": 5])["param"] == "messages")
    }

    @Test func tokenizerInfo() async throws {
        let fixture = try await ServiceFixture()
        let info = try await fixture.get("/tokenizer_info")
        let tokenizer = fixture.model.tokenizer
        #expect(info["eos_token"]?.text == tokenizer.eosToken.flatMap(tokenizer.piece(of:)))
        #expect(info["chat_template"]?.text == fixture.model.chatTemplate.source)
        #expect(info["pad_token"] != nil && info["bos_token"] != nil)
    }

    @Test func embeddings() async throws {
        let fixture = try await ServiceFixture()
        let width = fixture.model.configuration.embeddingLength
        let one = try await fixture.post("/v1/embeddings", ["input": "A kite", "model": "nano"])
        #expect(one["object"] == "list" && one["pooling"] == "mean" && one["model"] == "nano")
        let vector = try #require(one["data"]?[0]?["embedding"]).elements.compactMap(\.double)
        #expect(vector.count == width)
        let tokens = fixture.model.tokenizer.encode("A kite", addSpecialTokens: true, parseSpecialTokens: false)
        #expect(one["usage"]?["prompt_tokens"]?.int == tokens.count)
        let ids = JSONValue.array(tokens.map { .integer(Int64($0)) })
        let many = try await fixture.post("/v1/embeddings", ["input": [ids, ids]])
        #expect(many["data"]?.elements.map { $0["index"]?.int } == [0, 1])
        #expect(many["data"]?[1]?["embedding"] == one["data"]?[0]?["embedding"])
        let texts = try await fixture.post("/v1/embeddings", ["input": ["A kite", "x"]])
        #expect(texts["data"]?[0]?["embedding"] == one["data"]?[0]?["embedding"])
        let packed = try await fixture.post("/v1/embeddings", ["input": ids, "encoding_format": "base64"])
        let bytes = vector.flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> UInt32(8 * $0)) }
        }
        #expect(packed["data"]?[0]?["embedding"]?.text == Base64.encode(bytes))
        for (bad, param) in [
            ([:], "input"), (["input": 5], "input"), (["input": []], "input"), (["input": ""], "input"),
            (["input": "x", "encoding_format": "hex"], "encoding_format"),
            (["input": "x", "dimensions": 7], "dimensions"),
            (["input": .string(String(repeating: "word ", count: 1000))], "input"),
        ] as [(JSONValue, String)] {
            #expect(try await fixture.error("/v1/embeddings", bad)["param"]?.text == param, "\(bad)")
        }
    }

    @Test func manyTextsAtOnce() async throws {
        let fixture = try await ServiceFixture()
        let texts = (0..<300).map { JSONValue.string("\($0)") }
        let reply = try await fixture.post("/v1/embeddings", ["input": .array(texts)])
        #expect(reply["data"]?.elements.count == 300)
        let tooMany = JSONValue.array(Array(repeating: "x", count: 2049))
        #expect(try await fixture.error("/v1/embeddings", ["input": tooMany])["param"] == "input")
    }

    @Test func embeddingsHaveADeadline() async throws {
        let long = JSONValue.string(String(repeating: "word ", count: 600))
        let ask: JSONValue = ["input": .array(Array(repeating: long, count: 32))]
        let fixture = try await ServiceFixture()
        let error = try await fixture.error("/v1/embeddings", ask.adding(["timeout": 0.001]), status: 408)
        #expect(error["code"] == "deadline_exceeded")
        #expect(try await fixture.error("/v1/embeddings", ask.adding(["timeout": 0]))["param"] == "timeout")
        var options = ServiceOptions()
        options.deadline = .milliseconds(1)
        _ = try await ServiceFixture(options).error("/v1/embeddings", ask.adding(["timeout": 1000]), status: 408)
    }

    @Test func base64() {
        #expect(
            ["", "f", "fo", "foo", "foob"].map { Base64.encode(Array($0.utf8)) } == [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==",
            ])
    }

    @Test func templatesWithVariables() async throws {
        let model = try await LanguageModel.load(
            .nano,
            options: .init(
                contextLength: 64,
                chatTemplate: "{{ greeting }}{% for m in messages %}{% if m.role == 'x' %}{{ raise_exception('no') }}"
                    + "{% endif %}{{ m.content }}|{% endfor %}{% if add_generation_prompt %}>{% endif %}"))
        let service = ModelService(models: ModelRegistry(model, name: "nano"))
        let body: JSONValue = [
            "messages": [["role": "user", "content": "Hi"]],
            "chat_template_kwargs": ["greeting": "Ho:", "messages": "ignored", "nested": [1, 2.5, ["a": .null]]],
        ]
        let reply = await service.reply(
            to: ServiceRequest(method: "POST", path: "/apply-template", body: try body.encoded()))
        #expect(try ServiceFixture.json(reply, expecting: 200)["prompt"] == "Ho:Hi|>")
    }
}
