"""The client: finds the workers of a service, keeps links to them, and calls."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import limits
from .circuit import dial_through
from .connection import Call, Connection, Handler, dial
from .errors import CallError, Code, WireError, known_code
from .handshake import Expect
from .head import Head, split
from .identity import CLIENT, COORDINATOR, FEATURE_AES
from .messages import (
    DiscoverAnswer, DiscoverRequest, RelayRecord, SequenceReader, ServiceSummary, WatchEvent, WatchRequest, WorkerRecord,
)
from .node import Node, ask, default_file, enrol, refuse, renew
from .noise import SUITES

Body = bytes | str | AsyncIterable[bytes]


class Answer:
    """The answer of a service. Its body comes as it is read: `await read()`, or `async for chunk in answer`."""

    def __init__(self, call: Call, head: Head, sender: asyncio.Task[None] | None) -> None:
        self.call, self.head, self.sender = call, head, sender
        self.status, self.worker = head.status or 200, head.served_by
        self.headers = dict(head.headers)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._ending():
            async for chunk in self.call.chunks():
                yield chunk

    async def read(self, limit: int = 64 * limits.MESSAGE) -> bytes:
        with self._ending():
            return await self.call.read(limit)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Be done with the call where its body has been read, or has failed; a request that is still on the way goes on."""
        try:
            yield
        except CallError:
            self.call.close()
            raise
        if self.sender is None or self.sender.done():
            self.call.close()
        else:
            self.sender.add_done_callback(lambda _: self.call.close())

    async def text(self) -> str:
        return (await self.read()).decode()

    async def json(self) -> Any:
        return json.loads(await self.read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Leaving before the body was read to its end cancels the call."""
        if self.sender is not None:
            self.sender.cancel()
        self.call.close()


class Client:
    """A member that calls. `async with Client(node) as client: …`"""

    def __init__(self, node: Node, handler: Handler = refuse, file: Path | None = None) -> None:
        self.node, self.handler, self.file = node, handler, file
        self._links: dict[bytes, Connection] = {}  # to workers, by node id
        self._coordinator: Connection | None = None
        self._dialling: defaultdict[bytes, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    async def join(cls, *, name: str, join: str | None = None, data: Path | None = None, roles: int = CLIENT) -> Self:
        """A client from its file, or, the first time, from a token."""
        file = data or default_file(name)
        if file.exists():
            return cls(Node.load(file), file=file)
        if join is None:
            raise CallError(Code.AUTHENTICATION, f"there is no identity in {file}: the first start needs a token")
        node = await enrol(join, name, roles)
        node.save(file)
        return cls(node, file=file)

    @property
    def links(self) -> tuple[Connection, ...]:
        """The links to workers."""
        return tuple(self._links.values())

    async def coordinator(self) -> Connection:
        """The link to a coordinator, made when it is needed."""
        async with self._dialling[b""]:
            if self._coordinator is None or self._coordinator.retiring:
                link, own = await self._dial_coordinator(), self.node.certified
                if own.renewal_due(time.time()):
                    await self._renew(link)
                    if own.expired(time.time()):  # TOKEN-6.1
                        await link.close()
                        link = await self._dial_coordinator()
                self._coordinator = link
            return self._coordinator

    async def renew(self) -> None:
        """Get a new certificate, and keep it."""
        await self._renew(await self.coordinator())

    async def _renew(self, link: Connection) -> None:
        self.node = await renew(self.node, link)
        if self.file is not None:
            self.node.save(self.file)

    async def services(self) -> list[ServiceSummary]:
        """The services that have a healthy worker."""
        reader = SequenceReader()
        items = reader.feed(await ask(await self.coordinator(), "mesh.list"))
        reader.finish()
        return [ServiceSummary.decode(item) for item in items]

    async def discover(self, service: str, limit: int = 0) -> list[WorkerRecord]:
        """The healthy workers of a service, best first."""
        reader = SequenceReader()
        request = DiscoverRequest(service=service, limit=limit)
        items = reader.feed(await ask(await self.coordinator(), "mesh.discover", request.encode()))
        reader.finish()
        if not items:
            raise CallError(Code.PROTOCOL_VIOLATION, "the coordinator answered nothing")
        if len(items) == 1:
            known = DiscoverAnswer.decode(items[0]).known
            raise CallError(Code.UNAVAILABLE if known else Code.NOT_FOUND, f"{service} has no healthy worker")
        return [WorkerRecord.decode(item) for item in items[1:]]

    async def watch(self, services: tuple[str, ...] = ()) -> AsyncIterator[WatchEvent]:
        """What changes, beginning with a snapshot. An event with revision 0 is a part of one that goes on."""  # MSG-6.3
        connection, reader = await self.coordinator(), SequenceReader()
        async with connection.open(Head(method="mesh.watch")) as call:
            await call.write(WatchRequest(services=services).encode(), end=True)
            await call.answer_head()
            async for chunk in call.chunks():
                for item in reader.feed(chunk):
                    yield WatchEvent.decode(item)

    async def call(
        self, service: str, body: Body = b"", *, path: str = "", method: str = "", headers: dict[str, str] | None = None,
        timeout: float | None = 30, worker: str = "",
    ) -> Answer:
        """Call a service: at the best worker, and at the next where that does no harm."""
        try:
            return await self._call(service, body, path, method, headers or {}, timeout, worker)
        except CallError as error:
            error.heard = True
            raise

    async def _call(
        self, service: str, body: Body, path: str, method: str, headers: dict[str, str], timeout: float | None, worker: str
    ) -> Answer:
        end = asyncio.get_running_loop().time() + (timeout or limits.DEADLINE)
        head = Head(
            service=service, worker=worker, verb="" if method == "POST" else method, path="" if path == "/" else path,
            hops=limits.HOPS - 1, **split(headers.items()),  # CALL-4.1
        )
        records = [item for item in await self.discover(service) if worker in ("", item.name) and item.node_id]
        failure = CallError(Code.UNAVAILABLE, f"{worker or 'no worker that speaks the protocol'} does not offer {service}")
        for record in records[: limits.ATTEMPTS]:  # CALL-5.4
            try:
                return await self._call_at(record, head, body, end if timeout else None)  # CALL-5.1
            except CallError as error:
                failure = error
                if isinstance(body, AsyncIterable) or not _repeatable(error, head):
                    break
        raise failure

    async def _call_at(self, record: WorkerRecord, head: Head, body: Body, end: float | None) -> Answer:
        connection = await self._link(record)
        if end is not None:  # CALL-2.1
            head = replace(head, deadline=max(1, int((end - asyncio.get_running_loop().time()) * 1000)))
        compress = any(item.compress for item in record.services if item.name == head.service)
        raw = body.encode() if isinstance(body, str) else body
        call = connection.open(head, end=raw == b"", compress=compress)
        sender = None
        try:
            if isinstance(raw, bytes):
                if raw:
                    await call.write(raw, end=True)
            else:
                sender = asyncio.create_task(_send(call, raw))
            return Answer(call, await call.answer_head(), sender)
        except BaseException:
            if sender is not None:
                sender.cancel()
            call.close()
            raise

    async def _link(self, record: WorkerRecord) -> Connection:
        """The link to a worker, made when it is needed."""
        assert record.node_id is not None
        async with self._dialling[record.node_id]:
            link = self._links.get(record.node_id)
            if link is None or link.retiring:
                suite = 2 if record.features & FEATURE_AES and 2 in SUITES else 1  # HS-2.3
                link = await self._dial_worker(record, Expect(node_id=record.node_id), suite)
                self._links[record.node_id] = link
            return link

    async def _dial_worker(self, record: WorkerRecord, expect: Expect, suite: int) -> Connection:
        """Its own addresses first, then its relays."""  # RELAY-5.1
        assert record.node_id is not None
        try:
            return await self._dial_any(record.endpoints, expect, suite)
        except CallError as error:
            failure = error
        for relay in record.relays:
            try:
                outer = await self._relay(relay)
                return await dial_through(outer, record.node_id, self.node.local, expect, self.handler, suite)
            except CallError as error:
                failure = error
        raise failure

    async def _relay(self, relay: RelayRecord) -> Connection:
        """The link to a relay: that to the coordinator, where it is one."""
        coordinator = await self.coordinator()
        if coordinator.peer and coordinator.peer.node_id == relay.node_id:
            return coordinator
        async with self._dialling[relay.node_id]:
            link = self._links.get(relay.node_id)
            if link is None or link.retiring:
                link = self._links[relay.node_id] = await self._dial_any(relay.endpoints, Expect(node_id=relay.node_id))
            return link

    async def _dial_coordinator(self) -> Connection:
        return await self._dial_any(self.node.coordinators, Expect(role=COORDINATOR))

    async def _dial_any(self, endpoints: tuple[str, ...], expect: Expect, suite: int = 1) -> Connection:
        failure = CallError(Code.UNREACHABLE, "it has no endpoint")
        for endpoint in endpoints:
            try:
                return await dial(endpoint, self.node.local, expect, self.handler, suite=suite)
            except CallError as error:
                failure = error
            except WireError as error:
                failure = CallError(Code.WRONG_PEER, f"no link to {endpoint}: {error}")
        raise failure

    async def close(self) -> None:
        links = [*self._links.values(), *([self._coordinator] if self._coordinator else [])]
        await asyncio.gather(*(link.close() for link in links))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


def _repeatable(error: CallError, head: Head) -> bool:
    """Whether another worker may be asked the same."""  # CALL-5.2, CALL-5.3
    if known_code(error.code) in _FINAL:
        return False
    return error.no_effect or bool(head.idempotency_key) or head.verb in ("GET", "HEAD", "OPTIONS")


_FINAL = {
    Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.BUSY, Code.TOO_LARGE, Code.BAD_REQUEST, Code.PERMISSION_DENIED, Code.HOPS_EXHAUSTED,
    Code.CONFLICT,
}


async def _send(call: Call, body: AsyncIterable[bytes]) -> None:
    try:
        async for chunk in body:
            await call.write(chunk)
        await call.write(b"", end=True)
    except CallError:
        pass  # the reader of the answer sees it
    except Exception:
        call.reset(Code.CANCELLED, "the body of the request broke off")
