"""Constrained answers of the built program: always valid by the schema, and refused where a schema cannot be honoured."""

import json

import pytest
from jsonschema import Draft202012Validator

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "height": {"type": "number", "exclusiveMinimum": 0, "maximum": 2.5},
        "color": {"enum": ["red", "green", None]},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{1,8}$"}, "maxItems": 3},
        "born": {"type": "string", "format": "date"},
    },
    "required": ["name", "age", "born"],
    "additionalProperties": False,
}
TREE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer", "minimum": 0, "maximum": 9},
        "next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
    },
    "required": ["value", "next"],
}
CALLS = {
    "oneOf": [
        {"type": "object", "properties": {"tool": {"const": "add"}, "a": {"type": "integer"}}, "required": ["tool", "a"]},
        {"type": "object", "properties": {"tool": {"const": "say"}, "text": {"type": "string", "maxLength": 9}}, "required": ["tool", "text"]},
    ]
}
SCHEMAS = {"person": PERSON, "tree": TREE, "calls": CALLS}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("seed", range(4))
def test_answers_satisfy_the_schema(kite, name, seed):
    """At a temperature that leaves the model no say, so that everything the mask lets through comes up."""
    schema = SCHEMAS[name]
    result = kite.ok(
        "generate", "--chat", "-p", "Hello", "-n", "900", "--temp", "5", "--top-k", "0", "--top-p", "1", "--min-p", "0",
        "--seed", seed, "--json-schema", json.dumps(schema), "--json")
    answer = json.loads(result.out)
    if answer["finish_reason"] == "length":
        return  # the tree grew on
    Draft202012Validator(schema).validate(json.loads(answer["content"]))


def test_chat_and_greedy(kite, tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(PERSON))
    result = kite.ok("chat", "-p", "Who are you?", "--temp", "0", "-n", "300", "-j", tmp_path / "schema.json")
    Draft202012Validator(PERSON).validate(json.loads(result.out))


def test_gbnf(kite, tmp_path):
    grammar = 'root ::= "yes" | "no"'
    assert kite.ok("generate", "-p", "Well?", "--temp", "2", "--grammar", grammar).out.strip() in ("yes", "no")
    (tmp_path / "g.gbnf").write_text('root ::= [0-9]{4} "-" [0-9]{2}')
    text = kite.ok("generate", "-p", "Well?", "--temp", "2", "--grammar-file", tmp_path / "g.gbnf").out.strip()
    assert len(text) == 7 and text[4] == "-" and text.replace("-", "").isdigit()


def test_drafts_change_nothing(kite):
    arguments = ["generate", "-p", '{"a": 1} {"a": 1} {"a": 1}', "--temp", "0", "-n", "100", "-j", json.dumps(TREE)]
    assert kite.ok(*arguments).out == kite.ok(*arguments, "--draft", "lookup").out


@pytest.mark.parametrize(
    "flag, text, part",
    [
        ("--json-schema", '{"not": {}}', 'unsupported keyword "not" at #'),
        ("--json-schema", '{"properties": {"x": {"uniqueItems": true}}}', 'unsupported keyword "uniqueItems" at #/properties/x'),
        ("--json-schema", '{"type": "strin"}', "schema at #"),
        ("--json-schema", "{", "not JSON"),
        ("--json-schema", "nothing.json", "neither a JSON object nor a file"),
        ("--grammar", "root ::= x", 'line 1, column 10: rule "x" is not defined'),
        ("--grammar", "root ::= " + "(" * 30_000, "nested more than"),
    ],
)
def test_what_cannot_be_honoured_is_refused(kite, flag, text, part):
    result = kite("generate", "-p", "x", flag, text)
    assert result.code == 2
    assert len(result.error_lines) == 1 and part in result.error_lines[0]
    assert result.out == ""
