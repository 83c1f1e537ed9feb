"""The messages of the DHT."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

from . import identity, limits
from .errors import Fault, WireError
from .messages import CAPABILITIES, ENDPOINTS, REGION, RELAYS, Capability, JSONText, RelayRecord
from .tlv import ENDPOINT, FLAG, NAME, U8, U32, U64, Field, Message, blob, enumerated, fixed, limited, listed, nested, words

ID = fixed(32)
FINGERPRINTS = words(limits.VIEW_FINGERPRINTS)
PROVIDER_ENTRY_DOMAIN = "provider entry"
CONTACT_DOMAIN = "contact"


@dataclass(frozen=True, kw_only=True)
class Contact(Message):
    """Where a node is said to be."""

    node_id: Annotated[bytes, Field(2, ID)]
    static_key: Annotated[bytes, Field(4, ID)]
    endpoints: Annotated[tuple[str, ...], Field(6, ENDPOINTS)] = ()
    sequence: Annotated[int, Field(8, U64)]
    signature: Annotated[bytes | None, Field(10, fixed(64))] = None

    def signed_bytes(self) -> bytes:
        """What the signature covers, behind its domain."""  # DHT-2.2
        texts = b"".join(len(raw).to_bytes(2, "big") + raw for raw in (one.encode() for one in self.endpoints))
        return identity.domain(CONTACT_DOMAIN) + self.node_id + self.static_key + self.sequence.to_bytes(8, "big") + texts


CONTACTS = listed(nested(Contact), limits.DHT_CONTACTS)


@dataclass(frozen=True, kw_only=True)
class ProviderEntry(Message):
    """What a provider says of itself, for one service. The signature covers the bytes before its field."""

    most: ClassVar[int] = limits.PROVIDER_ENTRY  # DHT-3.3
    service: Annotated[str, Field(2, NAME)]
    incarnation: Annotated[int, Field(4, U64)]
    sequence: Annotated[int, Field(6, U64)]
    endpoints: Annotated[tuple[str, ...], Field(8, ENDPOINTS)] = ()
    lifetime: Annotated[int, Field(10, U32)]
    withdrawn: Annotated[bool, Field(12, FLAG)]
    region: Annotated[str | None, Field(13, REGION)] = None
    zone: Annotated[str | None, Field(15, REGION)] = None
    capabilities: Annotated[tuple[tuple[str, Capability | JSONText], ...], Field(17, CAPABILITIES)] = ()
    certificate: Annotated[bytes, Field(18, blob(limits.CERTIFICATE))]
    relays: Annotated[tuple[RelayRecord, ...], Field(19, RELAYS)] = ()
    signature: Annotated[bytes, Field(0xFFFE, fixed(64))]


@dataclass(frozen=True, kw_only=True)
class HeldEntry(Message):
    """An entry, with the time that is left of it."""

    entry: Annotated[bytes, Field(2, blob(limits.PROVIDER_ENTRY))]
    remaining: Annotated[int, Field(4, U32)]


@dataclass(frozen=True, kw_only=True)
class Introduction(Message):
    """Whom a ping or a probe is about."""

    contact: Annotated[Contact | None, Field(2, nested(Contact))] = None


@dataclass(frozen=True, kw_only=True)
class FindRequest(Message):
    """What is at a point?"""

    target: Annotated[bytes, Field(2, ID)]
    entries: Annotated[int, Field(4, U8)]
    contacts: Annotated[int, Field(6, U8)]


@dataclass(frozen=True, kw_only=True)
class FindAnswer(Message):
    """What a node knows about a point."""

    entries: Annotated[tuple[HeldEntry, ...], Field(2, listed(nested(HeldEntry), limits.DHT_ENTRIES))] = ()
    total: Annotated[int, Field(4, U32)]
    split: Annotated[int, Field(6, U8)]
    contacts: Annotated[tuple[Contact, ...], Field(8, CONTACTS)] = ()


@dataclass(frozen=True, kw_only=True)
class StoreRequest(Message):
    """Keep an entry, or keep on keeping it."""

    key: Annotated[bytes, Field(2, ID)]
    incarnation: Annotated[int, Field(4, U64)]
    sequence: Annotated[int, Field(6, U64)]
    entry: Annotated[bytes | None, Field(8, blob(limits.PROVIDER_ENTRY))] = None
    split: Annotated[int, Field(10, limited(U8, *range(limits.SERVICE_SPLIT + 1)))]


@dataclass(frozen=True, kw_only=True)
class StoreAnswer(Message):
    """What the holder did."""

    outcome: Annotated[int, Field(2, enumerated(4))]
    split: Annotated[int, Field(4, U8)]


@dataclass(frozen=True, kw_only=True)
class ViewEntry(Message):
    """A node in a full view."""

    contact: Annotated[Contact, Field(2, nested(Contact))]
    gone: Annotated[bool, Field(4, FLAG)]


VIEW_ENTRIES = listed(nested(ViewEntry), limits.DHT_CONTACTS)


@dataclass(frozen=True, kw_only=True)
class SyncRequest(Message):
    """A step by which two views become equal."""

    digests: Annotated[bytes | None, Field(2, words(limits.VIEW_BUCKETS))] = None
    bucket: Annotated[int | None, Field(4, limited(U8, *range(limits.VIEW_BUCKETS)))] = None
    fingerprints: Annotated[bytes | None, Field(6, FINGERPRINTS)] = None
    entries: Annotated[tuple[ViewEntry, ...], Field(8, VIEW_ENTRIES)] = ()


@dataclass(frozen=True, kw_only=True)
class SyncAnswer(Message):
    """What differs, what the asker lacks, and what it is asked for."""

    differing: Annotated[int, Field(2, U64)]
    entries: Annotated[tuple[ViewEntry, ...], Field(4, VIEW_ENTRIES)] = ()
    wanted: Annotated[bytes | None, Field(6, FINGERPRINTS)] = None


@dataclass(frozen=True, kw_only=True)
class UnreachableHint(Message):
    """A provider could not be reached."""

    key: Annotated[bytes, Field(2, ID)]
    provider: Annotated[bytes, Field(4, ID)]
    incarnation: Annotated[int, Field(6, U64)]
    sequence: Annotated[int, Field(8, U64)]


@dataclass(frozen=True, kw_only=True)
class DHTRequest(Message):
    """One question."""

    most: ClassVar[int] = limits.DHT_MESSAGE  # DHT-4.1
    exchange: Annotated[int, Field(2, U32)]
    client: Annotated[bool, Field(4, FLAG)]
    ping: Annotated[Introduction | None, Field(6, nested(Introduction))] = None
    find: Annotated[FindRequest | None, Field(8, nested(FindRequest))] = None
    store: Annotated[StoreRequest | None, Field(10, nested(StoreRequest))] = None
    sync: Annotated[SyncRequest | None, Field(12, nested(SyncRequest))] = None
    unreachable: Annotated[UnreachableHint | None, Field(14, nested(UnreachableHint))] = None
    probe: Annotated[Introduction | None, Field(16, nested(Introduction))] = None

    def __post_init__(self) -> None:
        one_of(self.ping, self.find, self.store, self.sync, self.unreachable, self.probe)


@dataclass(frozen=True, kw_only=True)
class Pong(Message):
    """The answer to a ping."""

    observed: Annotated[str, Field(2, ENDPOINT)]
    contact: Annotated[Contact | None, Field(4, nested(Contact))] = None
    client: Annotated[bool, Field(6, FLAG)]


@dataclass(frozen=True, kw_only=True)
class DHTAnswer(Message):
    """One reply."""

    most: ClassVar[int] = limits.DHT_MESSAGE  # DHT-4.1
    exchange: Annotated[int, Field(2, U32)]
    pong: Annotated[Pong | None, Field(6, nested(Pong))] = None
    found: Annotated[FindAnswer | None, Field(8, nested(FindAnswer))] = None
    stored: Annotated[StoreAnswer | None, Field(10, nested(StoreAnswer))] = None
    synced: Annotated[SyncAnswer | None, Field(12, nested(SyncAnswer))] = None
    noted: Annotated[bool | None, Field(14, limited(FLAG, True))] = None
    refusal: Annotated[int | None, Field(16, enumerated(5))] = None

    def __post_init__(self) -> None:
        one_of(self.pong, self.found, self.stored, self.synced, self.noted, self.refusal)


def one_of(*parts: object) -> None:
    """Checks that a message says exactly one thing."""  # DHT-4.2
    said = sum(part is not None for part in parts)
    if said != 1:
        raise WireError(Fault.BAD_VALUE if said else Fault.MISSING, f"a message of the DHT says {said} things")


def service_key(service: str, split: int = 0, provider: bytes = bytes(32)) -> bytes:
    """Where a provider's entry for a service is held."""  # DHT-3.5
    shard = int.from_bytes(provider[:2], "big") >> (16 - split)
    place = bytes([split]) + shard.to_bytes(2, "big")
    return hashlib.sha256(identity.domain("service key") + place + service.encode()).digest()
