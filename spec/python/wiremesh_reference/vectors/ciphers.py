"""Kinds of vectors: Noise handshakes, records, the mac behind message 1."""

from __future__ import annotations

import hmac
from typing import Any

from ..errors import WireError
from ..handshake import MAC1
from ..noise import IK, SUITES, XX, XX_PSK3, CipherState, HandshakeState, KeyPair, Suite
from ..records import Opener, Sealer

JSON = dict[str, Any]
PATTERNS = {pattern.name: pattern for pattern in (XX, XX_PSK3, IK)}


class Unavailable(Exception):
    """This machine lacks what a vector needs."""


def suite_named(name: str) -> Suite:
    for suite in SUITES.values():
        if suite.name == name:
            return suite
    raise Unavailable(name)


def noise(
    *, pattern: str, suite: str, prologue: str, initiator_static: str, initiator_ephemeral: str, responder_static: str,
    responder_ephemeral: str, payloads: list[str], psk: str = "", responder_psk: str = "", expected_responder: str = "",
    responder_prologue: str | None = None, change: JSON | None = None,
) -> JSON:
    static = KeyPair.of(bytes.fromhex(responder_static))
    known = bytes.fromhex(expected_responder) or static.public
    cipher = suite_named(suite)

    def sides() -> list[HandshakeState]:
        return [
            HandshakeState(
                PATTERNS[pattern], cipher, initiator=True, prologue=bytes.fromhex(prologue), psk=bytes.fromhex(psk),
                static=KeyPair.of(bytes.fromhex(initiator_static)), ephemeral=KeyPair.of(bytes.fromhex(initiator_ephemeral)),
                remote_static=known if pattern == "IK" else None,
            ),
            HandshakeState(
                PATTERNS[pattern], cipher, initiator=False, psk=bytes.fromhex(responder_psk or psk), static=static,
                prologue=bytes.fromhex(prologue if responder_prologue is None else responder_prologue),
                ephemeral=KeyPair.of(bytes.fromhex(responder_ephemeral)),
            ),
        ]

    if change is None or not change.get("every_byte"):
        return _handshake(sides(), payloads, change)
    faults, offset = set(), 0
    while True:  # until the message has no such byte
        try:
            _handshake(sides(), payloads, {**change, "offset": offset})
        except WireError as error:
            faults.add(error.fault)
        except IndexError:
            break
        else:
            raise AssertionError(f"byte {offset} can be changed")
        offset += 1
    if len(faults) != 1:
        raise AssertionError(f"the bytes of a message lead to {faults}")
    raise WireError(faults.pop(), "every byte is refused")


def _handshake(sides: list[HandshakeState], payloads: list[str], change: JSON | None) -> JSON:
    messages: list[JSON] = []
    while not sides[0].complete:
        turn = len(messages)
        sender, receiver = sides[turn % 2], sides[1 - turn % 2]
        tokens = sender.pattern.messages[turn].split()
        payload = bytes.fromhex(payloads[turn]) if turn < len(payloads) else b""
        message = sender.write(payload)
        receiver.read(_changed(message, change) if change and change["message"] == turn + 1 else message)
        entry = {"payload": payload.hex()}
        if "e" in tokens:
            entry["e"] = sender.ephemeral.public.hex()
        if "s" in tokens:
            entry["s"] = sender.static.public.hex()
        entry |= {"h": sender.symmetric.h.hex(), "ck": sender.symmetric.ck.hex()}
        if (key := sender.symmetric.cipher.key) is not None:
            entry["k"] = key.hex()
        messages.append(entry | {"ciphertext": message.hex()})
    send, receive = sides[0].split()
    return {
        "protocol": sides[0].name, "messages": messages, "handshake_hash": sides[0].symmetric.h.hex(),
        "initiator_key": key_of(send), "responder_key": key_of(receive),
    }


def key_of(cipher: CipherState) -> str:
    return cipher.key.hex() if cipher.key else ""


def _changed(message: bytes, change: JSON) -> bytes:
    if "bytes" in change:
        return bytes.fromhex(change["bytes"])
    spoilt = bytearray(message)
    spoilt[change["offset"]] ^= int(change["xor"], 16)
    return bytes(spoilt)


def _cipher(suite: str, key: str, nonce: str) -> CipherState:
    cipher = CipherState(suite_named(suite), bytes.fromhex(key))
    cipher.nonce = int(nonce)
    return cipher


def record_seal(*, suite: str, key: str, nonce: str, plaintexts: list[str]) -> JSON:
    sealer = Sealer(_cipher(suite, key, nonce))
    return {"records": [sealer.seal(bytes.fromhex(plaintext))[2:].hex() for plaintext in plaintexts]}


def record_open(*, suite: str, key: str, nonce: str, records: list[str]) -> JSON:
    opener, results = Opener(_cipher(suite, key, nonce)), []
    for i, record in enumerate(records):
        try:
            results.append({"plaintext": opener.open(bytes.fromhex(record)).hex()})
        except WireError as error:
            if i == len(records) - 1:
                raise
            results.append({"error": error.fault.value})
    return {"results": results}


def mac1(*, mesh_id: str, bytes: str) -> JSON:
    return {"mac1": hmac.digest(_bytes(mesh_id), _bytes(bytes), "sha256")[:MAC1].hex()}


_bytes = bytes.fromhex
