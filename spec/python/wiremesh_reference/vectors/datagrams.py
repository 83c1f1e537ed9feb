"""Kinds of vectors: datagrams, their handshake, and the window against replays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..datagrams import Hello, Initiator, Keys, ReplayWindow, Session, answer, parse_header
from ..errors import WireError
from ..noise import KeyPair

JSON = dict[str, Any]


def datagram_header(*, datagram: str) -> JSON:
    kind, receiver, counter = parse_header(bytes.fromhex(datagram))
    return {"type": kind, "receiver": receiver, "counter": str(counter)}


def datagram_handshake(
    *, role: str, authority: str, static: str, ephemeral: str, index: int, certificate: str, receive: list[str] | str, responder: str = "",
    order: JSON | None = None, now: str = "0", last: JSON | None = None,
) -> JSON:
    static_pair, ephemeral_pair = KeyPair.of(bytes.fromhex(static)), KeyPair.of(bytes.fromhex(ephemeral))
    if role == "responder":
        assert isinstance(receive, str)
        before = None if last is None else (int(last["boot_epoch"]), int(last["counter"]))
        response, keys, shown, hello = answer(
            bytes.fromhex(receive), static=static_pair, ephemeral=ephemeral_pair, authority=bytes.fromhex(authority), index=index,
            now=int(now), last=lambda _: before,
        )
        done = {"boot_epoch": str(hello.boot_epoch), "counter": str(hello.counter)}
        return _described(response, keys, {"node_id": shown.node_id.hex(), "order": done})
    assert order is not None
    mine = Hello(boot_epoch=int(order["boot_epoch"]), counter=int(order["counter"]), certificate=bytes.fromhex(certificate))
    initiator = Initiator(
        static=static_pair, ephemeral=ephemeral_pair, authority=bytes.fromhex(authority), responder=bytes.fromhex(responder), index=index,
        hello=mine,
    )
    for position, datagram in enumerate(receive):
        try:
            return _described(initiator.initiation, initiator.receive(bytes.fromhex(datagram)), {})
        except WireError:
            if position == len(receive) - 1:
                raise
    return {"sent": initiator.initiation.hex(), "established": False}


def _described(sent: bytes, keys: Keys, peer: JSON) -> JSON:
    return {
        "sent": sent.hex(), "established": True, "handshake_hash": keys.handshake_hash.hex(), "initiator_key": keys.initiator.hex(),
        "responder_key": keys.responder.hex(), "peer": {"index": keys.peer_index, "static": keys.peer_static.hex(), **peer},
    }


def datagram_seal(*, key: str, receiver: int, counter: str, plaintexts: list[str]) -> JSON:
    session = Session(index=0, peer_index=receiver, send=bytes.fromhex(key), receive=bytes.fromhex(key), counter=int(counter))
    return {"datagrams": [session.seal(bytes.fromhex(plaintext)).hex() for plaintext in plaintexts]}


def datagram_open(*, key: str, index: int, datagrams: list[str]) -> JSON:
    session = Session(index=index, peer_index=0, send=bytes.fromhex(key), receive=bytes.fromhex(key))
    results: list[JSON] = []
    for position, datagram in enumerate(datagrams):
        try:
            results.append({"plaintext": session.open(bytes.fromhex(datagram)).hex()})
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
    "datagram-header": datagram_header, "datagram-handshake": datagram_handshake, "datagram-seal": datagram_seal,
    "datagram-open": datagram_open, "replay-window": replay_window,
}
