"""Tests/Golden/schemas/cases.json: JSON schemas with texts a grammar must accept and texts it must refuse.

What must be accepted is written down here, in the order and the spelling that Kite's grammars have; the package
jsonschema must find it valid. What must be refused is made from that by changing values; jsonschema must find it invalid.
Schemas of pydantic models are made by pydantic.
"""

import copy
import datetime
import enum
import json
import uuid
from pathlib import Path
from typing import Annotated, Literal, Optional, Union

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import validator_for
from pydantic import BaseModel, ConfigDict, Field

# Its checker of "time" is that of draft 3, without zones.
FORMATS = FormatChecker(set(FormatChecker.checkers) - {"time"})
OUTPUT = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "schemas" / "cases.json"


class Color(enum.Enum):
    red = "red"
    green = "green"
    blue = "blue"


class Address(BaseModel):
    street: str
    city: str = Field(min_length=1, max_length=40)
    zip: str = Field(pattern=r"^[0-9]{5}(-[0-9]{4})?$")


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(description="full name", min_length=1)
    age: int = Field(ge=0, le=150)
    height: Optional[float] = Field(default=None, gt=0, lt=3)
    favorite: Color = Color.red
    addresses: list[Address] = Field(default_factory=list, max_length=3)
    tags: dict[str, int] = {}
    pair: tuple[int, str] = (1, "a")
    when: Optional[datetime.datetime] = None
    id: Optional[uuid.UUID] = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


class Owner(BaseModel):
    pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")]
    other: Union[Cat, int, None] = None


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Linked(BaseModel):
    next: Optional["Linked"] = None


def o(properties, required=None, **more):
    return {"type": "object", "properties": properties, "required": required or [], **more}


S, I, N = {"type": "string"}, {"type": "integer"}, {"type": "number"}

# (schema, values or texts that must be accepted, more texts that must be refused)
CASES = [
    ({}, [None, True, 1, -2.5, "x", [1, [2]], {"a": {"b": []}}], ["", "nul", "{,}", "[1,]", "01"]),
    (True, [None, 0], ["tru"]),
    ({"type": "null"}, [None], []),
    ({"type": "boolean"}, [True, False], []),
    (S, ["", "a b", "é日😀", 'q"\\\n\t\b\f\r/', "\u0001"], ['"\n"', '"\\x41"', '"\\ud800"', '"\\udc00"', '"', "a"]),
    (I, [0, 1, -1, 123456789012345678], ["01", "-0", "1.0", "1e3", "+1", "1234567890123456789", "-", ""]),
    (N, [0, -0.5, 1.25, 1e21, "1E-7", "2.5e+10", "-12e5"], ["1.", ".5", "1e", "00", "1e999", "NaN", "0x1"]),
    ({"type": ["string", "null"]}, ["x", None], []),
    ({"type": ["integer", "boolean"]}, [3, True], []),
    ({"const": {"a": [1, "x", None]}}, [{"a": [1, "x", None]}, '{"a":[1,"x",null]}'], ['{"a":[1, "x" ,null]}']),
    ({"enum": ["a", "ab", "abc", 1, 1.5, None, True, [], {}]}, ["a", "ab", "abc", 1, 1.5, None, True, [], {}], ['"abcd"']),
    ({"type": "string", "enum": ["a", 1, "b"]}, ["a", "b"], []),
    ({"type": "integer", "enum": [1, 5, 9], "minimum": 4}, [5, 9], []),
    ({"enum": ["a1", "b", "c3"], "pattern": "[0-9]$"}, ["a1", "c3"], []),
    ({"type": "string", "minLength": 2, "maxLength": 4}, ["ab", "abcd", "é日😀x", "a\n"], []),
    ({"type": "string", "maxLength": 0}, [""], []),
    ({"type": "string", "minLength": 3}, ["abc", "abcdefgh"], []),
    ({"type": "string", "pattern": "^[a-z]+$"}, ["a", "abc"], []),
    ({"type": "string", "pattern": "b+"}, ["b", "abbc", "xby"], []),
    ({"type": "string", "pattern": "^a|b$"}, ["a", "axx", "xxb", "b"], []),
    ({"type": "string", "pattern": "^(a|bc)*d{2,3}$"}, ["dd", "abcddd", "aadd"], []),
    ({"type": "string", "pattern": r"^\w+@\d{1,3}\.[^\s@]$"}, ["ab_1@12.x"], ['"a@1. "', '"a@1.\\n"']),
    ({"type": "string", "pattern": r"^[\"\\\n]$"}, ['"', "\\", "\n"], []),
    ({"type": "string", "pattern": r"^\u00e9\x41😀$"}, ["éA😀"], []),
    ({"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "minLength": 3, "maxLength": 5}, ["abc", "a_1b2"], []),
    ({"type": "string", "pattern": "^(?:ab|cde)$", "maxLength": 2}, ["ab"], []),
    ({"type": "string", "format": "date"}, ["2024-02-28", "1999-12-31", "2023-04-30"], ['"2024-13-01"', '"2023-04-31"', '"2023-02-29"', '"0000-01-01"']),
    ({"type": "string", "format": "time"}, ["23:59:59Z", "00:00:00.25+01:30"], ['"24:00:00Z"', '"12:00"']),
    ({"type": "string", "format": "date-time"}, ["2024-01-31T12:30:00Z", "2024-01-31T12:30:00.123456-05:00"], ['"2024-01-31 12:30:00Z"']),
    ({"type": "string", "format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000"], ['"123e4567e89b12d3a456426614174000"']),
    ({"type": "string", "format": "ipv4"}, ["127.0.0.1", "255.249.99.0"], ['"256.0.0.1"', '"1.2.3"', '"01.2.3.4"']),
    ({"type": "string", "format": "ipv6"}, ["::", "::1", "fe80::1:2", "1:2:3:4:5:6:7:8", "a::"], ['"1:2"', '":::"', '"1:2:3:4:5:6:7:8:9"', '"g::"']),
    ({"type": "string", "format": "email"}, ["a.b+c@example.org"], ['"a@"', '"@b.c"', '"ab"']),
    ({"type": "string", "format": "hostname"}, ["example.org", "localhost"], ['"-a.b"', '"a..b"']),
    ({"type": "string", "format": "duration"}, ["P3Y6M4DT12H30M5S", "PT0S", "P4W", "P1D"], ['"P"', '"PT"', '"1D"']),
    ({"type": "string", "format": "uri"}, ["https://example.org/a/b?x=1", "http://a.bc:80"], ['"example"', '"https://"']),
    ({"type": "string", "format": "date", "minLength": 4}, ["2024-02-28"], []),
    ({"type": "integer", "minimum": 0}, [0, 1, 42], []),
    ({"type": "integer", "minimum": -5, "maximum": 123}, [-5, -1, 0, 9, 10, 99, 100, 123], []),
    ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 10.5}, [4, 9, 10], []),
    ({"type": "integer", "minimum": 1.5, "maximum": 2}, [2], []),
    ({"type": "integer", "maximum": -10}, [-10, -11, -99999], ["-9"]),
    ({"type": "integer", "multipleOf": 7}, [0, 7, -14, 700], []),
    ({"type": "integer", "multipleOf": 5, "minimum": 0, "maximum": 20}, [0, 5, 20], []),
    ({"type": "integer", "multipleOf": 6, "allOf": [{"multipleOf": 4}], "minimum": 1}, [12, 24, 120], ["0", "-12"]),
    ({"type": "number", "minimum": 0, "maximum": 1}, [0, 0.5, 1, 0.999], ["1.0001", "-0.1"]),
    ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5, 0.001, 0.999], ["0.0", "1.0"]),
    ({"type": "number", "minimum": -1.25, "maximum": 12.75}, [-1.25, -1.2, -0.5, 0, 3.14, 12.75, 12.7], ["-1.26", "12.76", "13.1"]),
    ({"type": "number", "minimum": 0.1, "maximum": 0.12}, [0.1, 0.11, 0.119, 0.12], ["0.09", "0.121"]),
    ({"type": "number", "exclusiveMinimum": 2.5}, [2.51, 3, 1000.5], ["2.50", "2.500"]),
    ({"type": "number", "maximum": -1e-3}, [-0.001, -0.5, -7], []),
    ({"type": "integer", "format": "int32"}, [-2147483648, 2147483647], ["2147483648"]),
    ({"type": "array"}, [[], [1, "x", [None]]], ["[", "[1 2]"]),
    ({"type": "array", "items": I}, [[], [1], [1, 2, 3]], []),
    ({"type": "array", "items": S, "minItems": 1, "maxItems": 3}, [["a"], ["a", "b", "c"]], []),
    ({"type": "array", "items": I, "maxItems": 0}, [[]], []),
    ({"type": "array", "minItems": 2}, [[1, 2], [None, {}, 3]], []),
    ({"type": "array", "prefixItems": [I, S], "items": False}, [[], [1], [1, "a"]], ['[1, "a", 2]']),
    ({"type": "array", "prefixItems": [I, S], "items": N, "minItems": 2}, [[1, "a"], [1, "a", 2.5, 3]], []),
    ({"type": "array", "prefixItems": [I, S], "minItems": 3, "maxItems": 3}, [[1, "a", None], [1, "a", {}]], []),
    ({"type": "array", "items": [I, S], "additionalItems": False, "$schema": "http://json-schema.org/draft-07/schema#"}, [[1, "a"]], []),
    ({"type": "object"}, [{}, {"a": 1, "b": [{}]}], ["{1:2}", '{"a"}', '{"a":1,}']),
    (o({"a": I, "b": S}, ["a", "b"]), [{"a": 1, "b": "x"}, '{"a":1,"b":"x"}'], ['{"a":  1,"b":"x"}', '{ "a":1,"b":"x"}', '{"b":"x","a":1}']),
    (o({"a": I, "b": S, "c": {"type": "null"}}), [{}, {"a": 1}, {"b": "x"}, {"c": None}, {"a": 1, "c": None}, {"a": 1, "b": "", "c": None}], ['{"c":null,"a":1}', '{,"a":1}']),
    (o({"a": I, "b": S, "c": I}, ["b"]), [{"b": ""}, {"a": 1, "b": ""}, {"b": "", "c": 2}, {"a": 1, "b": "", "c": 3}], []),
    (o({"a": I}, ["a"], additionalProperties=False), [{"a": 1}], []),
    (o({"a": I}, ["a"], additionalProperties=S), [{"a": 1}, {"a": 1, "b": "x"}, {"a": 1, "ab": "x", "": "y"}], ['{"a":1,"a":2}', '{"a":1,"a":"x"}', '{"a":1,"\\u0061":"x"}']),
    (o({"ab": I, "ac": I}, [], additionalProperties=S), [{}, {"a": "x"}, {"ab": 1, "abc": "x"}, {"ad": "x", "b\n": "y"}], ['{"ab":"x"}', '{"a\\u0062":"x"}']),
    ({"type": "object", "additionalProperties": I}, [{}, {"a": 1, "b": 2}], []),
    ({"type": "object", "additionalProperties": I, "minProperties": 1, "maxProperties": 2}, [{"a": 1}, {"a": 1, "b": 2}], []),
    ({"type": "object", "additionalProperties": False}, [{}], []),
    ({"type": "object", "required": ["a"]}, [{"a": None}, {"a": [1]}], []),
    ({"properties": {"a": I}}, [{}, {"a": 1}], []),
    (o({"a": False, "b": I}), [{}, {"b": 1}], []),
    (o({'q"\\é\n': I}, ['q"\\é\n']), [{'q"\\é\n': 1}], []),
    ({"anyOf": [I, S]}, [1, "x"], []),
    ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "integer"}, {"type": "null"}]}, ["x", 5, None], []),
    ({"type": "object", "properties": {"k": S}, "anyOf": [{"required": ["k"]}, {"required": ["m"], "properties": {"m": I}}]}, [{"k": "x"}, {"m": 1}], []),
    ({"anyOf": [{"type": "integer"}, False]}, [1], []),
    ({"oneOf": [I, S, {"type": "null"}]}, [1, "x", None], []),
    ({"oneOf": [{"const": 1}, {"const": 2}, {"enum": ["a"]}]}, [1, 2, "a"], []),
    ({"oneOf": [o({"t": {"const": "a"}, "x": I}, ["t", "x"]), o({"t": {"const": "b"}, "y": S}, ["t"])]}, [{"t": "a", "x": 1}, {"t": "b"}, {"t": "b", "y": "z"}], []),
    ({"allOf": [o({"a": I}, ["a"]), o({"b": S}, ["b"])]}, [{"a": 1, "b": "x"}], []),
    ({"allOf": [{"type": "integer"}, {"minimum": 3}, {"maximum": 5}]}, [3, 4, 5], []),
    ({"allOf": [{"type": ["string", "integer"]}, {"type": ["number", "null"]}]}, [1, -5], []),
    ({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": I}}, [1], []),
    ({"allOf": [o({"a": N}, ["a"]), o({"a": I, "b": S}, [], additionalProperties=False)]}, [{"a": 1}, {"a": 1, "b": "x"}], []),
    ({"allOf": [{"anyOf": [I, S]}, {"anyOf": [{"minimum": 5}, {"maxLength": 2}]}]}, [5, 7, "ab"], []),
    ({"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/y"}, "y": I}}, [4], []),
    ({"$ref": "#/definitions/a~1b%20c/items", "definitions": {"a/b c": {"items": {"type": "boolean"}}}}, [True], []),
    ({"$defs": {"p": o({"n": S}, ["n"])}, "$ref": "#/$defs/p", "required": ["m"], "properties": {"m": I}}, [{"m": 1, "n": "x"}], []),
    (o({"v": I, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, ["v", "next"]), [{"v": 1, "next": None}, {"v": 1, "next": {"v": 2, "next": {"v": 3, "next": None}}}], []),
    ({"type": "array", "items": {"$ref": "#"}}, [[], [[], [[]]]], ["[1]"]),
    (Person.model_json_schema(), [
        {"name": "A", "age": 3}, {"name": "B b", "age": 150, "height": 1.75, "favorite": "blue"},
        {"name": "C", "age": 0, "height": None, "addresses": [{"street": "", "city": "x", "zip": "12345-6789"}], "tags": {"a": 1}, "pair": [1, "x"]},
        {"name": "D", "age": 0, "when": "2024-01-31T12:30:00Z", "id": "123e4567-e89b-12d3-a456-426614174000"},
    ], []),
    (Owner.model_json_schema(), [{"pet": {"kind": "cat", "lives": 9}}, {"pet": {"kind": "dog", "good": True}, "other": 5}, {"pet": {"kind": "dog", "good": True}, "other": {"kind": "cat", "lives": 1}}], []),
    (Node.model_json_schema(), [{"value": 1}, {"value": 1, "children": [{"value": 2}, {"value": 3, "children": [{"value": 4, "children": []}]}]}], []),
    (Linked.model_json_schema(), [{}, {"next": {"next": None}}], []),
]


def changes(value):
    """Values like this one with something changed in one place."""
    yield from ([], {}, "§", -987654321, 12.3456789, None, True, [value], {"§": value})
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float)):
        yield from (value + 1, value - 1, value * 10, -value, value + 0.5, str(value))
    if isinstance(value, str):
        yield from (value + "§", value[:-1], value[1:], value + value, value.upper())
    if isinstance(value, list):
        yield from (value + [None], value[:-1], value[1:], value[::-1], value + value)
        for index, element in enumerate(value):
            for other in changes(element):
                yield value[:index] + [other] + value[index + 1:]
    if isinstance(value, dict):
        yield {**value, "§": 1}
        for key, element in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for other in changes(element):
                changed = copy.copy(value)
                changed[key] = other
                yield changed


def main():
    output = []
    for schema, accepted, refused in CASES:
        draft = validator_for(schema, default=Draft202012Validator)
        draft.check_schema(schema)
        validator = draft(schema, format_checker=FORMATS)
        texts = []
        is_text = isinstance(schema, dict) and "string" in json.dumps(schema.get("type", ""))
        wrong = list(refused)
        for value in accepted:
            # A text of JSON is given where the spelling matters.
            spelled = isinstance(value, str) and not is_text and not validator.is_valid(value)
            text = value if spelled else json.dumps(value, ensure_ascii=False)
            value = json.loads(text)
            assert validator.is_valid(value), (schema, text)
            texts.append(text)
            for other in changes(value):
                if not validator.is_valid(other):
                    wrong.append(json.dumps(other, ensure_ascii=False))
        unique = sorted(set(wrong) - set(texts), key=lambda text: (len(text), text))
        output.append({"schema": json.dumps(schema), "accepted": texts, "refused": unique[:60]})
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(output, ensure_ascii=False, indent=1) + "\n")
    print(len(output), "schemas", sum(len(c["accepted"]) for c in output), "accepted", sum(len(c["refused"]) for c in output), "refused")


if __name__ == "__main__":
    main()
