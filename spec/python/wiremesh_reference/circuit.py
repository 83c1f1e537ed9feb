"""Circuits: by way of a relay, a link inside a call, with the halves of a connection that a link wants."""  # RELAY-3.1

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from typing import Any

from . import limits
from .connection import Call, Connection, Handler, shake_hands
from .errors import CallError, Code, WireError
from .handshake import Expect, Initiator, Local
from .head import Head
from .messages import CircuitRequest
from .noise import KeyPair


class CircuitWriter:
    """What a link uses of a StreamWriter and of its transport, over a call."""

    def __init__(self, call: Call, far: bytes) -> None:
        self.call, self.far, self._ended = call, far, False

    @property
    def transport(self) -> CircuitWriter:
        return self

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.far.hex(),) if name == "peername" else default

    def write(self, data: bytes) -> None:
        if not self._ended and data:
            self.call.connection.write(self.call.number, data, False)

    async def drain(self) -> None:
        try:
            await self.call.room()
        except CallError as error:
            raise ConnectionResetError(error.reason) from None

    def write_eof(self) -> None:
        if not self._ended:
            self._ended = True
            self.call.connection.write(self.call.number, b"", True)

    def close(self) -> None:
        self.write_eof()

    def is_closing(self) -> bool:
        return self._ended or self.call.connection.closed is not None

    def abort(self) -> None:
        self._ended = True
        self.call.reset(Code.CANCELLED)


async def fill(reader: asyncio.StreamReader, chunks: AsyncIterator[bytes], rest: bytes = b"") -> None:
    """Feed what comes on a call to a reader, until it ends."""
    try:
        reader.feed_data(rest)
        async for chunk in chunks:
            reader.feed_data(chunk)
        reader.feed_eof()
    except CallError as error:
        reader.set_exception(ConnectionResetError(error.reason or f"code {error.code}"))


async def request(chunks: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
    """The node that the beginning of a circuit names, and the bytes behind that."""
    data = b""
    async for chunk in chunks:
        data += chunk
        if len(data) < 4:
            continue
        size = int.from_bytes(data[:4], "big")
        if size > limits.CIRCUIT_REQUEST:  # RELAY-2.2
            raise CallError(Code.BAD_REQUEST, "the request of a circuit is too long")
        if len(data) >= 4 + size:
            return CircuitRequest.decode(data[4 : 4 + size]).node, data[4 + size :]
    raise CallError(Code.BAD_REQUEST, "a circuit has ended before it began")


async def dial_through(outer: Connection, node: bytes, local: Local, expect: Expect, handler: Handler, suite: int = 1) -> Connection:
    """A link with a node that has a link to the relay at the other end of `outer`."""
    call = outer.open(Head(method="mesh.relay"))  # RELAY-2.1
    prefix = CircuitRequest(node=node).encode()
    outer.write(call.number, struct.pack(">I", len(prefix)) + prefix, False)
    reader, writer = asyncio.StreamReader(), CircuitWriter(call, node)
    filling = asyncio.create_task(fill(reader, call.chunks()))
    try:
        async with asyncio.timeout(limits.HANDSHAKE_TIME):
            machine = Initiator(local, KeyPair.of(os.urandom(32)), expect, suite=suite)
            established = await shake_hands(machine, reader, writer)
    except BaseException as error:
        filling.cancel()
        call.close()
        if isinstance(error, (OSError, asyncio.IncompleteReadError, TimeoutError)):
            raise CallError(Code.UNREACHABLE, f"no link by way of the relay: {error or 'no answer'}") from None
        if isinstance(error, WireError):
            raise CallError(Code.WRONG_PEER, f"no link by way of the relay: {error}") from None
        raise
    filling.add_done_callback(lambda _: call.close())
    link = Connection(reader, writer, established, initiator=True, local=local, handler=handler, early=machine.rest, relayed=True)
    link.keep = filling
    return link
