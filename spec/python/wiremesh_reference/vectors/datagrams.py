"""Kinds of vectors: datagrams, their handshake, and the window against replays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..datagrams import (
    TYPES, Hello, Initiator, Keys, ReplayWindow, Session, open_cookie, parse_header, seal_cookie, with_cookie,
)
from ..datagrams import answer as respond
from ..errors import WireError
from ..noise import KeyPair

JSON = dict[str, Any]


def datagram_header(*, datagram: str) -> JSON:
    kind, receiver, counter = parse_header(bytes.fromhex(datagram))
    return {"type": kind, "receiver": receiver, "counter": str(counter)}


def datagram_handshake(
    *, role: str, authority: str, static: str, ephemeral: str, index: int, certificate: str, receive: list[str] | str, now: str,
    responder: str = "", order: JSON | None = None, last: JSON | None = None, request: str | None = None, answer: str | None = None,
) -> JSON:
    static_pair, ephemeral_pair = KeyPair.of(bytes.fromhex(static)), KeyPair.of(bytes.fromhex(ephemeral))
    if role == "responder":
        assert isinstance(receive, str)
        before = None if last is None else (int(last["boot_epoch"]), int(last["counter"]))
        response, keys, shown, hello = respond(
            bytes.fromhex(receive), static=static_pair, ephemeral=ephemeral_pair, authority=bytes.fromhex(authority), index=index,
            now=int(now), last=lambda _: before, certificate=bytes.fromhex(certificate), respond=lambda _: _bytes(answer),
        )
        done = {"boot_epoch": str(hello.boot_epoch), "counter": str(hello.counter)}
        return _described(response, keys, {"node_id": shown.node_id.hex(), "order": done}, "request", hello.request)
    assert order is not None
    mine = Hello(
        boot_epoch=int(order["boot_epoch"]), counter=int(order["counter"]), certificate=bytes.fromhex(certificate),
        request=_bytes(request),
    )
    initiator = Initiator(
        static=static_pair, ephemeral=ephemeral_pair, authority=bytes.fromhex(authority), responder=bytes.fromhex(responder), index=index,
        hello=mine,
    )
    for position, datagram in enumerate(receive):
        try:
            keys, shown, said = initiator.receive(bytes.fromhex(datagram), int(now))
            return _described(initiator.initiation, keys, {"node_id": shown.node_id.hex()}, "answer", said)
        except WireError:
            if position == len(receive) - 1:
                raise
    return {"sent": initiator.initiation.hex(), "established": False}


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _described(sent: bytes, keys: Keys, peer: JSON, heard: str, said: bytes | None) -> JSON:
    return {
        "sent": sent.hex(), "established": True, "handshake_hash": keys.handshake_hash.hex(), "initiator_key": keys.initiator.hex(),
        "responder_key": keys.responder.hex(), "peer": {"index": keys.peer_index, "static": keys.peer_static.hex(), **peer},
        **({} if said is None else {heard: said.hex()}),
    }


def datagram_cookie_seal(*, responder: str, initiation: str, cookie: str, salt: str) -> JSON:
    datagram = seal_cookie(
        bytes.fromhex(cookie), initiation=bytes.fromhex(initiation), salt=bytes.fromhex(salt), responder=bytes.fromhex(responder),
    )
    return {"datagram": datagram.hex()}


def datagram_cookie_open(*, responder: str, initiation: str, index: int, receive: str) -> JSON:
    first = bytes.fromhex(initiation)
    cookie = open_cookie(bytes.fromhex(receive), initiation=first, index=index, responder=bytes.fromhex(responder))
    return {"cookie": cookie.hex(), "sent": with_cookie(first, cookie).hex()}


def datagram_seal(*, key: str, type: str, receiver: int, counter: str, plaintexts: list[str]) -> JSON:
    session = Session(index=0, peer_index=receiver, send=bytes.fromhex(key), receive=bytes.fromhex(key), counter=int(counter))
    return {"datagrams": [session.seal(bytes.fromhex(plaintext), TYPES[type]).hex() for plaintext in plaintexts]}


def datagram_open(*, key: str, index: int, datagrams: list[str]) -> JSON:
    session = Session(index=index, peer_index=0, send=bytes.fromhex(key), receive=bytes.fromhex(key))
    results: list[JSON] = []
    for position, datagram in enumerate(datagrams):
        try:
            kind, plaintext = session.open(bytes.fromhex(datagram))
            results.append({"type": kind, "plaintext": plaintext.hex()})
        except WireError as error:
            if position == len(datagrams) - 1:
                raise
            results.append({"error": error.fault.value})
    return {"results": results}


def replay_window(*, counters: list[str]) -> JSON:
    window = ReplayWindow()
    accepted: list[bool] = []
    for position, counter in enumerate(map(int, counters)):
        try:
            window.check(counter)
            window.note(counter)
            accepted.append(True)
        except WireError:
            if position == len(counters) - 1:
                raise
            accepted.append(False)
    return {"accepted": accepted}


KINDS: dict[str, Callable[..., JSON]] = {
    "datagram-header": datagram_header, "datagram-handshake": datagram_handshake, "datagram-cookie-seal": datagram_cookie_seal,
    "datagram-cookie-open": datagram_cookie_open, "datagram-seal": datagram_seal,
    "datagram-open": datagram_open, "replay-window": replay_window,
}
