"""The codec: one canonical encoding of each value as a sequence of `u16 type || u16 length || value`.

A message is a frozen dataclass whose annotations are the table of the text: `Annotated[int, Field(2, U64)]`. A field with a
default is optional, and left out exactly where it has that default.
"""

from __future__ import annotations

import dataclasses
import re
import struct
import typing
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from . import limits
from .errors import Fault, WireError

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Kind(Generic[T]):
    """How a value of one type stands in bytes."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


@dataclasses.dataclass(frozen=True)
class Field(Generic[T]):
    """A line of a table: the field's type number and the kind of its value."""

    number: int
    kind: Kind[T]


def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The fields of a stream: type, value, and the offset where the field begins."""  # CONV-3.2, CONV-3.5
    offset, previous = 0, -1
    while offset < len(data):
        if len(data) - offset < 4:
            raise WireError(Fault.TRUNCATED, "a field is cut off")
        number, length = struct.unpack_from(">HH", data, offset)
        if number <= previous:
            raise WireError(Fault.UNORDERED, f"field {number} comes after field {previous}")
        if len(data) - offset - 4 < length:
            raise WireError(Fault.TRUNCATED, f"field {number} is cut off")
        yield number, data[offset + 4 : offset + 4 + length], offset
        previous, offset = number, offset + 4 + length


def encode_field(number: int, value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise WireError(Fault.BAD_LENGTH, f"field {number} has more than 65,535 bytes")
    return struct.pack(">HH", number, len(value)) + value


class Message:
    """Base of all TLV structures; see the module's text."""

    most: ClassVar[int] = limits.MESSAGE  # bytes
    minimal: ClassVar[bool] = False  # whether what says the same as its absence is refused: in a HEAD

    def encode(self) -> bytes:  # CONV-3.1
        out = b""
        for name, (field, default) in table(type(self)).items():
            value = getattr(self, name)
            if value != default:
                out += encode_field(field.number, field.kind.encode(value))
        return out

    @classmethod
    def decode(cls, data: bytes) -> Self:
        if len(data) > cls.most:  # MSG-1.2, MSG-5.3, ID-5.3
            raise WireError(Fault.OVERSIZED, f"{len(data)} bytes, more than {cls.most}")
        known = {field.number: (name, field, default) for name, (field, default) in table(cls).items()}
        values: dict[str, Any] = {}
        for number, value, _ in fields(data):
            if cls.minimal and not value:  # FRAME-6.2
                raise WireError(Fault.NOT_MINIMAL, f"field {number} is empty")
            if number in known:
                name, field, default = known[number]
                values[name] = field.kind.decode(value)
                if cls.minimal and values[name] == default:  # FRAME-6.2
                    raise WireError(Fault.NOT_MINIMAL, f"field {number} says what its absence says")
            elif number % 2 == 0:  # CONV-3.3, CONV-3.4
                raise WireError(Fault.UNKNOWN_CRITICAL, f"field {number} is not known")
        for number, (name, _, default) in known.items():
            if name not in values and default is dataclasses.MISSING:  # CONV-3.6
                raise WireError(Fault.MISSING, f"field {number} is missing")
        return cls(**values)


def table(message: type[Message]) -> dict[str, tuple[Field[Any], Any]]:
    """The fields of a message class by name, with their defaults, in ascending order of their numbers."""
    if (known := _tables.get(message)) is not None:
        return known
    hints = typing.get_type_hints(message, include_extras=True)
    rows = {}
    for item in dataclasses.fields(message):  # type: ignore[arg-type]  # every message is a dataclass
        rows[item.name] = (hints[item.name].__metadata__[0], item.default)
    _tables[message] = dict(sorted(rows.items(), key=lambda row: row[1][0].number))
    return _tables[message]


_tables: dict[type[Message], dict[str, tuple[Field[Any], Any]]] = {}


def integer(width: int) -> Kind[int]:
    """An unsigned integer of exactly `width` bytes, big-endian."""  # CONV-4.1

    def encode(value: int) -> bytes:
        return value.to_bytes(width, "big")

    def decode(data: bytes) -> int:
        if len(data) != width:
            raise WireError(Fault.BAD_LENGTH, f"an integer has {len(data)} bytes instead of {width}")
        return int.from_bytes(data, "big")

    return Kind(encode, decode)


def fixed(width: int) -> Kind[bytes]:
    """Exactly `width` bytes."""

    def decode(data: bytes) -> bytes:
        if len(data) != width:
            raise WireError(Fault.BAD_LENGTH, f"a value has {len(data)} bytes instead of {width}")
        return data

    return Kind(lambda value: decode(value), decode)


def blob(limit: int) -> Kind[bytes]:
    """Any bytes, up to a limit."""

    def check(data: bytes) -> bytes:
        if len(data) > limit:
            raise WireError(Fault.BAD_LENGTH, f"a value has {len(data)} bytes, more than {limit}")
        return data

    return Kind(check, check)


def text(limit: int) -> Kind[str]:
    """UTF-8 text, up to a limit in bytes."""  # CONV-4.2, CONV-4.3
    raw = blob(limit)

    def decode(data: bytes) -> str:
        try:
            return raw.decode(data).decode("utf-8")
        except UnicodeDecodeError:
            raise WireError(Fault.BAD_VALUE, "a text is not UTF-8") from None

    return Kind(lambda value: raw.encode(value.encode("utf-8")), decode)


def word(limit: int, pattern: str, what: str) -> Kind[str]:
    """Text of a form."""
    raw = text(limit)

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise WireError(Fault.BAD_VALUE, f"{value[:40]!r} is not {what}")
        return value

    return Kind(lambda value: raw.encode(check(value)), lambda data: check(raw.decode(data)))


def _decode_endpoint(data: bytes) -> str:
    value = _ENDPOINT.decode(data)  # CONV-4.10
    if int(value.rpartition(":")[2]) > 65535:
        raise WireError(Fault.BAD_VALUE, "a port is above 65,535")
    return value


def _decode_flag(data: bytes) -> bool:
    if len(data) != 1:
        raise WireError(Fault.BAD_LENGTH, f"a flag has {len(data)} bytes")
    if data[0] > 1:  # CONV-4.4
        raise WireError(Fault.BAD_VALUE, f"a flag is {data[0]}")
    return data[0] == 1


def listed(element: Kind[T], most: int, key: Callable[[T], str] | None = None) -> Kind[tuple[T, ...]]:
    """A list of at most `most` elements, each `u16 length || bytes`."""  # CONV-4.5, CONV-4.6, CONV-4.7, CONV-4.8

    def encode(values: tuple[T, ...]) -> bytes:
        if len(values) > most:
            raise WireError(Fault.OVERSIZED, f"a list has {len(values)} elements, more than {most}")
        parts = [element.encode(value) for value in values]
        return b"".join(struct.pack(">H", len(part)) + part for part in parts)

    def decode(data: bytes) -> tuple[T, ...]:
        if not data:
            raise WireError(Fault.NOT_MINIMAL, "an empty list is to be left out")
        values: list[T] = []
        offset = 0
        while offset < len(data):
            if len(values) == most:
                raise WireError(Fault.OVERSIZED, f"a list has more than {most} elements")
            end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
            if len(data) < max(end, offset + 2):
                raise WireError(Fault.BAD_LENGTH, "an element of a list is cut off")
            values.append(element.decode(data[offset + 2 : end]))
            if key is not None and len(values) > 1 and key(values[-2]).encode() >= key(values[-1]).encode():  # CONV-4.15
                raise WireError(Fault.UNORDERED, "a list is not sorted")
            offset = end
        return tuple(values)

    return Kind(encode, decode)


def enumerated(most: int) -> Kind[int]:
    """One of the values 1 to `most`."""  # CONV-4.11

    def decode(data: bytes) -> int:
        value = U8.decode(data)
        if not 1 <= value <= most:
            raise WireError(Fault.BAD_VALUE, f"{value} is not one of the list")
        return value

    return Kind(U8.encode, decode)


def row(width: int, most: int) -> Kind[tuple[bytes, ...]]:
    """Values of one width, without lengths."""

    def decode(data: bytes) -> tuple[bytes, ...]:
        if not data:
            raise WireError(Fault.NOT_MINIMAL, "an empty row is to be left out")  # CONV-4.8
        if len(data) % width:
            raise WireError(Fault.BAD_LENGTH, f"a row has {len(data)} bytes")  # CONV-4.13
        if len(data) > width * most:
            raise WireError(Fault.OVERSIZED, f"a row has more than {most} elements")  # CONV-4.6
        return tuple(data[i : i + width] for i in range(0, len(data), width))

    return Kind(b"".join, decode)


def words(most: int) -> Kind[bytes]:
    """A row of u64, kept as its bytes."""
    row_of_8 = row(8, most)
    return Kind(bytes, lambda data: b"".join(row_of_8.decode(data)))


def limited(kind: Kind[T], *allowed: T) -> Kind[T]:
    """Some of the values of a kind."""  # CONV-4.11

    def decode(data: bytes) -> T:
        value = kind.decode(data)
        if value not in allowed:
            raise WireError(Fault.BAD_VALUE, f"{value} is not one of the values that are allowed")
        return value

    return Kind(kind.encode, decode)


def _decode_ascending(data: bytes) -> bytes:
    if len(data) > 256:
        raise WireError(Fault.BAD_LENGTH, "more than 256 numbers")
    if any(low >= high for low, high in zip(data, data[1:])):
        raise WireError(Fault.BAD_VALUE, "numbers do not ascend")  # CONV-4.14
    return data


def nested(message: type[M]) -> Kind[M]:
    """A TLV stream as a value."""
    return Kind(lambda value: value.encode(), lambda data: message.decode(data))


M = TypeVar("M", bound=Message)
NAME = word(limits.NAME, r"[A-Za-z0-9][A-Za-z0-9._-]*", "a name")  # CONV-4.9, ID-4.1
_ENDPOINT = word(limits.ENDPOINT, r"(?!\[[^:]*\]:)([!-.0-9;-~]+|\[[!-.0-~]*:[!-.0-~]*\]):(0|[1-9][0-9]{0,4})", "host:port")
ENDPOINT = Kind(_ENDPOINT.encode, _decode_endpoint)
U8, U16, U32, U64 = integer(1), integer(2), integer(4), integer(8)
ASCENDING: Kind[bytes] = Kind(bytes, _decode_ascending)
FLAG: Kind[bool] = Kind(lambda value: bytes([value]), _decode_flag)
