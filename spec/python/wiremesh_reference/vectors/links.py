"""Kinds of vectors: a side of a link, from its first byte to its last frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import CallError
from ..frames import Type, cut, parse_reset
from ..handshake import Expect, Initiator, Local, Machine, Parameters, Responder
from ..head import Head
from ..identity import COORDINATOR
from ..link import Began, Data, Event, GoneAway, Link, MayOpen, Pong, Stopped, WasReset
from ..noise import SUITES, KeyPair
from .ciphers import Unavailable, key_of, suite_named
from .values import head_value, plain

JSON = dict[str, Any]


def link(
    *, role: str, authority: str, static: str, ephemeral: str, parameters: JSON, suites: list[int], now: str, receive: list[str],
    certificate: str | None = None, suite: str = "", expect: JSON | None = None, tokens: list[JSON] | None = None,
) -> JSON:
    if not set(suites) <= set(SUITES):
        raise Unavailable("a suite")
    local = Local(
        authority=bytes.fromhex(authority), static=KeyPair.of(bytes.fromhex(static)), suites=bytes(suites),
        parameters=_parameters(parameters),
        certificate=None if certificate is None else bytes.fromhex(certificate),
    )
    keys = KeyPair.of(bytes.fromhex(ephemeral))
    machine: Machine
    if role == "initiator":
        meant = expect or {}
        token = (bytes.fromhex(meant["token"]), bytes.fromhex(meant["secret"])) if "token" in meant else None
        whom = Expect(bytes.fromhex(meant["node"]) if "node" in meant else None, COORDINATOR if token else meant.get("roles", 0))
        machine = Initiator(local, keys, whom, suite=suite_named(suite).number, token=token)
    else:
        secrets = {bytes.fromhex(row["id"]): bytes.fromhex(row["secret"]) for row in tokens or []}
        machine = Responder(local, keys, secrets.get)
    sent = [machine.receive(bytes.fromhex(piece), int(now)).hex() for piece in ["", *receive]]
    done = machine.established
    begun: JSON = {"sent": [flight for flight in sent if flight], "established": done is not None}
    if done is None:
        return begun
    ours, theirs = (done.send, done.receive) if role == "initiator" else (done.receive, done.send)
    peer: JSON = {"static": (done.static or b"").hex()}
    if done.certificate is not None:
        peer["node_id"] = done.certificate.node_id.hex()
    if done.token:
        peer["token"] = done.token.hex()
    peer |= {"expired": done.certificate is not None and done.certificate.expired(int(now)), "parameters": plain(done.parameters)}
    return begun | {
        "handshake_hash": done.handshake_hash.hex(), "initiator_key": key_of(ours), "responder_key": key_of(theirs), "peer": peer,
        "leftover": machine.rest.hex(),
    }


def _parameters(values: JSON) -> Parameters:
    return Parameters(**{name: int(value) for name, value in values.items()})


def stream(*, role: str, own: JSON, peer: JSON, steps: list[JSON]) -> JSON:
    link = Link(initiator=role == "initiator", local=_parameters(own), remote=_parameters(peer))
    clock = 0
    events: list[JSON] = []
    replies: list[JSON] = []
    sent: dict[int, int] = {}
    for step in steps:
        if step["step"] == "wait":
            clock += step["milliseconds"]
        events += _take(link, step, clock / 1000)
        for frame in (frame for record in link.outgoing() for frame in cut(record)):
            if frame.type == Type.PONG:
                replies.append({"frame": "pong", "payload": frame.payload.hex()})
            elif frame.type == Type.RESET:
                replies.append({"frame": "reset", "stream": frame.stream, "code": parse_reset(frame.payload)[0]})
            elif frame.type == Type.DATA and frame.payload:
                sent[frame.stream] = sent.get(frame.stream, 0) + len(frame.payload)
    totals = [{"stream": number, "bytes": count} for number, count in sorted(sent.items())]
    return {"events": _grouped(events), "replies": _grouped(replies), "sent": totals}


def _take(link: Link, step: JSON, now: float) -> list[JSON]:
    """One step; what the owner hears of it."""
    number = step.get("stream", 0)
    match step["step"]:
        case "receive":
            frames = bytes.fromhex(step["frames"])
            return [heard for _ in range(step.get("times", 1)) for event in link.receive(frames, now) for heard in _heard(link, event)]
        case "open":
            try:
                return [{"event": "open", "stream": link.open(Head.decode(bytes.fromhex(step["head"])), end=step["end"])}]
            except CallError:
                return [{"event": "no-stream"}]
        case "answer":
            link.answer(number, Head.decode(bytes.fromhex(step["head"])), end=step["end"])
        case "send":
            link.write(number, bytes(step["count"]), end=step["end"])
        case "reset":
            link.reset(number, step["code"])
        case "stop":
            link.stop(number, step["code"])
        case "goaway":
            link.go_away(0)
    return []


def _heard(link: Link, event: Event) -> Iterator[JSON]:
    match event:
        case Began(number, head):
            stream = link.streams[number]
            name = "answered" if stream.mine else "opened"
            yield {"event": name, "stream": number, "head": head_value(head), "end": stream.receive_ended}
        case Data(number, data, end):
            yield {"event": "data", "stream": number, "bytes": data.hex(), "end": end}
        case WasReset(number, error):
            yield {"event": "reset", "stream": number, "code": error.code, "retry_after": round(error.retry_after * 1000)}
        case Stopped(number, code):
            yield {"event": "stopped", "stream": number, "code": code}
        case MayOpen():
            yield {"event": "may-open"}
        case Pong(payload):
            yield {"event": "pong", "number": str(int.from_bytes(payload, "big"))}
        case GoneAway(last, error):
            yield {"event": "goaway", "last": last, "code": error.code, "reason": error.reason}


def _grouped(entries: list[JSON]) -> list[JSON]:
    """Entries in a row that are alike, once."""
    groups: list[tuple[JSON, int]] = []
    for entry in entries:
        if groups and groups[-1][0] == entry:
            groups[-1] = (entry, groups[-1][1] + 1)
        else:
            groups.append((entry, 1))
    return [entry | ({"times": count} if count > 1 else {}) for entry, count in groups]
