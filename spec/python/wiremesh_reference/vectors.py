"""Test vectors: every output, and every error by its name, from the inputs alone.

A kind is a function whose parameters are the fields of `input` and whose result is `output`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import Fault, WireError
from . import messages
from .handshake import Expect, Initiator, Local, Machine, Parameters, Responder
from .head import Head, Load
from .identity import COORDINATOR
from .messages import CAPABILITIES
from .noise import IK, SUITES, XX, XX_PSK3, CipherState, HandshakeState, KeyPair, Suite
from .records import Opener, Sealer
from .tlv import ENDPOINT, FLAG, NAME, U8, U16, U32, U64, Kind, Message, blob, fields, fixed, listed, table, text

JSON = dict[str, Any]
PATTERNS = {pattern.name: pattern for pattern in (XX, XX_PSK3, IK)}
LIMIT = 65535


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
        "initiator_key": _key(send), "responder_key": _key(receive),
    }


def _key(cipher: CipherState) -> str:
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


def tlv(*, stream: str, known: list[JSON]) -> JSON:
    table, seen, values = {row["type"]: row for row in known}, set(), []
    for number, raw, _ in fields(bytes.fromhex(stream)):
        seen.add(number)
        if number in table:
            values.append({"type": number, "value": _value(raw, **{"limit": LIMIT, "required": False, **table[number]})})
        elif number % 2 == 0:
            raise WireError(Fault.UNKNOWN_CRITICAL, f"field {number} is not known")
    if any(row.get("required") and number not in seen for number, row in table.items()):
        raise WireError(Fault.MISSING, "a field is missing")
    return {"fields": values}


def _value(raw: bytes, *, type: int, form: str, limit: int, required: bool) -> Any:
    match form:
        case "u64":
            return str(U64.decode(raw))
        case "bytes" | "bytes32":
            return (blob(limit) if form == "bytes" else fixed(32)).decode(raw).hex()
        case "list":
            return [item.hex() for item in listed(blob(LIMIT), limit).decode(raw)]
        case "stream":
            return tlv(stream=raw.hex(), known=[])["fields"]
    kinds: dict[str, Kind[Any]] = {
        "u8": U8, "u16": U16, "u32": U32, "flag": FLAG, "text": text(limit), "name": NAME, "endpoint": ENDPOINT,
    }
    return kinds[form].decode(raw)


def link(
    *, role: str, authority: str, static: str, ephemeral: str, parameters: JSON, suites: list[int], now: str, receive: list[str],
    certificate: str | None = None, suite: str = "", expect: JSON | None = None, tokens: list[JSON] | None = None,
) -> JSON:
    if not set(suites) <= set(SUITES):
        raise Unavailable("a suite")
    local = Local(
        authority=bytes.fromhex(authority), static=KeyPair.of(bytes.fromhex(static)), suites=bytes(suites),
        parameters=Parameters(**{name: int(value) for name, value in parameters.items()}),
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
        "handshake_hash": done.handshake_hash.hex(), "initiator_key": _key(ours), "responder_key": _key(theirs), "peer": peer,
        "leftover": machine.rest.hex(),
    }


def plain(value: Any, kind: Kind[Any] | None = None) -> Any:
    """A value of a message as JSON has it."""
    match value:
        case Message():
            rows = table(type(value))
            there = {name: field for name, (field, default) in rows.items() if getattr(value, name) != default}
            return {name: plain(getattr(value, name), field.kind) for name, field in there.items()}
        case Load():
            names = ("in_flight", "limit", "queued", "service_microseconds")
            return dict(zip(names, (value.in_flight, value.limit, value.queued, value.service_time)))
        case bytes():
            return value.hex()
        case tuple() if kind is CAPABILITIES:
            return [_capability(*item) for item in value]
        case tuple():
            return [plain(item) for item in value]
    return str(value) if kind is U64 else value


def _capability(key: str, value: Any) -> JSON:
    match value:
        case bool():
            return {"key": key, "kind": "flag", "value": value}
        case int():
            return {"key": key, "kind": "i64", "value": str(value)}
        case float():
            return {"key": key, "kind": "double", "value": struct.pack(">d", value).hex()}
        case messages.JSONText():
            return {"key": key, "kind": "json", "value": value.text}
    return {"key": key, "kind": "text", "value": value}


def head(*, bytes: str) -> JSON:
    parsed = Head.parse(_bytes(bytes))
    value = plain(parsed)
    if parsed.fields:
        value["fields"] = [{"name": name, "value": text} for name, text in zip(parsed.fields[::2], parsed.fields[1::2])]
    return {"head": value, "encoded": parsed.encode().hex()}


def message(*, message: str, bytes: str) -> JSON:
    if message not in ("ServiceList", "DiscoverAnswer"):
        one = getattr(messages, message).decode(_bytes(bytes))
        return {"value": plain(one), "encoded": one.encode().hex()}
    reader = messages.SequenceReader()
    parts = reader.feed(_bytes(bytes))
    reader.finish()
    if message == "ServiceList":
        items: list[Message] = [messages.ServiceSummary.decode(part) for part in parts]
        value, rest = {}, "services"
    else:
        if not parts:
            raise WireError(Fault.TRUNCATED, "an answer without its first message")
        items = [messages.DiscoverAnswer.decode(parts[0]), *map(messages.WorkerRecord.decode, parts[1:])]
        value, rest = plain(items[0]), "workers"
    tail = [plain(item) for item in items[len(value) and 1 :]]
    return {"value": value | ({rest: tail} if tail else {}), "encoded": messages.sequence(items).hex()}


def sequence(*, limit: int, pieces: list[str]) -> JSON:
    reader = messages.SequenceReader(limit)
    whole = [item.hex() for piece in pieces for item in reader.feed(_bytes(piece))]
    return {"messages": whole, "at_boundary": not reader.buffer}


_bytes = bytes.fromhex
KINDS: dict[str, Callable[..., JSON]] = {
    "noise": noise, "record-seal": record_seal, "record-open": record_open, "tlv": tlv, "link": link, "head": head, "message": message,
    "sequence": sequence,
}


def recompute(vector: JSON, kind: Callable[..., JSON]) -> JSON:
    """A vector with its result made anew."""
    again = {name: vector[name] for name in ("id", "clauses", "description", "input")}
    if vector.keys() - again.keys() not in ({"output"}, {"error"}):
        raise ValueError("fields that a vector does not have")
    try:
        return again | {"output": kind(**vector["input"])}
    except WireError as error:
        return again | {"error": error.fault.value}
    except Unavailable:
        return vector


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.json") if file.name != "schema.json")


def regenerate(folder: Path) -> tuple[int, list[str]]:
    """Write all files of a folder anew, from their inputs; how many vectors there are, and what went wrong."""
    return _walk(folder, write=True)


def check(folder: Path) -> tuple[int, list[str]]:
    """Compare each vector of a folder with what comes out here; how many there are, and what differs."""
    return _walk(folder, write=False)


def _walk(folder: Path, *, write: bool) -> tuple[int, list[str]]:
    count, complaints = 0, []
    for file in files(folder):
        text = file.read_text()
        try:
            content = json.loads(text)
            kind = KINDS[content["kind"]]
        except (ValueError, KeyError, TypeError) as error:
            complaints.append(f"{file}: {type(error).__name__}: {error}")
            continue
        if content.keys() != {"description", "kind", "vectors"}:
            complaints.append(f"{file}:1: fields that a file does not have")
            continue
        fresh = []
        for vector in content["vectors"]:
            count += 1
            try:
                fresh.append(recompute(vector, kind))
            except (ValueError, KeyError, TypeError, AssertionError) as error:
                fresh.append(vector)
                complaints.append(f"{_place(file, text, vector)}: {type(error).__name__}: {error}")
                continue
            if fresh[-1] != vector and not write:
                complaints.append(f"{_place(file, text, vector)}: {_result(fresh[-1])} instead of {_result(vector)}")
        again = json.dumps({"description": content["description"], "kind": content["kind"], "vectors": fresh}, indent=2) + "\n"
        if write:
            file.write_text(again)
        elif again != text and fresh == content["vectors"]:
            complaints.append(f"{file}: the file is not in its one form")
    return count, complaints


def _place(file: Path, text: str, vector: JSON) -> str:
    mark = f'"id": {json.dumps(vector.get("id"))}' if isinstance(vector, dict) else "vectors"
    return f"{file}:{text[: text.find(mark)].count(chr(10)) + 1}: {mark}"


def _result(vector: JSON) -> str:
    return str(vector.get("error") or json.dumps(vector.get("output")))[:300]
