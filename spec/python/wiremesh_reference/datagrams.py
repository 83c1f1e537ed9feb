"""Datagrams: their header, the handshake that begins a session, the session. No node of this package opens a socket for them yet."""

from __future__ import annotations

import dataclasses
import hmac
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .handshake import MAC1, PROLOGUE
from .identity import Certificate, domain, mesh_id
from .noise import CHACHA, IK, LAST_NONCE, TAG, CipherState, HandshakeState, KeyPair
from .tlv import U64, Field, Message, blob

SIZE = 1200
HEADER = struct.Struct(">BBHIQ")
VERSION = 1
INITIATION, RESPONSE, SESSION, COOKIE, CHALLENGE, ECHO = 1, 2, 3, 4, 5, 6
TYPES = {"session": SESSION, "challenge": CHALLENGE, "echo": ECHO}
INDEX = struct.Struct(">I")
CLEAR = HEADER.size + INDEX.size
FLIGHT = SIZE - 2 * MAC1
HELLO = FLIGHT - CLEAR - 32 - 32 - 2 * TAG
WELCOME = SIZE - CLEAR - 32 - TAG
COOKIE_SIZE = 16
WINDOW = 8192


def header(kind: int, receiver: int = 0, counter: int = 0) -> bytes:
    return HEADER.pack(kind, VERSION, 0, receiver, counter)


def parse_header(datagram: bytes) -> tuple[int, int, int]:
    """Type, receiver index and counter."""
    if len(datagram) > SIZE:  # DGRAM-1.1
        raise WireError(Fault.OVERSIZED, "a datagram has more than 1,200 bytes")
    if len(datagram) < HEADER.size:  # DGRAM-1.2
        raise WireError(Fault.TRUNCATED, "a datagram ends inside its header")
    kind, version, reserved, receiver, counter = HEADER.unpack_from(datagram)
    if version != VERSION or reserved:  # DGRAM-1.3
        raise WireError(Fault.BAD_PREFACE, "a datagram is of another version")
    if kind not in (INITIATION, RESPONSE, COOKIE, *TYPES.values()):  # DGRAM-1.4
        raise WireError(Fault.UNKNOWN_CRITICAL, f"a datagram has the type {kind}")
    if (kind == INITIATION and receiver) or (kind not in TYPES.values() and counter):  # DGRAM-1.5
        raise WireError(Fault.BAD_VALUE, "a handshake has a counter or receiver")
    return kind, receiver, counter


def _awaited(datagram: bytes, awaited: Collection[int], index: int) -> tuple[int, int]:
    """Type and counter of a datagram of an awaited type for this index."""
    kind, receiver, counter = parse_header(datagram)
    if kind not in awaited or receiver != index:  # DGRAM-1.4, DGRAM-3.4, DGRAM-4.2, DGRAM-5.4
        raise WireError(Fault.BAD_VALUE, "a datagram is not for this handshake or session")
    return kind, counter


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """What an initiation says of its sender, and what it asks."""

    boot_epoch: Annotated[int, Field(2, U64)]
    counter: Annotated[int, Field(4, U64)]
    certificate: Annotated[bytes, Field(6, blob(limits.CERTIFICATE))]
    request: Annotated[bytes | None, Field(8, blob(HELLO))] = None
    padding: Annotated[bytes | None, Field(9, blob(HELLO))] = None

    @property
    def order(self) -> tuple[int, int]:
        return self.boot_epoch, self.counter

    def padded(self) -> bytes:
        missing = HELLO - len(self.encode()) - 4
        if missing < 0:
            raise WireError(Fault.OVERSIZED, "a request does not fit an initiation")
        return dataclasses.replace(self, padding=bytes(missing)).encode()


@dataclass(frozen=True, kw_only=True)
class Welcome(Message):
    """What a response says of its sender, and what it answers."""

    certificate: Annotated[bytes, Field(2, blob(limits.CERTIFICATE))]
    answer: Annotated[bytes | None, Field(4, blob(WELCOME))] = None


@dataclass(frozen=True)
class Keys:
    """What a finished handshake leaves behind."""

    handshake_hash: bytes
    peer_index: int
    peer_static: bytes
    initiator: bytes
    responder: bytes

    @classmethod
    def of(cls, state: HandshakeState, peer_index: int) -> Keys:
        first, second = state.symmetric.split()
        assert state.remote_static is not None and first.key is not None and second.key is not None
        return cls(state.symmetric.h, peer_index, state.remote_static, first.key, second.key)


def _mac1(authority: bytes, data: bytes) -> bytes:
    return hmac.digest(mesh_id(authority), data, "sha256")[:MAC1]


def _checked(encoded: bytes, authority: bytes, static: bytes | None, now: float) -> Certificate:
    """The certificate of the side that has proven the key `static`."""
    certificate = Certificate.verified(encoded, authority)  # DGRAM-2.4, DGRAM-3.7
    if certificate.static_key != static:
        raise WireError(Fault.AUTHENTICATION, "a certificate is for another key")
    if certificate.expired(now):
        raise WireError(Fault.CERTIFICATE_EXPIRED, "a certificate has expired")
    return certificate


class Initiator:
    """The side that begins: `initiation` is what to send, and to send again."""

    def __init__(self, *, static: KeyPair, ephemeral: KeyPair, authority: bytes, responder: bytes, index: int, hello: Hello) -> None:
        clear = header(INITIATION) + INDEX.pack(index)
        self.index, self.hello, self._authority = index, hello, authority

        def begin() -> tuple[HandshakeState, bytes]:
            state = HandshakeState(
                IK, CHACHA, initiator=True, prologue=PROLOGUE + clear, static=static, ephemeral=ephemeral, remote_static=responder,
            )  # DGRAM-2.2
            return state, state.write(hello.padded())

        self._begin = begin
        flight = clear + begin()[1]
        self.initiation = flight + _mac1(authority, flight) + bytes(MAC1)  # DGRAM-2.1, DGRAM-2.6, DGRAM-5.1

    def receive(self, datagram: bytes, now: float) -> tuple[Keys, Certificate, bytes | None]:
        """Take a response: the keys, who answers, and the answer. One that raises changes nothing."""  # DGRAM-3.5
        _awaited(datagram, (RESPONSE,), self.index)
        if len(datagram) < CLEAR:
            raise WireError(Fault.TRUNCATED, "a response ends inside its index")
        (peer,) = INDEX.unpack_from(datagram, HEADER.size)
        state, _ = self._begin()
        welcome = Welcome.decode(state.read(datagram[CLEAR:]))  # DGRAM-3.9
        return Keys.of(state, peer), _checked(welcome.certificate, self._authority, state.remote_static, now), welcome.answer


def answer(
    datagram: bytes, *, static: KeyPair, ephemeral: KeyPair, authority: bytes, index: int, now: float,
    last: Callable[[bytes], tuple[int, int] | None], certificate: bytes, respond: Callable[[bytes | None], bytes | None],
) -> tuple[bytes, Keys, Certificate, Hello]:
    """The one response to an initiation, and what it leaves behind. `last` knows the greatest order of a static key."""  # DGRAM-3.1
    _awaited(datagram, (INITIATION,), 0)
    if len(datagram) != SIZE:  # DGRAM-2.1
        raise WireError(Fault.TRUNCATED, "an initiation has less than 1,200 bytes")
    flight = datagram[:FLIGHT]
    if not hmac.compare_digest(_mac1(authority, flight), datagram[FLIGHT : FLIGHT + MAC1]):  # DGRAM-2.3
        raise WireError(Fault.AUTHENTICATION, "mac1 is wrong")
    state = HandshakeState(IK, CHACHA, initiator=False, prologue=PROLOGUE + flight[:CLEAR], static=static, ephemeral=ephemeral)
    hello = Hello.decode(state.read(flight[CLEAR:]))
    shown = _checked(hello.certificate, authority, state.remote_static, now)
    before = last(shown.static_key)
    if before is not None and hello.order <= before:  # DGRAM-2.5
        raise WireError(Fault.REPLAYED, "an initiation came before")
    (peer,) = INDEX.unpack_from(flight, HEADER.size)
    payload = Welcome(certificate=certificate, answer=respond(hello.request)).encode()
    if len(payload) > WELCOME:
        raise WireError(Fault.OVERSIZED, "an answer does not fit a response")
    response = header(RESPONSE, peer) + INDEX.pack(index) + state.write(payload)
    return response, Keys.of(state, peer), shown, hello


def _cookie_state(initiation: bytes, salt: bytes, responder: bytes) -> CipherState:
    if len(initiation) != SIZE:
        raise WireError(Fault.TRUNCATED, "an initiation has less than 1,200 bytes")
    key = hmac.digest(responder, domain("cookie") + initiation[FLIGHT : FLIGHT + MAC1] + salt, "sha256")
    return CipherState(CHACHA, key)


def seal_cookie(cookie: bytes, *, initiation: bytes, salt: bytes, responder: bytes) -> bytes:
    """The answer of a responder under load."""
    state = _cookie_state(initiation, salt, responder)
    clear = header(COOKIE, INDEX.unpack_from(initiation, HEADER.size)[0])
    return clear + salt + state.encrypt(clear, cookie)


def open_cookie(datagram: bytes, *, initiation: bytes, index: int, responder: bytes) -> bytes:
    """The cookie for an initiation."""
    _awaited(datagram, (COOKIE,), index)
    size = HEADER.size + 2 * COOKIE_SIZE + TAG
    if len(datagram) != size:
        raise WireError(Fault.TRUNCATED if len(datagram) < size else Fault.TRAILING, "a cookie has another size")
    salt = datagram[HEADER.size : HEADER.size + COOKIE_SIZE]
    return _cookie_state(initiation, salt, responder).decrypt(datagram[: HEADER.size], datagram[HEADER.size + COOKIE_SIZE :])


def with_cookie(initiation: bytes, cookie: bytes) -> bytes:
    """The initiation with mac2."""  # DGRAM-5.2
    return initiation[:-MAC1] + hmac.digest(cookie, initiation[:-MAC1], "sha256")[:MAC1]


class ReplayWindow:
    """Which of the last 8,192 counters were seen: a number of bits below the highest."""

    def __init__(self) -> None:
        self.highest, self.seen = -1, 0

    def check(self, counter: int) -> None:
        if counter >= LAST_NONCE:  # DGRAM-4.3
            raise WireError(Fault.EXHAUSTED, "a counter that no datagram has")
        age = self.highest - counter
        if age >= 0 and (age >= WINDOW or self.seen >> age & 1):  # DGRAM-4.4
            raise WireError(Fault.REPLAYED, "a datagram came before, or is too old to tell")

    def note(self, counter: int) -> None:
        if counter > self.highest:
            self.seen = self.seen << min(counter - self.highest, WINDOW) & ((1 << WINDOW) - 1)
            self.highest = counter
        self.seen |= 1 << (self.highest - counter)


class Session:
    """Two keys, the counter of what is sent, the window of what has come."""

    def __init__(self, *, index: int, peer_index: int, send: bytes, receive: bytes, counter: int = 0) -> None:
        self.index, self.peer_index, self.counter = index, peer_index, counter
        self._send, self._receive, self._window = send, receive, ReplayWindow()

    def seal(self, plaintext: bytes, kind: int = SESSION) -> bytes:
        if len(plaintext) > SIZE - HEADER.size - TAG:  # DGRAM-1.1
            raise WireError(Fault.OVERSIZED, "a datagram takes 1,168 bytes")
        clear = header(kind, self.peer_index, self.counter)
        state = CipherState(CHACHA, self._send)
        state.nonce = self.counter
        sealed = state.encrypt(clear, plaintext)  # DGRAM-4.1, DGRAM-4.3
        self.counter += 1
        return clear + sealed

    def open(self, datagram: bytes) -> tuple[int, bytes]:
        """Type and plaintext."""
        kind, counter = _awaited(datagram, TYPES.values(), self.index)
        if len(datagram) < HEADER.size + TAG:
            raise WireError(Fault.TRUNCATED, "a datagram is shorter than its tag")
        self._window.check(counter)
        state = CipherState(CHACHA, self._receive)
        state.nonce = counter
        plaintext = state.decrypt(datagram[: HEADER.size], datagram[HEADER.size :])
        self._window.note(counter)  # DGRAM-4.5
        return kind, plaintext
