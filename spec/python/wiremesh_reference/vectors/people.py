"""Kinds of vectors: ids, certificates, signatures, tokens."""

from __future__ import annotations

from typing import Any

from ..identity import Certificate, SigningKey, domain, mesh_id, node_id, sign_certificate, verify
from ..tokens import Token
from .values import plain

JSON = dict[str, Any]


def ids(*, authority: str, identity_key: str, salt: str) -> JSON:
    key = bytes.fromhex(identity_key)
    return {"mesh_id": mesh_id(bytes.fromhex(authority)).hex(), "node_id": node_id(key, bytes.fromhex(salt)).hex()}


def certificate_issue(
    *, authority_seed: str, name: str, roles: int, identity_key: str, static_key: str, salt: str, features: int, serial: str,
    issued_at: str, life: str,
) -> JSON:
    authority, key, grain = SigningKey(bytes.fromhex(authority_seed)), bytes.fromhex(identity_key), bytes.fromhex(salt)
    unsigned = Certificate(
        mesh_id=mesh_id(authority.public), node_id=node_id(key, grain), name=name, roles=roles, identity_key=key,
        static_key=bytes.fromhex(static_key), salt=grain, serial=int(serial), issued_at=int(issued_at),
        expires=min(int(issued_at) + int(life), 2**64 - 1), features=features, signature=bytes(64),
    )
    return {"certificate": sign_certificate(unsigned, authority).hex()}


def certificate(*, authority: str, now: str, certificate: str) -> JSON:
    read = Certificate.verified(bytes.fromhex(certificate), bytes.fromhex(authority))
    return {name: value for name, value in plain(read).items() if name != "signature"} | {"expired": read.expired(int(now))}


def enrolment_signature(*, seed: str, handshake_hash: str, name: str) -> JSON:
    key = SigningKey(bytes.fromhex(seed))
    signature = key.sign(domain("enrolment") + bytes.fromhex(handshake_hash) + name.encode())
    return {"identity_key": key.public.hex(), "signature": signature.hex()}


def enrolment_verify(*, identity_key: str, handshake_hash: str, name: str, signature: str) -> JSON:
    signed = domain("enrolment") + bytes.fromhex(handshake_hash) + name.encode()
    verify(bytes.fromhex(identity_key), signed, bytes.fromhex(signature))
    return {"valid": True}


def token(*, text: str) -> JSON:
    value: JSON = plain(Token.parse(text))
    return value


def token_text(*, id: str, secret: str, authority: str, endpoints: list[str]) -> JSON:
    made = Token(
        id=bytes.fromhex(id), secret=bytes.fromhex(secret), authority=bytes.fromhex(authority), endpoints=tuple(endpoints)
    )
    return {"text": made.text}
