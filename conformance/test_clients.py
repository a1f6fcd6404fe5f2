"""langchain-openai, litellm, and programs written for llama-cpp-python's server."""

import json
import os

import pytest
from pydantic import BaseModel

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it asks another server for prices


class Answer(BaseModel):
    is_city: bool
    letters: int


@pytest.fixture(scope="module")
def model(server):
    return server.get("/v1/models").json["data"][0]["id"]


@pytest.fixture(scope="module")
def langchain(server, model):
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(base_url=server.url + "/v1", api_key="none", model=model, temperature=0, max_retries=0, timeout=60)


def test_langchain(langchain):
    answer = langchain.invoke("What is the capital of Peru?")
    assert "Lima" in answer.content
    assert answer.usage_metadata["output_tokens"] > 1 and answer.response_metadata["finish_reason"] == "stop"
    pieces = list(langchain.stream("What is the capital of Peru?"))
    assert len(pieces) > 3 and "".join(piece.content for piece in pieces) == answer.content
    assert [message.content for message in langchain.batch(["What is the capital of Peru?"] * 4)] == [answer.content] * 4


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_langchain_structured(langchain, quotes, method):
    if method == "json_mode":
        # The shape is the prompt's business here, so only that it is an object.
        shaped = langchain.model_copy(update={"logit_bias": quotes}).with_structured_output(None, method=method, include_raw=True)
        found = shaped.invoke("JSON please")
        assert isinstance(found["parsed"], dict)
        return
    found = langchain.with_structured_output(Answer, method=method).invoke("Is Lima a city?")
    assert isinstance(found, Answer)


def test_langchain_tools(langchain):
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.tools import tool

    @tool
    def double(number: int) -> int:
        """Twice the number."""
        return 2 * number

    question = HumanMessage("What is twice 4?")
    message = langchain.bind_tools([double], tool_choice="any").invoke([question])
    [call, *_] = message.tool_calls
    assert call["name"] == "double" and isinstance(call["args"]["number"], int)
    results = [ToolMessage(str(double.invoke(call["args"])), tool_call_id=call["id"]) for call in message.tool_calls]
    assert langchain.invoke([question, message, *results]).content


def test_langchain_embeddings(server, model):
    from langchain_openai import OpenAIEmbeddings

    maker = OpenAIEmbeddings(base_url=server.url + "/v1", api_key="none", model=model, check_embedding_ctx_length=False)
    assert len(maker.embed_query("a cat")) == 256


def test_litellm(server, model):
    litellm = pytest.importorskip("litellm")
    options = {
        "model": f"openai/{model}", "api_base": server.url + "/v1", "api_key": "none", "temperature": 0,
        "messages": [{"role": "user", "content": "What is the capital of Peru?"}], "timeout": 60, "num_retries": 0,
    }
    answer = litellm.completion(**options)
    assert "Lima" in answer.choices[0].message.content and answer.usage.completion_tokens > 1
    pieces = list(litellm.completion(**options, stream=True))
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == answer.choices[0].message.content
    text = litellm.text_completion(
        model=f"text-completion-openai/{model}", prompt="The capital of Peru is", api_base=options["api_base"],
        api_key="none", max_tokens=8, temperature=0)
    assert text.choices[0].text
    vectors = litellm.embedding(
        model=f"openai/{model}", input=["a cat"], api_base=options["api_base"], api_key="none", encoding_format="float")
    assert len(vectors.data[0]["embedding"]) == 256
    with pytest.raises(litellm.BadRequestError):
        litellm.completion(**options | {"temperature": -1})


# All fields of CreateCompletionRequest and CreateChatCompletionRequest of llama-cpp-python's server, with its defaults.
LLAMA_CPP_PYTHON = {
    "temperature": 0.8, "top_p": 0.95, "min_p": 0.05, "stop": [], "stream": False, "presence_penalty": 0.0,
    "frequency_penalty": 0.0, "logit_bias": None, "seed": None, "model": None, "n": 1, "user": None, "top_k": 40,
    "repeat_penalty": 1.1, "logit_bias_type": None, "mirostat_mode": 0, "mirostat_tau": 5.0, "mirostat_eta": 0.1,
    "grammar": None, "min_tokens": 0,
}


def test_llama_cpp_python(server):
    body = LLAMA_CPP_PYTHON | {"prompt": "The capital of Peru is", "suffix": None, "max_tokens": 16, "echo": False, "logprobs": None, "best_of": 1}
    answer = server.ok("/v1/completions", body)
    # The keys of its CreateCompletionResponse, as programs take them out.
    assert {"id", "object", "created", "model", "choices", "usage"} <= answer.keys()
    assert {"text", "index", "logprobs", "finish_reason"} <= answer["choices"][0].keys()
    assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= answer["usage"].keys()
    body = LLAMA_CPP_PYTHON | {
        "messages": [{"role": "user", "content": "What is the capital of Peru?"}], "functions": None, "function_call": None,
        "tools": None, "tool_choice": None, "max_tokens": None, "logprobs": False, "top_logprobs": None,
        "response_format": None, "temperature": 0,
    }
    answer = server.ok("/v1/chat/completions", body)
    assert "Lima" in answer["choices"][0]["message"]["content"]
    chunks = list(server.events("/v1/chat/completions", body))
    assert "Lima" in "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)
    assert server.ok("/v1/embeddings", {"input": "a cat", "model": None, "user": None})["data"][0]["embedding"]


def test_llama_server(server):
    """Text and tokens as llama.cpp's server has them."""
    text = "Hello, Péru 🪁"
    tokens = server.ok("/tokenize", {"content": text})["tokens"]
    assert server.ok("/detokenize", {"tokens": tokens})["content"] == text
    prompt = server.ok("/apply-template", {"messages": [{"role": "user", "content": "Hi"}]})["prompt"]
    assert prompt == "<|user|>\nHi<|endoftext|>\n<|assistant|>\n"
    answer = server.ok("/v1/completions", {"prompt": prompt, "n_predict": 4, "cache_prompt": True, "temperature": 0})
    assert answer["timings"]["predicted_n"] <= 4
    info = server.get("/tokenizer_info").json
    assert info["eos_token"] == "<|endoftext|>" and "<|assistant|>" in info["chat_template"]
    assert server.get("/health").json["status"] == "ok"
    assert json.loads(server.get("/v1/models").body)["object"] == "list"
