"""Answers in a given shape: JSON Schema with pydantic, JSON objects, grammars, tool calls."""

import json
from enum import Enum
from typing import Annotated, Literal

import openai
import pytest
from pydantic import BaseModel, ConfigDict, Field

CITY = [{"role": "user", "content": "What is the capital of Peru?"}]


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Place(BaseModel):
    name: Annotated[str, Field(max_length=12)]
    is_capital: bool
    size: Size


class Trip(BaseModel):
    model_config = ConfigDict(extra="forbid")
    start: Place
    stops: Annotated[list[Place], Field(min_length=1, max_length=2)]
    days: Annotated[int, Field(ge=1, le=30)]
    mood: Literal["calm", "wild"] | None


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": {
                "type": "object", "required": ["city", "unit"], "additionalProperties": False,
                "properties": {
                    "city": {"enum": ["Lima", "Paris", "Rome"]}, "unit": {"type": "string", "enum": ["C", "F"]}},
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "add", "description": "Adds two numbers",
            "parameters": {
                "type": "object", "required": ["a", "b"],
                "properties": {
                    "a": {"type": "integer", "minimum": 0, "maximum": 99},
                    "b": {"type": "integer", "minimum": 0, "maximum": 99},
                },
            },
        },
    },
]


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def ask(client):
    model = client.models.list().data[0].id

    def ask(messages=CITY, **options):
        return client.chat.completions.create(
            **{"model": model, "messages": messages, "temperature": 0, "max_tokens": 400} | options)

    return ask


def check(call):
    """Arguments of a call as its schema has them."""
    assert call.type == "function" and call.id
    arguments = json.loads(call.function.arguments)
    if call.function.name == "add":
        assert set(arguments) >= {"a", "b"} and all(0 <= arguments[k] <= 99 for k in "ab")
    else:
        assert call.function.name == "get_weather" and set(arguments) == {"city", "unit"}
        assert arguments["city"] in {"Lima", "Paris", "Rome"} and arguments["unit"] in {"C", "F"}
    return arguments


# Shapes


@pytest.mark.parametrize("kind", [Place, Trip])
@pytest.mark.parametrize("temperature", [0, 1.5])
def test_pydantic(client, kind, temperature):
    model = client.models.list().data[0].id
    for seed in range(4):
        answer = client.chat.completions.parse(
            model=model, messages=CITY, response_format=kind, temperature=temperature, seed=seed, max_tokens=600)
        assert answer.choices[0].finish_reason == "stop"
        assert isinstance(answer.choices[0].message.parsed, kind)


def test_pydantic_in_a_stream(client):
    model = client.models.list().data[0].id
    with client.chat.completions.stream(
        model=model, messages=CITY, response_format=Place, temperature=0, max_tokens=200
    ) as stream:
        for _ in stream:
            pass
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Place)


def test_json_object(ask, quotes):
    ended = 0
    for seed in range(8):
        choice = ask(
            response_format={"type": "json_object"}, temperature=1.0, seed=seed, max_tokens=300, logit_bias=quotes,
        ).choices[0]
        assert choice.message.content.lstrip().startswith("{")
        if choice.finish_reason == "stop":
            assert isinstance(json.loads(choice.message.content), dict)
            ended += 1
    assert ended


def test_schema_beside_others_and_at_once(ask, client):
    """n choices each follow it."""
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "integer", "minimum": 10, "maximum": 99}}}
    answer = ask(response_format=shape, n=4, temperature=2.0, seed=1)
    assert all(10 <= int(choice.message.content) <= 99 for choice in answer.choices)


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "string", "pattern": "(?=x)y"}, "pattern"),
        ({"$ref": "https://localhost/schema.json"}, "$ref"),
        ({"$ref": "#/$defs/missing"}, "missing"),
        ({"not": {"type": "string"}}, "not"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "string", "minLength": 5, "maxLength": 2}, ""),
        ({"type": "no-such-type"}, "no-such-type"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1000000000}, ""),
        (False, ""),
    ],
    ids=str,
)
def test_schemas_that_cannot_be_honoured_are_refused(ask, schema, named):
    """Never an answer without the constraint."""
    with pytest.raises(openai.BadRequestError) as found:
        ask(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert named in found.value.body["message"]


def test_grammar(ask, client):
    grammar = 'root ::= "yes" | "no" | digit{2,3}\ndigit ::= [0-9]'
    for seed in range(6):
        text = ask(extra_body={"grammar": grammar}, temperature=2, seed=seed).choices[0].message.content
        assert text in ("yes", "no") or (text.isdigit() and 2 <= len(text) <= 3)
    model = client.models.list().data[0].id
    answer = client.completions.create(
        model=model, prompt="Is the sky blue?", max_tokens=20, extra_body={"grammar": grammar})
    assert answer.choices[0].text in ("yes", "no") or answer.choices[0].text.isdigit()


@pytest.mark.parametrize(
    "grammar",
    ['root ::= "a', "root ::= missing", "root ::= root", 'root ::= "a"{1000000}', "(" * 60000, 'x ::= "a"', "root ::= [z-a]",
     ""],
    ids=["open", "missing", "left-recursive", "repetition", "deep", "no-root", "range", "empty"],
)
def test_grammars_that_make_no_sense_are_refused(ask, grammar):
    if not grammar:
        # Nothing was asked for.
        assert ask(extra_body={"grammar": grammar}).choices[0].message.content
        return
    with pytest.raises(openai.BadRequestError):
        ask(extra_body={"grammar": grammar})


def test_two_constraints_are_refused(ask):
    with pytest.raises(openai.BadRequestError):
        ask(extra_body={"grammar": 'root ::= "a"'}, response_format={"type": "json_object"})


# Tools


def test_required(ask):
    for seed in range(4):
        choice = ask(tools=TOOLS, tool_choice="required", temperature=1, seed=seed).choices[0]
        assert choice.finish_reason == "tool_calls" and choice.message.tool_calls
        for call in choice.message.tool_calls:
            check(call)
        assert len({call.id for call in choice.message.tool_calls}) == len(choice.message.tool_calls)


@pytest.mark.parametrize("name", ["get_weather", "add"])
def test_a_named_tool(ask, name):
    choice = ask(tools=TOOLS, tool_choice={"type": "function", "function": {"name": name}}).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == [name]
    check(choice.message.tool_calls[0])


def test_no_parallel_calls(ask):
    for seed in range(4):
        choice = ask(tools=TOOLS, tool_choice="required", parallel_tool_calls=False, temperature=1.5, seed=seed).choices[0]
        assert len(choice.message.tool_calls) == 1


def test_auto_and_none(ask):
    choice = ask(tools=TOOLS, tool_choice="auto").choices[0]
    assert bool(choice.message.tool_calls) == (choice.finish_reason == "tool_calls")
    assert choice.message.content or choice.message.tool_calls
    for call in choice.message.tool_calls or []:
        check(call)
    choice = ask(tools=TOOLS, tool_choice="none").choices[0]
    assert choice.message.content and not choice.message.tool_calls


def test_streamed_deltas(ask):
    whole = ask(tools=TOOLS, tool_choice="required").choices[0].message.tool_calls
    calls, reasons, pieces = {}, [], 0
    for chunk in ask(tools=TOOLS, tool_choice="required", stream=True):
        for choice in chunk.choices:
            reasons.append(choice.finish_reason)
            assert not choice.delta.content
            for delta in choice.delta.tool_calls or []:
                if delta.index not in calls:
                    # The first piece names the call.
                    assert delta.id and delta.function.name and delta.type == "function"
                    calls[delta.index] = [delta.function.name, ""]
                calls[delta.index][1] += delta.function.arguments or ""
                pieces += 1
    assert reasons[-1] == "tool_calls" and set(reasons[:-1]) <= {None}
    assert [calls[i] for i in sorted(calls)] == [[c.function.name, c.function.arguments] for c in whole]
    assert pieces > len(calls), "the arguments came in one piece"


def test_round_trip(ask):
    message = ask(tools=TOOLS, tool_choice="required", parallel_tool_calls=False).choices[0].message
    messages = [*CITY, message.model_dump(exclude_none=True)]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 21}'} for call in message.tool_calls]
    answer = ask(messages, tools=TOOLS, tool_choice="none").choices[0]
    assert answer.finish_reason in ("stop", "length") and answer.message.content


def test_pydantic_tools(client):
    """The client's own schema of a class, strict."""
    model = client.models.list().data[0].id
    answer = client.chat.completions.parse(
        model=model, messages=CITY, tools=[openai.pydantic_function_tool(Place)], tool_choice="required", temperature=0,
        max_tokens=400)
    assert isinstance(answer.choices[0].message.tool_calls[0].function.parsed_arguments, Place)


@pytest.mark.parametrize(
    "options",
    [
        {"tools": [{"type": "function"}]},
        {"tools": [{"type": "function", "function": {"name": ""}}]},
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "fly"}}},
        {"tools": TOOLS, "tool_choice": "sometimes"},
        {"tools": TOOLS * 2, "tool_choice": "auto"},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"not": {}}}}], "tool_choice": "required"},
    ],
    ids=["nothing", "no-name", "unknown", "word", "twice", "schema"],
)
def test_bad_tools(ask, options):
    with pytest.raises(openai.BadRequestError):
        ask(**options)
