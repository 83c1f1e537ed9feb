"""LZ4 blocks in DATA: `u16 raw size || block`, each block on its own."""

from __future__ import annotations

import struct

import lz4.block

from . import limits
from .errors import Fault, WireError

LEAST = 512  # bytes; below that it is not worth the time


def compress(raw: bytes) -> bytes | None:
    """The payload of a compressed DATA frame, or None where it is not worth it."""  # LZ4-3.2
    if len(raw) < LEAST:
        return None
    block = bytes(lz4.block.compress(raw, store_size=False))
    return struct.pack(">H", len(raw)) + block if len(block) <= len(raw) - len(raw) // 8 else None


def raw_size(payload: bytes) -> int:
    """How many bytes a compressed payload stands for: what flow control counts, before any memory is taken."""  # LZ4-2.1, LZ4-2.2
    size = int.from_bytes(payload[:2], "big")
    if len(payload) < 3 or not 1 <= size <= limits.DATA:
        raise WireError(Fault.COMPRESSION, "the raw size of a block is not 1 to 61,440")
    return size


def decompress(payload: bytes) -> bytes:
    size = raw_size(payload)
    try:
        raw = bytes(lz4.block.decompress(payload[2:], uncompressed_size=size))
    except (lz4.block.LZ4BlockError, ValueError, MemoryError):
        raw = b""
    if len(raw) != size:  # LZ4-2.3
        raise WireError(Fault.COMPRESSION, "a block does not decode to the size it names")
    return raw
