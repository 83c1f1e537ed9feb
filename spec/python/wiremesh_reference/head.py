"""HEAD: what begins a request and an answer."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from . import limits
from .errors import Fault, WireError
from .tlv import U8, U16, U32, Field, Kind, Message, listed, text


@dataclass(frozen=True)
class Load:
    """How busy a service of a worker is. A limit of 0 is unknown."""

    in_flight: int = 0
    limit: int = 0
    queued: int = 0
    service_time: int = 0  # microseconds


def _decode_load(data: bytes) -> Load:
    if len(data) != 16:
        raise WireError(Fault.BAD_LENGTH, f"a load has {len(data)} bytes instead of 16")
    return Load(*struct.unpack(">4I", data))


LOAD: Kind[Load] = Kind(lambda load: struct.pack(">4I", load.in_flight, load.limit, load.queued, load.service_time), _decode_load)
_NAME = text(limits.NAME)  # not checked for its grammar: one that is no name is not found
_TEXT = text(limits.HEAD_SIZE)


def _pairs(texts: Kind[tuple[str, ...]]) -> Kind[tuple[str, ...]]:
    """A list of names and values in turn."""

    def decode(data: bytes) -> tuple[str, ...]:
        found = texts.decode(data)
        _check_pairs(found)
        return found

    return Kind(texts.encode, decode)


def _check_pairs(texts: tuple[str, ...]) -> None:
    if len(texts) % 2:  # FRAME-6.4
        raise WireError(Fault.BAD_LENGTH, "a HEAD has a header field without a value")
    if "" in texts[::2]:
        raise WireError(Fault.BAD_VALUE, "a HEAD has a header field without a name")


_IN_PLACE = {"traceparent": "trace_parent", "idempotency-key": "idempotency_key"}  # header fields with fields of their own


@dataclass(frozen=True, kw_only=True)
class Head(Message):
    """The payload of a HEAD frame. An empty text and a zero are absent."""  # FRAME-6.1

    most = limits.HEAD_SIZE
    minimal = True
    method: Annotated[str, Field(2, _NAME)] = ""
    service: Annotated[str, Field(4, _NAME)] = ""
    worker: Annotated[str, Field(6, _NAME)] = ""
    verb: Annotated[str, Field(8, text(limits.VERB))] = ""
    path: Annotated[str, Field(10, _TEXT)] = ""
    status: Annotated[int, Field(12, U16)] = 0
    deadline: Annotated[int, Field(14, U32)] = 0  # milliseconds that are left
    hops: Annotated[int, Field(16, U8)] = 0
    idempotency_key: Annotated[str, Field(17, _NAME)] = ""
    trace_parent: Annotated[str, Field(19, _NAME)] = ""
    load: Annotated[Load | None, Field(21, LOAD)] = None
    served_by: Annotated[str, Field(23, _NAME)] = ""
    fields: Annotated[tuple[str, ...], Field(24, _pairs(listed(_TEXT, limits.HEAD_FIELDS)))] = ()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Header fields as HTTP has them."""
        moved = [(name, str(getattr(self, place))) for name, place in _IN_PLACE.items() if getattr(self, place)]
        return [*zip(self.fields[::2], self.fields[1::2]), *moved]


def flat(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Header fields as the list of a HEAD."""  # FRAME-6.5
    return tuple(part for name, value in headers for part in (name.lower(), value))


def split(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Header fields as the arguments of a Head."""
    lower = [(name.lower(), value) for name, value in headers]
    moved = {_IN_PLACE[name]: value for name, value in lower if name in _IN_PLACE}
    return {**moved, "fields": flat(item for item in lower if item[0] not in _IN_PLACE)}
