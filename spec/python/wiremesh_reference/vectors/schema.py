"""Whether a file is one of vectors, as schema.json describes them.

Knows the keywords of JSON Schema that this schema uses, and refuses one that uses others, so that none is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

JSON = dict[str, Any]
Path = tuple[str | int, ...]  # from the top of a file: names of fields, places in lists
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
NOTES = {"$schema", "$defs", "$comment", "title", "description", "then"}


class Malformed(Exception):
    """A file that is not one of vectors; says where and why, in a sentence."""


class Twice(Exception):
    """An object with two fields of one name."""


class Wrong(Exception):
    """A value that the schema does not allow."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason


def read(name: str, text: str) -> JSON:
    """The content of a file of vectors."""
    try:
        content: JSON = json.loads(text, object_pairs_hook=_object)
        _check(content, SCHEMA, ())
        _check_ids(content["vectors"])
    except json.JSONDecodeError as error:
        raise Malformed(f"{name}:{error.lineno}: {error.msg}") from None
    except RecursionError:
        raise Malformed(f"{name}:1: nested too deeply") from None
    except Twice:
        raise Malformed(f"{name}:{line_of_second(text)}: a field stands twice") from None
    except Wrong as wrong:
        path, place = wrong.path, ""
        if len(path) > 1 and isinstance(vector := content["vectors"][path[1]], dict) and isinstance(vector.get("id"), str):
            place = f"the vector {json.dumps(vector['id'])}: "
        raise Malformed(f"{name}:{line(text, path)}: {place}{wrong.reason}") from None
    return content


def line(text: str, path: Path) -> int:
    """The line of a value in a text that is JSON."""
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    for step in path:
        here, count = _skip(text, at + 1), 0
        while True:
            name: str | int = count
            if text[at] == "{":
                name, end = decoder.raw_decode(text, here)
                value = _skip(text, _skip(text, end) + 1)
            else:
                value = here
            if name == step:
                break
            here = _skip(text, _skip(text, decoder.raw_decode(text, value)[1]) + 1)
            count += 1
        at = value
    return 1 + text[:at].count("\n")


def line_of_second(text: str) -> int:
    """The line of the first field that stands twice in its object."""
    objects: list[set[str]] = []
    for token in re.finditer(r'("(?:[^"\\]|\\.)*")(\s*:)?|[{}]', text):
        if token[0] == "{":
            objects.append(set())
        elif token[0] == "}":
            objects.pop()
        elif token[2]:
            if token[1] in objects[-1]:
                return 1 + text[: token.start()].count("\n")
            objects[-1].add(token[1])
    return 1


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\n", "\t", "\r"):
        at += 1
    return at


def _object(pairs: list[tuple[str, Any]]) -> JSON:
    if len(found := dict(pairs)) < len(pairs):
        raise Twice
    return found


def _check_ids(vectors: list[JSON]) -> None:
    ids: set[str] = set()
    for place, vector in enumerate(vectors):
        if vector["id"] in ids:
            raise Wrong(("vectors", place), "the id stands twice")
        ids.add(vector["id"])


def _check(value: Any, schema: JSON, path: Path) -> None:
    name = json.dumps(path[-1]) if path else "the file"
    for keyword, wanted in schema.items():
        if keyword in SINGLE:
            if not SINGLE[keyword](value, wanted):
                wish = f"be {schema['$comment']}" if "$comment" in schema else WISHES[keyword].format(json.dumps(wanted))
                raise Wrong(path, f"{name} must {wish}")
        elif keyword == "$ref":
            _check(value, SCHEMA["$defs"][wanted.split("/")[-1]], path)
        elif keyword == "required" and isinstance(value, dict):
            for field in wanted:
                if field not in value:
                    raise Wrong(path, f"the field {json.dumps(field)} is missing")
        elif keyword == "items" and isinstance(value, list):
            for place, element in enumerate(value):
                _check(element, wanted, (*path, place))
        elif keyword == "properties" and isinstance(value, dict):
            for field in wanted.keys() & value.keys():
                _check(value[field], wanted[field], (*path, field))
        elif keyword == "additionalProperties" and isinstance(value, dict):
            for field in value:
                if field not in schema["properties"]:
                    raise Wrong((*path, field), f"unknown field {json.dumps(field)}")
        elif keyword == "allOf":
            for part in wanted:
                _check(value, part, path)
        elif keyword in ("oneOf", "anyOf"):
            _check_forms(value, wanted, path, exclusive=keyword == "oneOf")
        elif keyword == "if":
            if _matches(value, wanted):
                _check(value, schema["then"], path)
        elif keyword not in NOTES and keyword not in ("required", "items", "properties", "additionalProperties"):
            raise Wrong(path, f"{name} has a schema with the keyword {keyword}, which is not known here")


def _check_forms(value: Any, forms: list[JSON], path: Path, *, exclusive: bool) -> None:
    """One of several forms. Where its constants tell which one is meant, what is wrong with that one is said."""
    meant = [form for form in forms if all(isinstance(value, dict) and value.get(name) == const for name, const in _constants(form))]
    if len(meant) == 1:
        return _check(value, meant[0], path)
    count = sum(_matches(value, form) for form in forms)
    if count == 0 or exclusive and count > 1:
        raise Wrong(path, f"{json.dumps(path[-1])} must have one of {len(forms)} forms")


def _constants(form: JSON) -> Iterator[tuple[str, Any]]:
    return ((name, inner["const"]) for name, inner in form.get("properties", {}).items() if "const" in inner)


def _matches(value: Any, schema: JSON) -> bool:
    try:
        _check(value, schema, ("",))
    except Wrong:
        return False
    return True


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b


SINGLE: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: isinstance(value, TYPES[wanted]) and isinstance(value, bool) == (wanted == "boolean"),
    "enum": lambda value, wanted: any(_same(value, each) for each in wanted),
    "const": _same,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted.replace("$", r"\Z"), value, re.ASCII) is not None,
    "minimum": lambda value, wanted: not isinstance(value, int) or value >= wanted,
    "maximum": lambda value, wanted: not isinstance(value, int) or value <= wanted,
    "minLength": lambda value, wanted: not isinstance(value, str) or len(value) >= wanted,
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "uniqueItems": lambda value, wanted: not isinstance(value, list) or len({json.dumps(each) for each in value}) == len(value),
}
WISHES = {
    "type": "be of the type {}", "enum": "be one of {}", "const": "be {}", "pattern": "be of the form {}", "minimum": "be at least {}",
    "maximum": "be at most {}", "minLength": "have at least {} characters", "minItems": "have at least {} elements",
    "uniqueItems": "have no element twice",
}
SCHEMA: JSON = json.loads(resources.files(__package__).joinpath("schema.json").read_text())
