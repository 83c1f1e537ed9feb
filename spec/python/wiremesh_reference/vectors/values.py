"""Kinds of vectors: TLV streams, heads, messages, sequences, frames, LZ4 blocks."""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Any

from .. import frames as wire
from .. import dht, messages
from ..compression import decompress
from ..errors import NO_EFFECT, Fault, WireError, http_status, known_code
from ..head import Head, Load
from ..messages import CAPABILITIES
from ..tlv import ENDPOINT, FLAG, NAME, U8, U16, U32, U64, Kind, Message, blob, fields, fixed, listed, table, text

JSON = dict[str, Any]
LIMIT = 65535


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
    parsed = Head.decode(_bytes(bytes))
    return {"head": head_value(parsed), "encoded": parsed.encode().hex()}


def head_value(parsed: Head) -> JSON:
    value: JSON = plain(parsed)
    if parsed.fields:
        value["fields"] = [{"name": name, "value": text} for name, text in zip(parsed.fields[::2], parsed.fields[1::2])]
    return value


def message(*, message: str, bytes: str) -> JSON:
    if message not in ("ServiceList", "DiscoverAnswer"):
        one = (getattr(messages, message, None) or getattr(dht, message)).decode(_bytes(bytes))
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


def frames(*, record: str) -> JSON:
    return {"frames": [
        {"type": frame.type, "flags": frame.flags, "stream": frame.stream, "payload": frame.payload.hex()}
        for frame in wire.cut(_bytes(record))
    ]}


def lz4(*, raw_size: int, block: str) -> JSON:
    raw = decompress(struct.pack(">H", raw_size) + _bytes(block))
    return {"length": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def error_code(*, code: int) -> JSON:
    known = known_code(code)
    name = {"name": known.name.lower().replace("_", " ")} if known is not None else {}
    return {**name, "base": code & ~NO_EFFECT, "not_processed": bool(code & NO_EFFECT), "http_status": http_status(code)}


_bytes = bytes.fromhex


def duration(*, text: str) -> JSON:
    """A number above 0 and its unit; more than an hour counts as an hour."""
    found = re.fullmatch(r"([0-9]+)(ms|s|m|h)", text)
    if found is None or int(found[1]) == 0:
        raise WireError(Fault.BAD_VALUE, "not a duration")
    return {"milliseconds": min(int(found[1]) * {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}[found[2]], 3_600_000)}
