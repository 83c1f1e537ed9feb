"""The handshake of a link: preface, mac1, three Noise messages, and what each side checks of the other.

Bytes in, bytes out: the shell reads messages and passes them here, with keys, time and ephemeral secrets as arguments.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .identity import FEATURE_AES, Certificate, mesh_id
from .noise import SUITES, XX, XX_PSK3, CipherState, HandshakeState, KeyPair, Pattern
from .tlv import ASCENDING, U32, U64, Field, Message, blob, fixed, nested

MAGIC = b"WMSH"
MAJOR = 1
PREFACE = 8
TOKEN_ID = 16
MAC1 = 16
PROLOGUE = b"WM/1 draft"
PATTERNS: dict[int, Pattern] = {1: XX, 2: XX_PSK3}
MEMBERS, ENROLMENT = 1, 2


@dataclass(frozen=True, kw_only=True)
class Parameters(Message):
    """What a side grants, and says of itself, for the life of the link."""

    boot_epoch: Annotated[int, Field(2, U64)]
    stream_window: Annotated[int, Field(4, U64)]
    link_window: Annotated[int, Field(6, U64)]
    max_streams: Annotated[int, Field(8, U32)]
    features: Annotated[int, Field(10, U32)]

    @classmethod
    def usual(cls, boot_epoch: int) -> Parameters:
        """What this implementation announces."""
        return cls(
            boot_epoch=boot_epoch, stream_window=limits.STREAM_WINDOW, link_window=limits.LINK_WINDOW,
            max_streams=limits.OPEN_STREAMS, features=local_features(),
        )


@dataclass(frozen=True, kw_only=True)
class Payload(Message):
    """What messages 2 and 3 carry."""

    preface: Annotated[bytes, Field(2, fixed(PREFACE))]
    majors: Annotated[bytes, Field(4, ASCENDING)]
    suites: Annotated[bytes, Field(6, ASCENDING)]
    parameters: Annotated[Parameters, Field(8, nested(Parameters))]
    certificate: Annotated[bytes | None, Field(10, blob(limits.CERTIFICATE))] = None


@dataclass(frozen=True, kw_only=True)
class Local:
    """What a side brings to a handshake. A joiner has no certificate yet."""

    authority: bytes
    static: KeyPair
    parameters: Parameters
    certificate: bytes | None = None
    suites: bytes = bytes(sorted(SUITES))


@dataclass(frozen=True)
class Established:
    """A finished handshake, and what it says of the peer. `certificate` is None where the peer is a joiner."""

    send: CipherState
    receive: CipherState
    handshake_hash: bytes
    static: bytes | None
    certificate: Certificate | None
    parameters: Parameters
    token: bytes  # the id, empty between members


@dataclass(frozen=True)
class Expect:
    """Whom an initiator means to reach: one node, or any node with a role."""

    node_id: bytes | None = None
    role: int = 0

    def check(self, certificate: Certificate, now: float) -> None:  # HS-7.2, HS-7.3
        if self.node_id is not None and certificate.node_id != self.node_id:
            raise WireError(Fault.WRONG_PEER, f"{certificate.name} answered, which is not the node that was meant")
        if self.role & certificate.roles != self.role:
            raise WireError(Fault.WRONG_PEER, f"{certificate.name} answered, which has not the role that was meant")
        if certificate.expired(now):
            raise WireError(Fault.CERTIFICATE_EXPIRED, f"the certificate of {certificate.name} has expired")


def mac1(authority: bytes, begin: bytes) -> bytes:
    """The filter against scanners, over everything before it on the connection."""
    return hmac.digest(mesh_id(authority), begin, "sha256")[:MAC1]


def framed(message: bytes) -> bytes:
    if len(message) > limits.HANDSHAKE_MESSAGE:
        raise WireError(Fault.OVERSIZED, "a handshake message has more than 4,096 bytes")
    return struct.pack(">H", len(message)) + message


def _payload(local: Local, preface: bytes) -> bytes:
    return Payload(
        preface=preface, majors=bytes([MAJOR]), suites=local.suites, parameters=local.parameters,
        certificate=local.certificate,
    ).encode()


def _check_payload(raw: bytes, preface: bytes) -> Payload:
    payload = Payload.decode(raw)
    if payload.preface != preface:  # HS-6.1
        raise WireError(Fault.DOWNGRADE, "the other side saw another preface")
    if MAJOR not in payload.majors:  # HS-6.2
        raise WireError(Fault.DOWNGRADE, "the other side does not speak the version in use")
    if preface[5] not in payload.suites:  # HS-6.3
        raise WireError(Fault.DOWNGRADE, "the other side does not offer the suite in use")
    return payload


def _check_certificate(raw: bytes | None, authority: bytes, proved: bytes | None) -> Certificate:
    if raw is None:
        raise WireError(Fault.AUTHENTICATION, "a member shows no certificate")  # HS-7.4
    certificate = Certificate.verified(raw, authority)  # HS-7.1, ID-6.4
    if certificate.static_key != proved:
        raise WireError(Fault.AUTHENTICATION, "a certificate is for another static key than the one that was proved")
    return certificate


class Machine:
    """A side of a handshake: bytes of the other side go in, in whatever pieces they come, and what to send comes out."""  # HS-8.5

    def __init__(self, local: Local, ephemeral: KeyPair) -> None:
        if local.certificate is not None:
            Certificate.decode(local.certificate)
        self.local, self.ephemeral = local, ephemeral
        self.established: Established | None = None
        self.rest = b""  # what came behind the last message
        self._out, self._now = b"", 0.0
        self._steps = self._run()
        self._need = next(self._steps)

    def receive(self, data: bytes, now: float) -> bytes:
        self.rest, self._now = self.rest + data, now
        while self.established is None and len(self.rest) >= self._need:
            taken, self.rest = self.rest[: self._need], self.rest[self._need :]
            self._need = self._steps.send(taken)
        out, self._out = self._out, b""
        return out

    def _run(self) -> Generator[int, bytes, None]:
        """Yields how many bytes it needs, and is given them."""
        raise NotImplementedError


def _length(raw: bytes) -> int:
    length = int.from_bytes(raw, "big")
    if length > limits.HANDSHAKE_MESSAGE:  # HS-8.2
        raise WireError(Fault.OVERSIZED, "a handshake message has more than 4,096 bytes")
    return length


class Initiator(Machine):
    """The side that dialled. It speaks first: receive(b"", now)."""

    def __init__(
        self, local: Local, ephemeral: KeyPair, expect: Expect, *, suite: int = 1, token: tuple[bytes, bytes] | None = None
    ) -> None:
        if token is None and local.certificate is None:  # HS-7.6
            raise WireError(Fault.NO_CERTIFICATE, "a node without a certificate cannot open a member's link")
        self.expect, self.token = expect, token
        self.preface = MAGIC + bytes([MAJOR, suite, ENROLMENT if token else MEMBERS, 0])
        super().__init__(local, ephemeral)

    def _run(self) -> Generator[int, bytes, None]:
        yield 0
        clear, psk = self.token or (b"", None)
        noise = HandshakeState(  # HS-3.1, HS-3.2
            PATTERNS[self.preface[6]], SUITES[self.preface[5]], initiator=True, prologue=PROLOGUE + self.preface + clear,
            static=self.local.static, ephemeral=self.ephemeral, psk=psk,
        )
        begin = self.preface + clear + framed(noise.write(b""))
        self._out += begin + mac1(self.local.authority, begin)
        message2 = yield _length((yield 2))
        payload = _check_payload(noise.read(message2), self.preface)
        certificate = _check_certificate(payload.certificate, self.local.authority, noise.remote_static)
        self.expect.check(certificate, self._now)  # before message 3: HS-8.6
        self._out += framed(noise.write(_payload(self.local, self.preface)))
        self.established = Established(*noise.split(), noise.symmetric.h, noise.remote_static, certificate, payload.parameters, clear)
        yield 0


class Responder(Machine):
    """The side that was dialled. Every error here is answered with silence: the shell closes."""  # HS-8.1

    def __init__(self, local: Local, ephemeral: KeyPair, token_secret: Callable[[bytes], bytes | None]) -> None:
        self.token_secret = token_secret
        super().__init__(local, ephemeral)

    def _run(self) -> Generator[int, bytes, None]:
        preface = yield PREFACE
        self._check_preface(preface)
        clear = yield TOKEN_ID if preface[6] == ENROLMENT else 0
        message1 = yield _length((yield 2))
        self._check_mac1(preface + clear + framed(message1), (yield MAC1))
        secret = self.token_secret(clear) if preface[6] == ENROLMENT else None
        if preface[6] == ENROLMENT and secret is None:  # TOKEN-3.2
            raise WireError(Fault.AUTHENTICATION, "no such token")
        noise = HandshakeState(
            PATTERNS[preface[6]], SUITES[preface[5]], initiator=False, prologue=PROLOGUE + preface + clear,
            static=self.local.static, ephemeral=self.ephemeral, psk=secret,
        )
        if noise.read(message1):  # HS-3.5
            raise WireError(Fault.TRAILING, "message 1 has a payload")
        self._out += framed(noise.write(_payload(self.local, preface)))
        message3 = yield _length((yield 2))
        payload = _check_payload(noise.read(message3), preface)
        certificate = None
        if preface[6] == MEMBERS:
            certificate = _check_certificate(payload.certificate, self.local.authority, noise.remote_static)
        elif payload.certificate is not None:  # HS-7.4
            raise WireError(Fault.AUTHENTICATION, "a joiner shows a certificate")
        self.established = Established(*noise.split(), noise.symmetric.h, noise.remote_static, certificate, payload.parameters, clear)
        yield 0

    def _check_preface(self, preface: bytes) -> None:  # HS-2.1, HS-2.2, HS-7.6
        magic, major, suite, pattern, flags = preface[:4], *preface[4:]
        if (magic, major, flags) != (MAGIC, MAJOR, 0) or suite not in self.local.suites or pattern not in PATTERNS:
            raise WireError(Fault.BAD_PREFACE, "a preface of another protocol, version, suite or pattern")
        if pattern == ENROLMENT and suite != 1:
            raise WireError(Fault.BAD_PREFACE, "an enrolment with another suite than 1")
        if self.local.certificate is None:
            raise WireError(Fault.NO_CERTIFICATE, "a node without a certificate cannot take links")

    def _check_mac1(self, begin: bytes, mac: bytes) -> None:  # HS-4.1, HS-4.2: before any curve operation
        if not hmac.compare_digest(mac1(self.local.authority, begin), mac):
            raise WireError(Fault.AUTHENTICATION, "mac1 is wrong")
        if self.rest:  # HS-4.3
            raise WireError(Fault.TRAILING, "bytes behind mac1")


def local_features() -> int:
    return FEATURE_AES if 2 in SUITES else 0
