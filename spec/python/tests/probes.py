"""Bytes for the fields of registry.json, from what it says of them alone: values at the edge of what is allowed, and values behind it.

Knows no implementation. As a program it prints all of them, for whoever has one: message, bytes, and the fault, or - where there is none. Its arguments
name what is opaque.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JSON = dict[str, Any]
Bad = tuple[bytes, str]  # a value, and the fault that it is
ROWS = {"row of id": 32, "row of u64": 8}  # bytes of an element
WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "bits": 4, "key": 32, "id": 32, "load": 16}
VALUE = 65535  # bytes of the longest value
NAME, ENDPOINT = 128, 262  # bytes: CONV-4.3
# Where one of several fields has to be there, or one field decides about others: what stands beside a field, and beside none.
BESIDE: dict[str, dict[str, dict[str, bytes]]] = {
    "WatchEvent": {"": {"kind": b"\3", "name": b"n"}, "name": {"kind": b"\3"}, "record": {"kind": b"\2"}, "records": {"kind": b"\1"}},
    "DHTRequest": {"": {"ping": b""}}, "DHTAnswer": {"": {"noted": b"\1"}},
}
OPEN_ENUMS = {"noticeKind"}  # MSG-8.3


def field(number: int, value: bytes) -> bytes:
    return struct.pack(">HH", number, len(value)) + value


def listed(elements: list[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(element)) + element for element in elements)


class Probes:
    """What the messages of a registry may look like, and what they may not."""

    def __init__(self, registry: JSON, opaque: frozenset[str] = frozenset()) -> None:
        """What is wrong inside of nested messages that are `opaque` is not looked for: by their names, or by message.field."""
        self.opaque = opaque
        self.messages: dict[str, JSON] = {row["name"]: row for row in registry["messages"]}
        self.enums = {name: [row["code"] for row in rows] for name, rows in registry["enums"].items()}

    # Messages.

    def message(self, name: str, changes: dict[str, bytes | None] | None = None, number: int = 0) -> bytes:
        """The required fields of a message, with changes; `number` tells several apart and orders them."""
        rows = self.messages[name]["fields"]
        changes = changes or {}
        optional = [row["name"] for row in rows if "presence" in row and changes.get(row["name"]) is not None]
        beside = BESIDE.get(name, {})
        values: dict[str, bytes | None] = {row["name"]: self.good(row, number) for row in rows if "presence" not in row}
        values |= beside.get(optional[0] if optional else "", {}) | changes
        return b"".join(field(row["type"], value) for row in rows if (value := values.get(row["name"])) is not None)

    def accepted(self, name: str) -> Iterator[bytes]:
        """Messages that a reader takes."""
        yield self.message(name)
        if "max" in self.messages[name]:
            yield self.padded(name, self.most(name))
        for row in self.messages[name]["fields"]:
            if name in BESIDE and row["name"] in BESIDE[name][""] and "presence" not in row:
                continue  # its value decides what stands beside it
            for value in self.edges(row, minimal=name == "Head"):
                if len(message := self.message(name, {row["name"]: value})) <= self.most(name):
                    yield message

    def refused(self, name: str) -> Iterator[Bad]:
        """Messages that a reader refuses, each with its fault."""
        for row in self.messages[name]["fields"]:
            if f"{name}.{row['name']}" in self.opaque:
                row = {**row, "encoding": "bytes"}
            if "presence" not in row:
                yield self.message(name, {row["name"]: None}), "missing"
            for value, fault in self.bad(row, minimal=name == "Head"):
                if len(value) <= VALUE and len(message := self.message(name, {row["name"]: value})) <= self.most(name):
                    yield message, fault
        known = {row["type"] for row in self.messages[name]["fields"]}
        yield from ((self.inserted(name, number), "unknown-critical") for number in range(0, 64, 2) if number not in known)
        if "max" in self.messages[name]:
            yield self.padded(name, self.most(name) + 1), "oversized"

    def most(self, name: str) -> int:
        return int(self.messages[name].get("max", 1 << 20))

    def padded(self, name: str, size: int) -> bytes:
        """A message of a size, filled up with a field of an odd type that nobody knows."""
        return self.inserted(name, 65533, bytes(size - len(self.message(name)) - 4))

    def inserted(self, name: str, number: int, value: bytes = b"\1") -> bytes:
        """A message with an unknown field in its place."""
        message, at = self.message(name), 0
        while at < len(message) and int.from_bytes(message[at : at + 2], "big") < number:
            at += 4 + int.from_bytes(message[at + 2 : at + 4], "big")
        return message[:at] + field(number, value) + message[at:]

    # Values.

    def good(self, row: JSON, number: int = 0) -> bytes:
        """A value that is allowed."""
        kind, _, of = row["encoding"].partition(":")
        if kind in WIDTHS:
            return (number + 1).to_bytes(WIDTHS[kind], "big")
        match kind:
            case "flag":
                return b"\1"
            case "enum":
                return bytes([self.enums[of][0]])
            case "bytes":
                return b"\1" * row.get("min", 1)
            case "text":
                return b"x"
            case "name":
                return b"n%05d" % number
            case "endpoint":
                return b"h:1"
            case "tlv":
                return self.message(of, number=number)
            case "capability":
                return b"\0\6k%05d\1\1" % number
            case "row of id" | "row of u64":
                return bytes(ROWS[kind])
            case "ascending u8":
                return b"\1\2"
        assert kind.startswith("list of "), kind
        pairs = 2 if row["name"] == "fields" else 1
        return self.elements(row, pairs)

    def elements(self, row: JSON, count: int) -> bytes:
        element = self.element(row)
        return listed([self.good(element, number) for number in range(count)])

    @staticmethod
    def element(row: JSON) -> JSON:
        return {"name": "", "encoding": row["encoding"].removeprefix("list of ")}

    def edges(self, row: JSON, *, minimal: bool = False) -> Iterator[bytes]:
        """Values at the edge of what is allowed. Where `minimal`, a zero or nothing is left out instead."""
        kind, _, of = row["encoding"].partition(":")
        yield self.good(row)
        if kind in WIDTHS:
            yield row.get("max", 256 ** WIDTHS[kind] - 1).to_bytes(WIDTHS[kind], "big")
            if not minimal:
                yield bytes(WIDTHS[kind])
        elif kind == "flag":
            yield from (bytes([value]) for value in range(row.get("min", 0), 2))
        elif kind == "enum":
            yield from (bytes([code]) for code in self.enums[of])
        elif kind in ("bytes", "text"):
            yield b"a" * row["max"]
            yield b"a" * row.get("min", int(minimal))
        elif kind == "name":
            yield from (b"n", b"n" * NAME)
        elif kind == "endpoint":
            yield b"h" * (ENDPOINT - 6) + b":65535"
        elif kind in ROWS:
            yield bytes(ROWS[kind] * row["max"])
        elif kind == "ascending u8":
            yield from (b"", bytes(range(256)))
        elif kind.startswith("list of ") and len(most := self.elements(row, row["max"])) <= VALUE:
            yield most

    def bad(self, row: JSON, *, minimal: bool = False) -> Iterator[Bad]:
        """Values that are not allowed."""
        kind, _, of = row["encoding"].partition(":")
        if minimal:
            yield b"", "not-minimal"
        if kind in WIDTHS or kind in ("flag", "enum"):
            width = WIDTHS.get(kind, 1)
            if not minimal or width > 1:
                yield bytes(width - 1), "bad-length"
            yield bytes(width + 1), "bad-length"
            if minimal and kind.startswith("u"):
                yield bytes(width), "not-minimal"
            if "max" in row:
                yield (row["max"] + 1).to_bytes(width, "big"), "bad-value"
            if "min" in row:
                yield (row["min"] - 1).to_bytes(width, "big"), "bad-value"
        if kind == "flag":
            yield from ((b"\2", "bad-value"), (b"\xff", "bad-value"))
        elif kind == "enum" and of not in OPEN_ENUMS:
            yield from ((bytes([code]), "bad-value") for code in range(256) if code not in self.enums[of])
        elif kind in ("bytes", "text"):
            yield b"a" * (row["max"] + 1), "bad-length"
            if "min" in row:
                yield b"a" * (row["min"] - 1), "bad-length"
            if kind == "text":
                yield b"a\xff", "bad-value"
        elif kind == "name":
            yield from ((b"n" * (NAME + 1), "bad-length"), (b"", "bad-value"), (b"-n", "bad-value"), (b"n n", "bad-value"))
        elif kind == "endpoint":
            yield b"h" * (ENDPOINT - 5) + b":65535", "bad-length"
            yield from ((text, "bad-value") for text in (b"", b"h", b"h:", b"h:65536", b"h:01", b"::1:1"))
        elif kind == "tlv":
            if of not in self.opaque:
                yield self.message(of) + b"\xff", "truncated"
                yield from ((value, fault) for value, fault in self.refused(of) if len(value) <= row.get("max", VALUE))
            if "max" in row:
                yield bytes(row["max"] + 1), "bad-length"
        elif kind in ROWS:
            width = ROWS[kind]
            yield from ((b"", "not-minimal"), (bytes(width + 1), "bad-length"), (bytes(width * row["max"] + width), "oversized"))
        elif kind == "ascending u8":
            yield from ((b"\2\1", "bad-value"), (b"\1\1", "bad-value"), (bytes(257), "bad-length"))
        elif kind.startswith("list of "):
            yield from self.bad_lists(row, minimal=minimal)

    def bad_lists(self, row: JSON, *, minimal: bool) -> Iterator[Bad]:
        good = self.good(row)
        yield b"", "not-minimal"
        yield good + b"\0", "bad-length"
        yield good + b"\0\2x", "bad-length"
        if len(many := self.elements(row, row["max"] + 1)) <= VALUE:
            yield many, "oversized"
        element = self.element(row)
        if element["encoding"] not in ("text", "capability"):
            yield from ((listed([value]), fault) for value, fault in self.bad(element) if len(value) <= VALUE - 2)
        else:
            yield listed([b"\0\1\xff\1\1" if element["encoding"] == "capability" else b"\xff", b""]), "bad-value"


if __name__ == "__main__":
    probes = Probes(json.loads((Path(__file__).parents[2] / "registry.json").read_text()), frozenset(sys.argv[1:]))
    for name in probes.messages:
        for data in probes.accepted(name):
            print(name, data.hex() or "=", "-")
        for data, fault in probes.refused(name):
            print(name, data.hex() or "=", fault)
