"""The asyncio shell of a link: sockets and tasks around the machines, and calls as objects."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, Self

from . import limits
from .errors import NO_EFFECT, CallError, Code, WireError
from .handshake import Established, Expect, Initiator, Local, Machine, Responder
from .head import Head
from .link import Began, Data, Event, GoneAway, Link, MayOpen, Pong, Stopped, WasReset
from .noise import KeyPair
from .records import Opener, Sealer

log = logging.getLogger("wiremesh")
Handler = Callable[["Call"], Awaitable[None]]
HIGH_WATER = 262144  # bytes that wait in one stream before its writer waits


class Transport(Protocol):
    """What a link does to the connection below it."""

    def is_closing(self) -> bool: ...
    def abort(self) -> None: ...


class Writer(Protocol):
    """The writing half of a connection: a StreamWriter, or a circuit's."""

    @property
    def transport(self) -> Transport: ...
    def write(self, data: bytes) -> None: ...
    def write_eof(self) -> None: ...
    def close(self) -> None: ...
    def get_extra_info(self, name: str, default: Any = None) -> Any: ...
    async def drain(self) -> None: ...


class Call:
    """A call on a link, for the side that makes it and for the side that serves it. Use it as a context manager."""

    def __init__(self, connection: Connection, number: int, request: Head) -> None:
        self.connection, self.number, self.request = connection, number, request
        self._answer: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._events: deque[Data | CallError] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._failed: CallError | None = None
        self._whole = False
        self._stopped = False
        self.begun = False  # the answer has begun
        self.on_reset: Callable[[], object] = lambda: None
        self.timer: asyncio.TimerHandle | None = None

    async def answer_head(self) -> Head:
        """The head of the answer."""
        return await asyncio.shield(self._answer)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. It ends without an error only where the body is whole."""  # FRAME-2.4
        while not self._whole:
            while not self._events:
                self._arrived.clear()
                await self._arrived.wait()
            event = self._events.popleft()
            if isinstance(event, CallError):
                raise event
            self._whole = event.end
            if event.data:
                self.connection.consume(self.number, len(event.data))
                yield event.data

    async def read(self, limit: int = limits.MESSAGE) -> bytes:
        """The whole body, refused where it is larger than `limit`."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > limit:
                raise CallError(Code.TOO_LARGE, f"a body has more than {limit} bytes")
        return bytes(body)

    async def write(self, data: bytes, *, end: bool = False) -> None:
        """Send a part of the body; waits while the other side does not read."""
        if not end:
            await self.room()
        if self._failed:
            raise self._failed
        self.connection.write(self.number, data, end)

    async def room(self) -> None:
        """Wait while the other side does not read."""
        while not self._failed and not self._stopped and self.connection.pending(self.number) > HIGH_WATER:
            self._writable.clear()
            await self._writable.wait()
        if self._failed:
            raise self._failed

    async def begin_answer(self, head: Head, *, end: bool = False, compress: bool = False) -> None:
        if self._failed:
            raise self._failed
        self.begun = True
        self.connection.answer(self.number, head, end, compress)  # CALL-1.4, MSG-1.1

    def reset(self, code: int, reason: str = "", retry_after: float = 0) -> None:
        """Give the call up."""
        self.fail(CallError(code, reason, retry_after))
        self.connection.reset(self.number, code, reason, retry_after)

    def began(self, head: Head, end: bool) -> None:
        if not self._answer.done():
            self._answer.set_result(head)
        if end:
            self.received(Data(self.number, b"", True))

    def received(self, data: Data) -> None:
        self._events.append(data)
        self._arrived.set()

    def stopped(self) -> None:
        self._stopped = True
        self._writable.set()

    def drained(self) -> None:
        self._writable.set()

    def fail(self, error: CallError) -> None:
        if self._failed is None:
            self._failed, error.heard = error, True
            self._events.append(error)
            self._arrived.set()
            self._writable.set()
            if not self._answer.done():
                self._answer.set_exception(error)
                self._answer.exception()  # nobody has to ask
            self.on_reset()

    def whole(self) -> bytes | None:
        """The whole body where all of it has come already and nothing was read."""
        parts = [event for event in self._events if isinstance(event, Data)]
        return b"".join(part.data for part in parts) if parts and parts[-1].end else None

    def expire(self) -> None:
        self.reset(Code.DEADLINE_EXCEEDED, "the deadline has passed")  # CALL-2.4

    def close(self) -> None:
        """Be done with the call; what of it is under way is cancelled."""
        if self.timer is not None:
            self.timer.cancel()
        self.connection.release(self.number)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()


class Connection:
    """An established link, over TCP or on a circuit."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: Writer, established: Established, *,
        initiator: bool, local: Local, handler: Handler, early: bytes = b"", relayed: bool = False,
    ) -> None:
        self.relayed = relayed
        self.keep: asyncio.Task[None] | None = None  # what feeds a circuit
        self.reader, self.writer, self.handler, self.early = reader, writer, handler, early
        self.peer, self.handshake_hash = established.certificate, established.handshake_hash
        self.link = Link(initiator=initiator, local=local.parameters, remote=established.parameters)
        self.sealer, self.opener = Sealer(established.send), Opener(established.receive)
        self.calls: dict[int, Call] = {}
        self.closed: CallError | None = None
        self.heard = self.sent = time.monotonic()
        self._wanted = asyncio.Event()
        self._pongs: dict[bytes, asyncio.Future[None]] = {}
        self._served: set[asyncio.Task[None]] = set()
        self._tasks = [asyncio.create_task(work()) for work in (self._read_loop, self._write_loop, self._keep_alive)]

    def open(self, head: Head, *, end: bool = False, compress: bool = False) -> Call:
        """Begin a call."""
        if self.closed:
            raise self.closed
        number = self.link.open(head, end=end)
        self.link.streams[number].compress = compress
        call = self.calls[number] = Call(self, number, head)
        if head.deadline:
            call.timer = asyncio.get_running_loop().call_later(head.deadline / 1000, call.expire)
        self._wanted.set()
        return call

    async def ping(self) -> float:
        """A round trip, in seconds."""
        payload, begin = os.urandom(8), time.monotonic()
        future = self._pongs[payload] = asyncio.get_running_loop().create_future()
        self.link.ping(payload)
        self._wanted.set()
        try:
            await future
        finally:
            del self._pongs[payload]
        return time.monotonic() - begin

    @property
    def retiring(self) -> bool:
        """Whether new calls need another link. Where it is for want of stream ids, the other side is told."""
        if self.link.used_up and self.link.last_served is None:
            self.go_away(Code.DRAINING, "the stream ids of the link are used up")
        return self.closed is not None or self.link.going_away is not None or self.link.used_up

    def go_away(self, code: int, reason: str = "") -> None:
        """Take no new calls; those that are open go on."""
        self.link.go_away(code, reason)
        self._wanted.set()

    async def close(self) -> None:
        """End the link, with what is still to be said."""
        if self.closed is None:
            for record in self.link.outgoing():
                self.writer.write(self.sealer.seal(record))
            self._lose(CallError(Code.LINK_LOST, "the link was closed"), goodbye=True)
        await asyncio.gather(*self._tasks, *self._served, return_exceptions=True)

    async def wait_closed(self) -> CallError:
        await asyncio.wait(self._tasks[:1])
        return self.closed or CallError(Code.LINK_LOST)

    # What calls ask of their link.

    def pending(self, number: int) -> int:
        stream = self.link.streams.get(number)
        return stream.pending if stream else 0

    def write(self, number: int, data: bytes, end: bool) -> None:
        if number in self.link.streams:
            self.link.write(number, data, end=end)
            self._wanted.set()

    def answer(self, number: int, head: Head, end: bool, compress: bool) -> None:
        if number in self.link.streams:
            self.link.streams[number].compress = compress
            self.link.answer(number, head, end=end)
            self._wanted.set()

    def consume(self, number: int, count: int) -> None:
        if number in self.link.streams:
            self.link.consume(number, count)
            self._wanted.set()

    def reset(self, number: int, code: int, reason: str, retry_after: float) -> None:
        if number in self.link.streams:
            self.link.reset(number, code, reason, retry_after)
            self._wanted.set()

    def release(self, number: int) -> None:
        if self.calls.pop(number, None) is not None:
            self.link.release(number)
            self._wanted.set()

    # Tasks.

    async def _read_loop(self) -> None:
        try:
            while data := self.early or await self.reader.read(65536):
                self.early, self.heard = b"", time.monotonic()
                if self.closed is not None:
                    continue  # what comes behind our last word is not looked at
                try:
                    records = self.opener.feed(data)
                except WireError as error:  # REC-4.1: without a byte
                    return self._lose(CallError(Code.AUTHENTICATION, str(error)))
                for record in records:
                    for event in self.link.receive(record, self.heard):
                        self._dispatch(event)
                self._wanted.set()
            self._lose(CallError(Code.LINK_LOST, "the other side closed the link"))
        except WireError as error:  # FRAME-8.1
            self.link.control.clear()
            self.link.go_away(error.code, str(error))
            self.writer.write(self.sealer.seal(next(self.link.outgoing())))
            self._lose(CallError(Code.LINK_LOST, str(error)), goodbye=True)
        except OSError as error:
            self._lose(CallError(Code.LINK_LOST, str(error)))
        finally:
            self.writer.close()  # where both sides have ended what they say, nobody else does

    async def _write_loop(self) -> None:
        try:
            while self.closed is None:
                await self._wanted.wait()
                self._wanted.clear()
                for record in self.link.outgoing():
                    self.writer.write(self.sealer.seal(record))
                    await self.writer.drain()
                    self.sent = time.monotonic()
                for call in self.calls.values():
                    if self.pending(call.number) <= HIGH_WATER:
                        call.drained()
                if self.link.over:
                    self._lose(CallError(Code.DRAINING, "the link has gone away"), goodbye=True)
        except OSError as error:
            self._lose(CallError(Code.LINK_LOST, str(error)))

    async def _keep_alive(self) -> None:
        """Show the peer that this side is there, and notice one that is gone without a word."""
        asked = self.heard
        while self.closed is None:
            begin = time.monotonic()
            await asyncio.sleep(limits.PING_INTERVAL)
            now = time.monotonic()
            silence, late = now - self.heard, now - begin > limits.PING_INTERVAL + limits.PING_AFTER / 2
            # Where this program stood still, what the peer said meanwhile has not been read; and who was not asked owed no answer.
            if silence > limits.SILENCE and not late and asked > self.heard:  # FRAME-10.2
                self._lose(CallError(Code.LINK_LOST, "the other side went silent"))
            elif max(silence, now - self.sent) > limits.PING_AFTER:  # FRAME-10.1
                if asked <= self.heard:
                    asked = now
                self.link.ping(bytes(8))
                self._wanted.set()

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Pong):
            if (future := self._pongs.get(event.payload)) and not future.done():
                future.set_result(None)
        elif isinstance(event, (GoneAway, MayOpen)):
            pass  # calls that were refused are told one by one
        elif isinstance(event, Began) and not self.link.streams[event.stream].mine:
            self._serve(event)
        elif (call_ := self.calls.get(event.stream)) is not None:
            match event:
                case Began():
                    call_.began(event.head, self.link.streams[event.stream].receive_ended)
                case Data():
                    call_.received(event)
                case Stopped():
                    call_.stopped()
                case WasReset():
                    call_.fail(event.error)

    def _serve(self, event: Began) -> None:
        call = self.calls[event.stream] = Call(self, event.stream, event.head)
        call.began(event.head, self.link.streams[event.stream].receive_ended)
        task = asyncio.create_task(self._run_handler(call))
        call.on_reset = task.cancel
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _run_handler(self, call: Call) -> None:
        """Serve a call, within its deadline; what the handler raises becomes a RESET."""  # CALL-1.6, CALL-2.2, CALL-2.3
        deadline = min(call.request.deadline / 1000, limits.DEADLINE)
        scope = asyncio.timeout(deadline or None)
        try:
            async with scope:
                await self.handler(call)
        except CallError as error:
            begun = error.heard or call.begun
            self.reset(call.number, error.code & ~NO_EFFECT if begun else error.code, error.reason, error.retry_after)  # FRAME-7.1
        except WireError as error:  # MSG-1.4
            self.reset(call.number, Code.BAD_REQUEST, str(error), 0)
        except asyncio.CancelledError:
            pass  # the caller has gone: CALL-3.2
        except Exception as error:
            if scope.expired():
                self.reset(call.number, Code.DEADLINE_EXCEEDED, "the deadline has passed", 0)
            else:
                log.exception("a call of %s failed", call.request.service or call.request.method)
                self.reset(call.number, Code.INTERNAL_ERROR, f"{type(error).__name__} in the handler", 0)
        finally:
            self.release(call.number)

    def _lose(self, error: CallError, *, goodbye: bool = False) -> None:
        """End the link and the calls on it."""  # CALL-3.3, FRAME-8.2
        if self.closed is None:
            self.closed = error
            if goodbye and not self.writer.transport.is_closing():  # HS-9.2
                self.writer.write_eof()
                asyncio.get_running_loop().call_later(limits.CLOSE_TIME, self.writer.transport.abort)
            else:
                self.writer.transport.abort()
            self._wanted.set()
            for call in list(self.calls.values()):
                call.fail(error)
            for future in self._pongs.values():
                future.cancel()
            for task in self._tasks[2:]:
                task.cancel()


def split_endpoint(endpoint: str) -> tuple[str, int]:
    host, colon, port = endpoint.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{endpoint!r} is not host:port")
    return host.strip("[]"), int(port)


async def shake_hands(machine: Machine, reader: asyncio.StreamReader, writer: Writer) -> Established:
    """Carry bytes between a handshake and a socket until it is over."""
    data = b""
    while True:
        writer.write(machine.receive(data, time.time()))
        if machine.established is not None:
            return machine.established
        data = await reader.read(limits.HANDSHAKE_MESSAGE)
        if not data:
            raise asyncio.IncompleteReadError(b"", None)


async def dial(
    endpoint: str, local: Local, expect: Expect, handler: Handler, *, suite: int = 1, token: tuple[bytes, bytes] | None = None
) -> Connection:
    """Connect to a node and establish a link with it."""
    try:
        async with asyncio.timeout(limits.HANDSHAKE_TIME):  # HS-8.3
            reader, writer = await asyncio.open_connection(*split_endpoint(endpoint))
            try:
                machine = Initiator(local, KeyPair.of(os.urandom(32)), expect, suite=suite, token=token)  # HS-3.4
                established = await shake_hands(machine, reader, writer)
            except BaseException:
                writer.close()
                raise
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        reason = "it closed during the handshake" if isinstance(error, asyncio.IncompleteReadError) else str(error) or "no answer"
        raise CallError(Code.UNREACHABLE, f"no link to {endpoint}: {reason}") from None
    return Connection(reader, writer, established, initiator=True, local=local, handler=handler, early=machine.rest)


async def accept(
    reader: asyncio.StreamReader, writer: Writer, local: Local, handler: Handler,
    token_secret: Callable[[bytes], bytes | None] = lambda _: None, relayed: bool = False,
) -> Connection | None:
    """The responder's side of dial(). Every error is answered with silence: None."""  # HS-8.1
    try:
        async with asyncio.timeout(limits.HANDSHAKE_TIME):  # HS-8.3
            machine = Responder(local, KeyPair.of(os.urandom(32)), token_secret)
            established = await shake_hands(machine, reader, writer)  # HS-7.5
    except (OSError, asyncio.IncompleteReadError, TimeoutError, WireError):
        writer.close()
        return None
    return Connection(reader, writer, established, initiator=False, local=local, handler=handler, early=machine.rest, relayed=relayed)
