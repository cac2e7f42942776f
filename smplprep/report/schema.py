"""Checks JSON against ``report.schema.json``: its keywords of JSON Schema, no others."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import shown
from ..records.options import options_schema

REPORT_VERSION = 1
# What JSON calls them -> Python's types; True is not a number.
TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
LARGEST = 2**53  # a JavaScript number holds every integer up to it
NOTES = frozenset({"$schema", "$defs", "title", "description", "contentEncoding"})
LEAST = {"minimum": "at least", "exclusiveMinimum": "more than"}
MOST = {"exclusiveMaximum": "less than"}
SIZES = frozenset({"minItems", "maxItems", "maxLength"})
KNOWN = NOTES | {*LEAST, *MOST} | SIZES
KNOWN |= {"type", "enum", "const", "pattern", "uniqueItems", "items", "$ref", "oneOf"}
KNOWN |= {"properties", "required", "additionalProperties"}


def report_schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    from importlib import resources  # only who validates a report needs it

    text = resources.files(__package__).joinpath("report.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    schema["$defs"]["options"] = {"oneOf": [{"type": "null"}, options_schema()]}
    return schema


class SchemaError(Exception):
    """A value is not as the schema says; ``str()`` names its place, as in ``landmarks[3].face``."""


def check_schema(data: Any, schema: Mapping[str, Any]) -> None:
    """Raise SchemaError for the first value that is not as the schema says.

    Numbers must be finite and at most 2**53 in size, wherever they are.

    Args:
        data: as ``json.loads`` returns it.
        schema: with its ``$defs``; a keyword other than KNOWN is a KeyError.
    """
    for fault in faults(data, schema, schema.get("$defs", {}), ""):
        raise SchemaError(fault)
    for fault in bad_numbers(data, ""):
        raise SchemaError(fault)


def faults(
    value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any], place: str
) -> Iterator[str]:
    """What is wrong with ``value``, a sentence each."""
    if strange := schema.keys() - KNOWN:
        raise KeyError(f"keywords that are not checked: {', '.join(sorted(strange))}")
    if "$ref" in schema:
        yield from faults(value, defs[schema["$ref"].rpartition("/")[2]], defs, place)
    if "oneOf" in schema:
        yield from alternatives(value, schema["oneOf"], defs, place)
    wanted = schema.get("type", ())
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(is_a(value, name) for name in wanted):
        yield f"{place or 'it'} must be {' or '.join(wanted)}, not {kind_of(value)}"
        return
    if "const" in schema and not same(value, schema["const"]):
        yield f"{place} must be {schema['const']!r}, not {shown(repr(value))}"
    if "enum" in schema and not any(same(value, each) for each in schema["enum"]):
        yield f"{place} must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from text_faults(value, schema, place)
    elif isinstance(value, list):
        yield from list_faults(value, schema, defs, place)
    elif isinstance(value, dict):
        yield from object_faults(value, schema, defs, place)
    elif is_a(value, "number"):
        yield from number_faults(value, schema, place)


def alternatives(
    value: Any, schemas: list[Mapping[str, Any]], defs: Mapping[str, Any], place: str
) -> Iterator[str]:
    """``oneOf``: null, or what the other says; the faults by the one that is not null."""
    if not any(not [*faults(value, each, defs, place)] for each in schemas):
        other = next(each for each in schemas if each.get("type") != "null")
        yield from faults(value, other, defs, place)


def text_faults(text: str, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    if len(text) > schema.get("maxLength", len(text)):
        yield f"{place} has {len(text)} characters, the most is {schema['maxLength']}"
    if "pattern" in schema and not re.search(schema["pattern"], text):
        yield f"{place} is {shown(repr(text))}, which does not match {schema['pattern']}"


def list_faults(
    values: list[Any], schema: Mapping[str, Any], defs: Mapping[str, Any], place: str
) -> Iterator[str]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", len(values))
    if not least <= len(values) <= most:
        yield f"{place} has {len(values)} entries, from {least} to {most} are expected"
    elif schema.get("uniqueItems") and len({*map(repr, values)}) < len(values):
        yield f"{place} names something twice"
    elif "items" in schema:
        for index, value in enumerate(values):
            yield from faults(value, schema["items"], defs, f"{place}[{index}]")


def object_faults(
    table: dict[str, Any], schema: Mapping[str, Any], defs: Mapping[str, Any], place: str
) -> Iterator[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    inside = f"{place}." if place else ""
    for key in schema.get("required", ()):
        if key not in table:
            yield f"it lacks {inside}{key}"
    for key, value in table.items():
        below = f"{inside}{shown(key)}"
        if key in properties:
            yield from faults(value, properties[key], defs, below)
        elif more is False:
            yield f"{below} is unknown"
        elif isinstance(more, dict):
            yield from faults(value, more, defs, below)


def number_faults(value: float, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    fine = {
        "minimum": lambda bound: value >= bound,
        "exclusiveMinimum": lambda bound: value > bound,
        "exclusiveMaximum": lambda bound: value < bound,
    }
    for keyword, holds in fine.items():
        if keyword in schema and not holds(schema[keyword]):
            yield f"{place} must be {(LEAST | MOST)[keyword]} {schema[keyword]}, not {shown(value)}"


def bad_numbers(data: Any, place: str) -> Iterator[str]:
    """Numbers that are not finite, or beyond what is drawn; as a count, beyond JavaScript's."""
    if isinstance(data, dict):
        for key, value in data.items():
            if not isinstance(value, str):
                yield from bad_numbers(value, f"{place}.{shown(key)}" if place else shown(key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from bad_numbers(value, f"{place}[{index}]")
    elif isinstance(data, float) and not math.isfinite(data):
        yield f"{place} must be a finite number"
    elif isinstance(data, int | float) and abs(data) > LARGEST:
        yield f"{place} is beyond {LARGEST}"


def is_a(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def kind_of(value: Any) -> str:
    return next((name for name in TYPES if is_a(value, name)), type(value).__name__)
