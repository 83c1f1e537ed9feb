"""The bodies of the mesh's own calls."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .head import LOAD, Load
from .tlv import ENDPOINT, FLAG, NAME, U8, U16, U32, U64, Field, Kind, Message, blob, fixed, listed, nested, text

REGION = text(limits.REGION)
ENDPOINTS = listed(ENDPOINT, limits.ENDPOINTS)

Capability = bool | int | float | str


@dataclass(frozen=True)
class JSONText:
    """A capability that is a JSON value, as its text."""

    text: str


def _encode_capability(item: tuple[str, Capability | JSONText]) -> bytes:
    key, value = item
    begin = struct.pack(">H", len(key.encode())) + key.encode()
    match value:
        case bool():
            return begin + bytes([1, value])
        case int():
            return begin + b"\2" + struct.pack(">q", value)
        case float():
            return begin + b"\3" + struct.pack(">d", value)
        case str():
            return begin + b"\4" + value.encode()
        case JSONText():
            return begin + b"\5" + value.text.encode()


def _decode_capability(data: bytes) -> tuple[str, Capability | JSONText]:
    length = int.from_bytes(data[:2], "big")
    if len(data) < 3 + length:
        raise WireError(Fault.TRUNCATED, "a capability is cut off")
    words = text(limits.CAPABILITY_TEXT)
    key, kind, value = words.decode(data[2 : 2 + length]), data[2 + length], data[3 + length :]
    if kind == 1:
        return key, FLAG.decode(value)
    if kind in (2, 3):
        if len(value) != 8:
            raise WireError(Fault.BAD_LENGTH, "a number has not 8 bytes")
        number: int | float = struct.unpack(">q" if kind == 2 else ">d", value)[0]
        if number - number != 0:
            raise WireError(Fault.BAD_VALUE, "a number is not finite")
        return key, number
    if kind in (4, 5):
        return key, words.decode(value) if kind == 4 else JSONText(words.decode(value))
    raise WireError(Fault.BAD_VALUE, f"a capability of the unknown kind {kind}")


CAPABILITIES = listed(Kind(_encode_capability, _decode_capability), limits.CAPABILITIES)  # MSG-3.2


@dataclass(frozen=True, kw_only=True)
class EnrolRequest(Message):
    """MSG-2.1"""

    name: Annotated[str, Field(2, NAME)]
    identity_key: Annotated[bytes, Field(4, fixed(32))]
    features: Annotated[int, Field(6, U32)]
    roles: Annotated[int, Field(8, U32)]
    signature: Annotated[bytes, Field(10, fixed(64))]


@dataclass(frozen=True, kw_only=True)
class RenewRequest(Message):
    """MSG-2.2"""

    features: Annotated[int, Field(2, U32)]


@dataclass(frozen=True, kw_only=True)
class EnrolAnswer(Message):
    """MSG-2.3"""

    certificate: Annotated[bytes, Field(2, blob(limits.CERTIFICATE))]
    coordinators: Annotated[tuple[str, ...], Field(4, ENDPOINTS)] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceRecord(Message):
    """MSG-3.4"""

    name: Annotated[str, Field(2, NAME)]
    healthy: Annotated[bool, Field(4, FLAG)]
    limit: Annotated[int, Field(6, U32)]
    compress: Annotated[bool, Field(8, FLAG)]


SERVICES = listed(nested(ServiceRecord, limits.RECORD), limits.SERVICES)


@dataclass(frozen=True, kw_only=True)
class Registration(Message):
    """MSG-3.1"""

    boot_epoch: Annotated[int, Field(2, U64)]
    advertised: Annotated[tuple[str, ...], Field(4, ENDPOINTS)] = ()
    listen_port: Annotated[int, Field(6, U16)]
    tunnel_url: Annotated[str, Field(8, text(limits.URL))] = ""
    region: Annotated[str, Field(9, REGION)] = ""
    zone: Annotated[str, Field(11, REGION)] = ""
    capabilities: Annotated[tuple[tuple[str, Capability | JSONText], ...], Field(13, CAPABILITIES)] = ()
    services: Annotated[tuple[ServiceRecord, ...], Field(14, SERVICES)] = ()


@dataclass(frozen=True, kw_only=True)
class RegistrationAccepted(Message):
    """MSG-3.3"""

    name: Annotated[str, Field(2, NAME)]
    observed: Annotated[str, Field(4, ENDPOINT)]
    reachable: Annotated[bool | None, Field(6, FLAG)] = None
    revision: Annotated[int, Field(8, U64)]


@dataclass(frozen=True, kw_only=True)
class ServiceLoad(Message):
    """MSG-3.5"""

    service: Annotated[str, Field(2, NAME)]
    healthy: Annotated[bool, Field(4, FLAG)]
    load: Annotated[Load, Field(6, LOAD)]


@dataclass(frozen=True, kw_only=True)
class LoadUpdate(Message):
    """MSG-3.5"""

    services: Annotated[tuple[ServiceLoad, ...], Field(2, listed(nested(ServiceLoad, limits.RECORD), limits.SERVICES))] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceSummary(Message):
    """MSG-4.1"""

    name: Annotated[str, Field(2, NAME)]
    healthy_workers: Annotated[int, Field(4, U32)]
    tier: Annotated[int, Field(6, U8)]
    requires: Annotated[str, Field(8, text(limits.CAPABILITY_TEXT))]


@dataclass(frozen=True, kw_only=True)
class DiscoverRequest(Message):
    """MSG-4.2"""

    service: Annotated[str, Field(2, NAME)]
    limit: Annotated[int, Field(4, U32)]


@dataclass(frozen=True, kw_only=True)
class DiscoverAnswer(Message):
    """MSG-4.3"""

    revision: Annotated[int, Field(2, U64)]
    known: Annotated[bool, Field(4, FLAG)]
    total: Annotated[int, Field(6, U32)]


@dataclass(frozen=True, kw_only=True)
class ResolveRequest(Message):
    """MSG-4.4"""

    name: Annotated[str, Field(2, NAME)]


@dataclass(frozen=True, kw_only=True)
class WorkerRecord(Message):
    """MSG-4.5"""

    name: Annotated[str, Field(2, NAME)]
    node_id: Annotated[bytes, Field(4, fixed(32))] = b""
    state: Annotated[int, Field(6, U8)]
    boot_epoch: Annotated[int, Field(8, U64)]
    features: Annotated[int, Field(10, U32)]
    endpoints: Annotated[tuple[str, ...], Field(12, ENDPOINTS)] = ()
    tunnel_url: Annotated[str, Field(14, text(limits.URL))] = ""
    region: Annotated[str, Field(15, REGION)] = ""
    zone: Annotated[str, Field(17, REGION)] = ""
    capabilities: Annotated[tuple[tuple[str, Capability | JSONText], ...], Field(19, CAPABILITIES)] = ()
    services: Annotated[tuple[ServiceRecord, ...], Field(20, SERVICES)] = ()
    load: Annotated[Load, Field(22, LOAD)]
    age: Annotated[int, Field(24, U32)]


@dataclass(frozen=True, kw_only=True)
class WatchRequest(Message):
    """MSG-5.1"""

    services: Annotated[tuple[str, ...], Field(2, listed(NAME, limits.SERVICES))] = ()


SNAPSHOT, CHANGED, REMOVED = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class WatchEvent(Message):
    """MSG-5.2"""

    kind: Annotated[int, Field(2, U8)]
    revision: Annotated[int, Field(4, U64)]
    name: Annotated[str, Field(6, NAME)] = ""
    record: Annotated[WorkerRecord | None, Field(8, nested(WorkerRecord, limits.RECORD))] = None
    records: Annotated[tuple[WorkerRecord, ...], Field(10, listed(nested(WorkerRecord, limits.RECORD), limits.MESSAGE))] = ()


@dataclass(frozen=True, kw_only=True)
class Notice(Message):
    """MSG-6.1"""

    kind: Annotated[int, Field(2, U8)]
    text: Annotated[str, Field(4, text(256))]
    nodes: Annotated[bytes, Field(6, blob(limits.RECORD))] = b""


def sequence(messages: Iterable[Message]) -> bytes:
    """Messages one after the other."""  # MSG-1.2
    parts = [message.encode() for message in messages]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


class SequenceReader:
    """Takes a sequence as its bytes come."""  # MSG-1.2

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self.buffer += data
        messages = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > limits.MESSAGE:
                raise WireError(Fault.OVERSIZED, "a message has more than 1,048,576 bytes")
            if len(self.buffer) < 4 + length:
                break
            messages.append(bytes(self.buffer[4 : 4 + length]))
            del self.buffer[: 4 + length]
        return messages

    def finish(self) -> None:
        if self.buffer:
            raise WireError(Fault.TRUNCATED, "a sequence is cut off")
