"""Keys, ids and certificates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Self

from nacl import bindings
from nacl.exceptions import CryptoError

from . import limits
from .errors import Fault, WireError
from .tlv import NAME, U32, U64, Field, Message, encode_field, fields, fixed

WORKER, COORDINATOR, RELAY, CLIENT = 1, 2, 4, 8  # roles
FEATURE_AES = 1
SIGNATURE_FIELD = 0xFFFE


def domain(purpose: str) -> bytes:
    """What stands before everything that is hashed or signed for a purpose."""  # ID-2.1
    return b"WM/1 draft " + purpose.encode() + b"\0"


def mesh_id(authority: bytes) -> bytes:
    return hashlib.sha256(domain("mesh id") + authority).digest()


def node_id(identity_key: bytes, salt: bytes) -> bytes:
    return hashlib.sha256(domain("node id") + identity_key + salt).digest()


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key pair, from its seed."""

    seed: bytes = field(repr=False)  # SEC-4.1

    @property
    def public(self) -> bytes:
        return bindings.crypto_sign_seed_keypair(self.seed)[0]

    def sign(self, message: bytes) -> bytes:
        return bindings.crypto_sign(message, bindings.crypto_sign_seed_keypair(self.seed)[1])[:64]


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    try:
        bindings.crypto_sign_open(signature + message, public)
    except CryptoError:
        raise WireError(Fault.AUTHENTICATION, "a signature does not verify") from None


@dataclass(frozen=True, kw_only=True)
class Certificate(Message):
    """What the authority of a mesh says of a node."""

    most = limits.CERTIFICATE
    mesh_id: Annotated[bytes, Field(2, fixed(32))]
    node_id: Annotated[bytes, Field(4, fixed(32))]
    name: Annotated[str, Field(6, NAME)]
    roles: Annotated[int, Field(8, U32)]
    identity_key: Annotated[bytes, Field(10, fixed(32))]
    static_key: Annotated[bytes, Field(12, fixed(32))]
    salt: Annotated[bytes, Field(14, fixed(16))]
    serial: Annotated[int, Field(16, U64)]
    issued_at: Annotated[int, Field(18, U64)]
    expires: Annotated[int, Field(20, U64)]
    features: Annotated[int, Field(22, U32)]
    signature: Annotated[bytes, Field(SIGNATURE_FIELD, fixed(64))]

    @classmethod
    def verified(cls, data: bytes, authority: bytes) -> Self:
        """Parse a certificate and check all but its time against the key of its authority."""
        certificate = cls.decode(data)
        *_, (last, _, end) = fields(data)
        if last != SIGNATURE_FIELD:  # ID-5.2
            raise WireError(Fault.TRAILING, "a certificate has something behind its signature")
        if certificate.mesh_id != mesh_id(authority):  # ID-6.1
            raise WireError(Fault.WRONG_PEER, "a certificate is of another mesh")
        verify(authority, domain("certificate") + data[:end], certificate.signature)  # ID-5.1, ID-5.4, ID-6.2
        if certificate.node_id != node_id(certificate.identity_key, certificate.salt):  # ID-6.3
            raise WireError(Fault.AUTHENTICATION, "a certificate's node id does not follow from its key")
        return certificate

    def expired(self, now: float) -> bool:
        return now >= self.expires

    def renewal_due(self, now: float) -> bool:
        return now >= self.issued_at + (self.expires - self.issued_at) * 2 / 3  # ID-7.2


def sign_certificate(unsigned: Certificate, authority: SigningKey) -> bytes:
    """The bytes of a certificate with its signature in place of the given one."""
    body = unsigned.encode()[: -(4 + 64)]
    return body + encode_field(SIGNATURE_FIELD, authority.sign(domain("certificate") + body))
