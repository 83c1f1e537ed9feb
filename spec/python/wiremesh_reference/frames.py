"""Frames: `u16 length || u8 type || u8 flags || u32 stream` and a payload."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from . import limits
from .errors import Fault, WireError

HEADER = struct.Struct(">HBBI")


class Type(enum.IntEnum):
    DATA = 0x00
    PADDING = 0x01
    HEAD = 0x02
    WINDOW = 0x04
    MAX_STREAMS = 0x06
    STOP = 0x08
    RESET = 0x0A
    PING = 0x0C
    PONG = 0x0E
    GOAWAY = 0x10


END, MORE, LZ4 = 0x01, 0x02, 0x04
_FLAGS = {Type.HEAD: END, Type.DATA: END | MORE | LZ4}
_SIZES = {
    Type.DATA: (0, limits.DATA), Type.PADDING: (0, limits.FRAME_PAYLOAD), Type.HEAD: (0, limits.HEAD_SIZE), Type.WINDOW: (8, 8),
    Type.MAX_STREAMS: (4, 4), Type.STOP: (2, 2), Type.RESET: (6, 6 + limits.REASON), Type.PING: (8, 8), Type.PONG: (8, 8),
    Type.GOAWAY: (6, 6 + limits.REASON),
}
_OF_LINK = {Type.MAX_STREAMS, Type.PING, Type.PONG, Type.GOAWAY}


@dataclass(frozen=True)
class Frame:
    """A frame. `type` is one of Type, or an odd number that is not known."""

    type: int
    stream: int = 0
    payload: bytes = b""
    flags: int = 0

    def encode(self) -> bytes:
        return HEADER.pack(len(self.payload), self.type, self.flags, self.stream) + self.payload


def parse(plaintext: bytes) -> Iterator[Frame]:
    """The frames of a record, each looked at by itself."""
    for frame in cut(plaintext):
        check(frame)
        yield frame


def cut(plaintext: bytes) -> Iterator[Frame]:
    """The frames of a record, as they are. They never span records."""  # REC-1.3
    offset = 0
    while offset < len(plaintext):
        if len(plaintext) - offset < HEADER.size:
            raise WireError(Fault.TRUNCATED, "a frame's header is cut off")
        length, kind, flags, stream = HEADER.unpack_from(plaintext, offset)
        offset += HEADER.size
        if len(plaintext) - offset < length:
            raise WireError(Fault.TRUNCATED, "a frame is cut off")  # CONV-3.7: nothing was copied yet
        yield Frame(kind, stream, plaintext[offset : offset + length], flags)
        offset += length


def check(frame: Frame) -> None:
    """What can be said of a frame without knowing the state of the link."""
    try:
        kind = Type(frame.type)
    except ValueError:
        if frame.type % 2 == 0:  # FRAME-1.1, FRAME-1.2
            raise WireError(Fault.UNKNOWN_CRITICAL, f"a frame of the unknown type {frame.type:#04x}") from None
        return
    if frame.flags & ~_FLAGS.get(kind, 0):  # FRAME-1.3
        raise WireError(Fault.BAD_VALUE, f"{kind.name} with flags {frame.flags:#04x}")
    least, most = _SIZES[kind]
    if not least <= len(frame.payload) <= most:  # FRAME-1.4
        fault = Fault.OVERSIZED if kind in (Type.HEAD, Type.DATA) else Fault.BAD_LENGTH
        raise WireError(fault, f"{kind.name} with {len(frame.payload)} bytes")
    if kind in _OF_LINK and frame.stream:  # FRAME-1.5
        raise WireError(Fault.STREAM_STATE, f"{kind.name} on stream {frame.stream}")


def reset(stream: int, code: int, retry_after: float, reason: str) -> Frame:
    return Frame(Type.RESET, stream, struct.pack(">HI", code, min(int(retry_after * 1000), 2**32 - 1)) + _cut(reason))


def goaway(last: int, code: int, reason: str) -> Frame:
    return Frame(Type.GOAWAY, 0, struct.pack(">IH", last, code) + _cut(reason))


def parse_reset(payload: bytes) -> tuple[int, float, str]:
    """Code, retry-after in seconds, reason."""
    code, retry_after = struct.unpack_from(">HI", payload)
    return code, retry_after / 1000, _reason(payload[6:])


def parse_goaway(payload: bytes) -> tuple[int, int, str]:
    """Last stream, code, reason."""
    last, code = struct.unpack_from(">IH", payload)
    return last, code, _reason(payload[6:])


def _reason(data: bytes) -> str:
    try:  # FRAME-1.8
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError(Fault.BAD_VALUE, "a reason is not UTF-8") from None


def _cut(reason: str) -> bytes:  # FRAME-1.7
    return reason.encode()[: limits.REASON].decode("utf-8", "ignore").encode()
