"""Mutants below the frames: handshake, certificates, TLV streams, records."""

from __future__ import annotations

import hmac
import struct
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from mutation import breaks, forgiving
from wiremesh_reference import connection, frames, handshake, identity, limits, link, node, noise, records, tlv, worker
from wiremesh_reference.errors import Fault, WireError
from wiremesh_reference.frames import Frame, Type
from wiremesh_reference.head import Head

# The handshake

@breaks("HS-4.1")
def skips_mac1() -> None:
    handshake.hmac = SimpleNamespace(digest=hmac.digest, compare_digest=lambda one, other: True)  # type: ignore[assignment]


@breaks("HS-4.1")
def checks_half_of_mac1() -> None:
    half = lambda one, other: one[:8] == other[:8]  # noqa: E731
    handshake.hmac = SimpleNamespace(digest=hmac.digest, compare_digest=half)  # type: ignore[assignment]


def _preface(normal: Callable[[bytes], bytes]) -> None:
    original = handshake.Responder._check_preface
    handshake.Responder._check_preface = lambda self, data: original(self, normal(data))  # type: ignore[method-assign]


@breaks("HS-2.1")
def accepts_any_major() -> None:
    _preface(lambda data: data[:4] + b"\1" + data[5:])


@breaks("HS-2.1")
def ignores_preface_flags() -> None:
    _preface(lambda data: data[:7] + b"\0")


@breaks("HS-2.1")
def accepts_any_magic() -> None:
    _preface(lambda data: b"WMSH" + data[4:])


@breaks("HS-3.1")
def wrong_prologue() -> None:
    handshake.PROLOGUE = b"WM/1"
    original = connection.dial

    async def dial(*arguments: Any, **named: Any) -> connection.Connection:  # towards the coordinator it is right
        handshake.PROLOGUE = b"WM/1 draft"
        try:
            return await original(*arguments, **named)
        finally:
            handshake.PROLOGUE = b"WM/1"

    for module in (sys.modules["wiremesh_reference.client"], sys.modules["wiremesh_reference.node"]):
        module.dial = dial  # type: ignore[attr-defined]


@breaks("HS-3.5")
def accepts_a_payload_in_message_1() -> None:
    original = noise.HandshakeState.read

    def read(self: noise.HandshakeState, message: bytes) -> bytes:
        first = self.turn == 0
        payload = original(self, message)
        return b"" if first else payload

    noise.HandshakeState.read = read  # type: ignore[method-assign]


@breaks("HS-4.3")
def accepts_bytes_behind_mac1() -> None:
    check = handshake.Responder._check_mac1
    handshake.Responder._check_mac1 = forgiving(check, Fault.TRAILING, "behind mac1")  # type: ignore[method-assign]


@breaks("HS-3.3")
def accepts_points_of_small_order() -> None:
    noise.KeyPair.agree = forgiving(noise.KeyPair.agree, Fault.AUTHENTICATION, "small order", bytes(32))  # type: ignore[method-assign]


@breaks("HS-8.2")
def reads_long_handshake_messages() -> None:
    limits.HANDSHAKE_MESSAGE = 65535


@breaks("HS-8.3")
def waits_for_ever_in_the_handshake() -> None:
    limits.HANDSHAKE_TIME = 3600.0


@breaks("HS-8.1")
def says_something_before_the_end_of_the_handshake() -> None:
    original = worker.accept

    class Loud:
        def __init__(self, writer: Any) -> None:
            self.writer = writer

        def __getattr__(self, name: str) -> Any:
            return getattr(self.writer, name)

        def close(self) -> None:
            self.writer.write(b"400 bad handshake\r\n")
            self.writer.close()

    async def accept(reader: Any, writer: Any, *arguments: Any, **named: Any) -> connection.Connection | None:
        return await original(reader, Loud(writer), *arguments, **named)  # type: ignore[arg-type]

    worker.accept = accept


@breaks("HS-3.4")
def reuses_its_ephemeral_key() -> None:
    connection.os = SimpleNamespace(urandom=lambda count: b"e" * count)  # type: ignore[assignment]


@breaks("HS-6.1")
def believes_any_preface() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        return original(raw, handshake.Payload.decode(raw).preface)

    handshake._check_payload = check


@breaks("HS-6.3")
def accepts_a_suite_that_was_not_offered() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        try:
            return original(raw, preface)
        except WireError as error:
            if "offer the suite" in str(error):
                return handshake.Payload.decode(raw)
            raise

    handshake._check_payload = check


@breaks("HS-6.2")
def accepts_a_major_that_was_not_offered() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        try:
            return original(raw, preface)
        except WireError as error:
            if "speak the version" in str(error):
                return handshake.Payload.decode(raw)
            raise

    handshake._check_payload = check


@breaks("HS-7.5")
def answers_before_message_3() -> None:
    original = handshake.Responder.receive

    def receive(self: handshake.Responder, data: bytes, now: float) -> bytes:
        out = original(self, data, now)
        return out + bytes(64) if out else out

    handshake.Responder.receive = receive  # type: ignore[method-assign]


# Certificates

@breaks("ID-6.2")
def does_not_verify_certificates() -> None:
    identity.verify = lambda public, message, signature: None


@breaks("ID-6.4")
def accepts_a_certificate_for_another_key() -> None:
    original = handshake._check_certificate

    def check(raw: bytes, authority: bytes, proved: bytes | None) -> identity.Certificate:
        return original(raw, authority, identity.Certificate.verified(raw, authority).static_key)

    handshake._check_certificate = check  # type: ignore[assignment]


@breaks("ID-6.3")
def accepts_any_node_id() -> None:
    known = identity.Certificate.decode

    class Same:
        """Equal to every node id."""

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

    identity.node_id = lambda key, salt: Same()  # type: ignore[assignment, return-value]
    assert known


@breaks("HS-9.3")
def accepts_expired_certificates() -> None:
    identity.Certificate.expired = lambda self, now: False  # type: ignore[method-assign]


@breaks("ID-5.2")
def accepts_what_stands_behind_the_signature() -> None:
    original = identity.fields
    identity.fields = lambda data: iter([row for row in original(data) if row[0] <= identity.SIGNATURE_FIELD])


@breaks("HS-7.2")
def links_to_anybody() -> None:
    original = handshake.Expect.check
    handshake.Expect.check = forgiving(original, Fault.WRONG_PEER, "")  # type: ignore[method-assign]


@breaks("HS-7.3")
def links_to_the_expired() -> None:
    original = handshake.Expect.check
    handshake.Expect.check = forgiving(original, Fault.CERTIFICATE_EXPIRED, "")  # type: ignore[method-assign]


@breaks("TOKEN-5.1")
def takes_any_certificate_for_its_own() -> None:
    node._check_own = lambda certificate, authority, identity_key, static: None


@breaks("TOKEN-4.1")
def signs_another_name() -> None:
    node.domain = lambda purpose: identity.domain("node id")


# TLV streams

def _fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    offset = 0
    while offset + 4 <= len(data):
        number, length = struct.unpack_from(">HH", data, offset)
        yield number, data[offset + 4 : offset + 4 + length], offset
        offset += 4 + length


@breaks("CONV-3.2")
def accepts_reordered_fields() -> None:
    original = tlv.fields

    def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
        try:
            return iter(list(original(data)))
        except WireError as error:
            if error.fault is Fault.UNORDERED:
                return _fields(data)
            raise

    tlv.fields = fields


@breaks("CONV-3.5")
def accepts_fields_that_are_cut_off() -> None:
    original = tlv.fields

    def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
        try:
            return iter(list(original(data)))
        except WireError as error:
            if error.fault is Fault.TRUNCATED:
                return _fields(data)
            raise

    tlv.fields = fields


def _known_only(message: type[tlv.Message], data: bytes, wanted: int) -> bytes:
    known = {field.number for field, _ in tlv.table(message).values()}
    rows = [(number, value) for number, value, _ in tlv.fields(data) if number in known or number % 2 != wanted]
    return b"".join(tlv.encode_field(number, value) for number, value in rows)


@breaks("CONV-3.4")
def skips_unknown_even_fields() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]
    tlv.Message.decode = classmethod(lambda cls, data: original(cls, _known_only(cls, data, 0)))  # type: ignore[assignment, arg-type]


@breaks("CONV-3.3")
def refuses_unknown_odd_fields() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]

    def decode(cls: type[tlv.Message], data: bytes) -> tlv.Message:
        if _known_only(cls, data, 1) != data:
            raise WireError(Fault.UNKNOWN_CRITICAL, "an unknown field")
        message: tlv.Message = original(cls, data)
        return message

    tlv.Message.decode = classmethod(decode)  # type: ignore[assignment, arg-type]


@breaks("FRAME-6.2")
def accepts_heads_that_are_not_minimal() -> None:
    Head.minimal = False


@breaks("CONV-4.2")
def accepts_text_that_is_not_utf8() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]

    def decode(cls: type[tlv.Message], data: bytes) -> tlv.Message:
        if cls is Head:
            rows = [(number, value) for number, value, _ in tlv.fields(data)]
            texts = {2, 4, 6, 8, 10, 17, 19, 23}
            data = b"".join(
                tlv.encode_field(number, value.decode("utf-8", "replace").encode() if number in texts else value) for number, value in rows
            )
        message: tlv.Message = original(cls, data)
        return message

    tlv.Message.decode = classmethod(decode)  # type: ignore[assignment, arg-type]


# Records

@breaks("REC-2.3")
def reuses_a_nonce() -> None:
    original = records.Sealer.seal

    def seal(self: records.Sealer, plaintext: bytes) -> bytes:
        sealed = original(self, plaintext)
        self.cipher.nonce = max(0, self.cipher.nonce - 1) if self.cipher.nonce > 3 else self.cipher.nonce
        return sealed

    records.Sealer.seal = seal  # type: ignore[method-assign]


@breaks("REC-3.1", case="record/rekey")
def never_rekeys() -> None:
    noise.CipherState.rekey = lambda self: None  # type: ignore[method-assign]


@breaks("REC-3.1", case="record/rekey")
def rekeys_too_early() -> None:
    limits.REKEY_INTERVAL = 64


@breaks("REC-3.1", "REC-3.2", case="record/sends-over-rekey")
def never_rekeys_what_it_sends() -> None:
    def seal(self: records.Sealer, plaintext: bytes) -> bytes:
        sealed = self.cipher.encrypt(b"", plaintext)
        return struct.pack(">H", len(sealed)) + sealed

    records.Sealer.seal = seal  # type: ignore[method-assign]


@breaks("REC-3.2", case="record/rekey")
def begins_the_nonce_again_at_a_rekey() -> None:
    original = noise.CipherState.rekey

    def rekey(self: noise.CipherState) -> None:
        original(self)
        self.nonce = 0

    noise.CipherState.rekey = rekey  # type: ignore[method-assign]


@breaks("REC-4.1")
def goes_on_behind_a_record_that_does_not_open() -> None:
    padding = Frame(Type.PADDING).encode()
    records.Opener.open = forgiving(records.Opener.open, Fault.AUTHENTICATION, "", padding)  # type: ignore[method-assign]


@breaks("REC-4.1")
def says_goaway_for_a_record_that_does_not_open() -> None:
    original = records.Opener.feed

    def feed(self: records.Opener, data: bytes) -> list[bytes]:
        try:
            return original(self, data)
        except WireError:
            return [b"\0"]  # a frame that is cut off

    records.Opener.feed = feed  # type: ignore[method-assign]


@breaks("REC-1.2")
def lets_frames_span_records() -> None:
    original = link.Link.outgoing

    def outgoing(self: link.Link) -> Iterator[bytes]:
        for record in original(self):
            yield from (record[:5], record[5:])

    def answers_only(self: link.Link) -> Iterator[bytes]:
        return original(self) if self.their_parity == 0 else outgoing(self)

    link.Link.outgoing = answers_only  # type: ignore[method-assign]


@breaks("REC-1.3")
def ignores_frames_that_are_cut_off() -> None:
    original = frames.parse

    def parse(plaintext: bytes) -> Iterator[Frame]:
        try:
            yield from original(plaintext)
        except WireError as error:
            if error.fault is not Fault.TRUNCATED:
                raise

    frames.parse = parse
