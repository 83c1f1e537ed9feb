"""The bodies of the mesh's own calls."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Self

from . import limits
from .errors import Fault, WireError
from .head import LOAD, Load
from .tlv import ENDPOINT, FLAG, NAME, U8, U16, U32, U64, Field, Kind, Message, blob, enumerated, fixed, listed, nested, row, text

REGION = text(limits.REGION)
ENDPOINTS = listed(ENDPOINT, limits.ENDPOINTS)

Capability = bool | int | float | str


@dataclass(frozen=True)
class JSONText:
    """A capability that is a JSON value, as its text."""

    text: str


def _encode_capability(item: tuple[str, Capability | JSONText]) -> bytes:
    key, value = item
    raw = text(limits.CAPABILITY_TEXT).encode(key)
    begin = struct.pack(">H", len(raw)) + raw
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
    if len(data) < 2:
        raise WireError(Fault.TRUNCATED, "a capability without a key's length")
    length = int.from_bytes(data[:2], "big")
    if not length or len(data) < 3 + length:  # MSG-4.1
        raise WireError(Fault.BAD_LENGTH, "a capability is cut off, or has no key")
    words = text(limits.CAPABILITY_TEXT)
    key, kind, value = words.decode(data[2 : 2 + length]), data[2 + length], data[3 + length :]
    if kind == 1:
        return key, FLAG.decode(value)
    if kind in (2, 3):
        if len(value) != 8:  # MSG-4.1
            raise WireError(Fault.BAD_LENGTH, "a number has not 8 bytes")
        number: int | float = struct.unpack(">q" if kind == 2 else ">d", value)[0]
        if number - number != 0:  # MSG-4.2
            raise WireError(Fault.BAD_VALUE, "a number is not finite")
        return key, number
    if kind in (4, 5):
        return key, words.decode(value) if kind == 4 else JSONText(text(limits.CAPABILITY_JSON).decode(value))
    raise WireError(Fault.BAD_VALUE, f"a capability of the unknown kind {kind}")


CAPABILITIES = listed(Kind(_encode_capability, _decode_capability), limits.CAPABILITIES, lambda item: item[0])


@dataclass(frozen=True, kw_only=True)
class EnrolRequest(Message):
    """What a joiner asks for."""

    name: Annotated[str, Field(2, NAME)]
    identity_key: Annotated[bytes, Field(4, fixed(32))]
    features: Annotated[int, Field(6, U32)]
    roles: Annotated[int, Field(8, U32)]
    signature: Annotated[bytes, Field(10, fixed(64))]


@dataclass(frozen=True, kw_only=True)
class RenewRequest(Message):
    """What a member asks for whose certificate nears its end."""

    features: Annotated[int, Field(2, U32)]


@dataclass(frozen=True, kw_only=True)
class EnrolAnswer(Message):
    """A certificate, and where coordinators are from now on."""

    certificate: Annotated[bytes, Field(2, blob(limits.CERTIFICATE))]
    coordinators: Annotated[tuple[str, ...], Field(4, ENDPOINTS)] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceRecord(Message):
    """A service of a worker."""

    name: Annotated[str, Field(2, NAME)]
    healthy: Annotated[bool, Field(4, FLAG)]
    limit: Annotated[int, Field(6, U32)]
    compress: Annotated[bool, Field(8, FLAG)]


SERVICES = listed(nested(ServiceRecord), limits.SERVICES, lambda record: record.name)


@dataclass(frozen=True, kw_only=True)
class Registration(Message):
    """What a worker says of itself."""

    most = limits.RECORD
    boot_epoch: Annotated[int, Field(2, U64)]
    advertised: Annotated[tuple[str, ...], Field(4, ENDPOINTS)] = ()
    listen_port: Annotated[int, Field(6, U16)]
    tunnel_url: Annotated[str | None, Field(8, text(limits.URL))] = None
    region: Annotated[str | None, Field(9, REGION)] = None
    zone: Annotated[str | None, Field(11, REGION)] = None
    capabilities: Annotated[tuple[tuple[str, Capability | JSONText], ...], Field(13, CAPABILITIES)] = ()
    services: Annotated[tuple[ServiceRecord, ...], Field(14, SERVICES)] = ()
    circuits: Annotated[bool | None, Field(15, FLAG)] = None


@dataclass(frozen=True, kw_only=True)
class RelayRecord(Message):
    """A node that passes links on."""

    node_id: Annotated[bytes, Field(2, fixed(32))]
    endpoints: Annotated[tuple[str, ...], Field(4, ENDPOINTS)] = ()


RELAYS = listed(nested(RelayRecord), limits.RELAYS)


@dataclass(frozen=True, kw_only=True)
class RegistrationAccepted(Message):
    """What the coordinator made of it."""

    name: Annotated[str, Field(2, NAME)]
    observed: Annotated[str, Field(4, ENDPOINT)]
    reachable: Annotated[bool | None, Field(6, FLAG)] = None
    revision: Annotated[int, Field(8, U64)]
    relays: Annotated[tuple[RelayRecord, ...], Field(9, RELAYS)] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceLoad(Message):
    """How busy a service is."""

    service: Annotated[str, Field(2, NAME)]
    healthy: Annotated[bool, Field(4, FLAG)]
    load: Annotated[Load, Field(6, LOAD)]


@dataclass(frozen=True, kw_only=True)
class LoadUpdate(Message):
    """How busy services are; one that is not named keeps what was said last."""

    services: Annotated[tuple[ServiceLoad, ...], Field(2, listed(nested(ServiceLoad), limits.SERVICES))] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceSummary(Message):
    """A line of `mesh.list`."""

    name: Annotated[str, Field(2, NAME)]
    healthy_workers: Annotated[int, Field(4, U32)]
    tier: Annotated[int, Field(6, U8)]
    requires: Annotated[str, Field(8, text(limits.NAME))]


@dataclass(frozen=True, kw_only=True)
class DiscoverRequest(Message):
    """Who offers a service?"""

    service: Annotated[str, Field(2, NAME)]
    limit: Annotated[int, Field(4, U32)]


@dataclass(frozen=True, kw_only=True)
class DiscoverAnswer(Message):
    """The first of the sequence; a WorkerRecord each follows."""

    revision: Annotated[int, Field(2, U64)]
    known: Annotated[bool, Field(4, FLAG)]
    total: Annotated[int, Field(6, U32)]


@dataclass(frozen=True, kw_only=True)
class ResolveRequest(Message):
    """Who is this worker?"""

    name: Annotated[str, Field(2, NAME)]


@dataclass(frozen=True, kw_only=True)
class CircuitRequest(Message):
    """What stands before the bytes of a circuit."""

    most = limits.CIRCUIT_REQUEST  # RELAY-2.2
    node: Annotated[bytes, Field(2, fixed(32))]


@dataclass(frozen=True, kw_only=True)
class WorkerRecord(Message):
    """A worker, as the registry has it."""

    most = limits.RECORD
    name: Annotated[str, Field(2, NAME)]
    node_id: Annotated[bytes | None, Field(4, fixed(32))] = None  # None for a member that speaks HTTP only
    state: Annotated[int, Field(6, enumerated(5))]
    boot_epoch: Annotated[int, Field(8, U64)]
    features: Annotated[int, Field(10, U32)]
    endpoints: Annotated[tuple[str, ...], Field(12, ENDPOINTS)] = ()
    tunnel_url: Annotated[str | None, Field(14, text(limits.URL))] = None
    region: Annotated[str | None, Field(15, REGION)] = None
    zone: Annotated[str | None, Field(17, REGION)] = None
    capabilities: Annotated[tuple[tuple[str, Capability | JSONText], ...], Field(19, CAPABILITIES)] = ()
    services: Annotated[tuple[ServiceRecord, ...], Field(20, SERVICES)] = ()
    relays: Annotated[tuple[RelayRecord, ...], Field(21, RELAYS)] = ()
    load: Annotated[Load, Field(22, LOAD)]
    age: Annotated[int, Field(24, U32)]


@dataclass(frozen=True, kw_only=True)
class WatchRequest(Message):
    """Which workers to watch: those with one of these services, or all."""

    most = limits.RECORD
    services: Annotated[tuple[str, ...], Field(2, listed(NAME, limits.SERVICES))] = ()


SNAPSHOT, CHANGED, REMOVED = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class WatchEvent(Message):
    """A change of the registry. With revision 0 a snapshot goes on in the next event."""

    kind: Annotated[int, Field(2, enumerated(3))]
    revision: Annotated[int, Field(4, U64)]
    name: Annotated[str | None, Field(6, NAME)] = None
    record: Annotated[WorkerRecord | None, Field(8, nested(WorkerRecord))] = None
    records: Annotated[tuple[WorkerRecord, ...], Field(10, listed(nested(WorkerRecord), limits.SNAPSHOT_RECORDS))] = ()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        event = super().decode(data)  # MSG-6.5
        if (event.name and event.kind != REMOVED) or (event.record and event.kind != CHANGED) or (event.records and event.kind != SNAPSHOT):
            raise WireError(Fault.BAD_VALUE, "an event has a field that does not belong to its kind")
        if (event.kind == REMOVED and event.name is None) or (event.kind == CHANGED and event.record is None):
            raise WireError(Fault.MISSING, "an event lacks the field of its kind")
        return event


REVOKED, DRAIN_NOTICE = 3, 4


@dataclass(frozen=True, kw_only=True)
class Notice(Message):
    """What a coordinator says of its own accord."""

    kind: Annotated[int, Field(2, U8)]
    text: Annotated[str, Field(4, text(limits.REASON))]
    nodes: Annotated[tuple[bytes, ...], Field(6, row(32, limits.NOTICE_NODES))] = ()


def sequence(messages: Iterable[Message]) -> bytes:
    """Messages one after the other."""
    parts = [message.encode() for message in messages]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


class SequenceReader:
    """Takes a sequence as its bytes come."""

    def __init__(self, limit: int = limits.MESSAGE) -> None:
        self.limit, self.buffer = limit, bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self.buffer += data
        messages = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.limit:  # MSG-1.2
                raise WireError(Fault.OVERSIZED, f"a message has more than {self.limit} bytes")
            if len(self.buffer) < 4 + length:
                break
            messages.append(bytes(self.buffer[4 : 4 + length]))
            del self.buffer[: 4 + length]
        return messages

    def finish(self) -> None:  # MSG-1.3
        if self.buffer:
            raise WireError(Fault.TRUNCATED, "a sequence is cut off")
