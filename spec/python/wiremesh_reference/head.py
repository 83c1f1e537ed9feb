"""HEAD: what begins a request and an answer."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .tlv import NAME, U8, U16, U32, Field, Kind, Message, listed, text


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
_TEXT = text(limits.HEAD_SIZE)


@dataclass(frozen=True, kw_only=True)
class Head(Message):
    """The payload of a HEAD frame. An empty text and a zero are absent."""  # WIRE-7.1

    method: Annotated[str, Field(2, NAME)] = ""
    service: Annotated[str, Field(4, NAME)] = ""
    worker: Annotated[str, Field(6, NAME)] = ""
    verb: Annotated[str, Field(8, _TEXT)] = ""
    path: Annotated[str, Field(10, _TEXT)] = ""
    status: Annotated[int, Field(12, U16)] = 0
    deadline: Annotated[int, Field(14, U32)] = 0  # milliseconds that are left
    hops: Annotated[int, Field(16, U8)] = 0
    idempotency_key: Annotated[str, Field(17, _TEXT)] = ""
    trace_parent: Annotated[str, Field(19, _TEXT)] = ""
    load: Annotated[Load | None, Field(21, LOAD)] = None
    served_by: Annotated[str, Field(23, NAME)] = ""
    fields: Annotated[tuple[str, ...], Field(24, listed(_TEXT, limits.HEAD_SIZE))] = ()

    @property
    def headers(self) -> list[tuple[str, str]]:
        return list(zip(self.fields[::2], self.fields[1::2]))

    @classmethod
    def parse(cls, data: bytes) -> Head:
        head = cls.decode(data)
        if len(head.fields) % 2:
            raise WireError(Fault.BAD_VALUE, "a HEAD has a header field without a value")
        if any(name != name.lower() for name in head.fields[::2]):
            raise WireError(Fault.BAD_VALUE, "a HEAD has a header field whose name is not in lower case")
        return head


def flat(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    """Header fields as the list of a HEAD."""
    return tuple(part for name, value in headers for part in (name.lower(), value))
