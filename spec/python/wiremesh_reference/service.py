"""What a worker serves: functions in the style of a web framework, turned into handlers of calls."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .connection import Call
from .errors import CallError, Code
from .head import Head, Load, flat
from .messages import ServiceRecord

BODY_LIMIT = 64 * 2**20  # bytes that read() takes into memory


class Request:
    """A request to a service. An async function reads it as it comes; for a plain function it is in `body` already."""

    def __init__(self, call: Call) -> None:
        self.call, head = call, call.request
        self.service, self.method, self.path = head.service, head.verb or "POST", head.path or "/"
        self.headers, self.body = dict(head.headers), b""
        self.caller = call.connection.peer.name if call.connection.peer else ""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.call.chunks()

    async def read(self, limit: int = BODY_LIMIT) -> bytes:
        self.body += await self.call.read(limit)
        return self.body

    async def text(self) -> str:
        return (await self.read()).decode()

    async def json(self) -> Any:
        return json.loads(await self.read())


@dataclass
class Reply:
    """An answer with a status or header fields. The body is bytes, text, something for JSON, or an iterator of these."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Function = Callable[[Request], Any]
Serve = Callable[[Call, "Service"], Any]


class Service:
    """A service of this worker: how it is served, how much of it at once, how busy it is."""

    def __init__(self, name: str, serve: Serve, *, limit: int, compress: bool) -> None:
        self.name, self.serve, self.limit, self.compress = name, serve, limit, compress
        self.worker = ""  # the name that answers are served by
        self.healthy, self.in_flight, self.service_time = True, 0, 0.0  # time in seconds, smoothed

    @property
    def load(self) -> Load:
        return Load(self.in_flight, self.limit, 0, min(int(self.service_time * 1e6), 2**32 - 1))

    @property
    def record(self) -> ServiceRecord:
        return ServiceRecord(name=self.name, healthy=self.healthy, limit=self.limit, compress=self.compress)

    async def run(self, call: Call) -> None:
        if self.in_flight >= self.limit:
            raise CallError(Code.OVERLOADED, f"{self.name} serves {self.limit} requests already", retry_after=1)  # CALL-5.5
        self.in_flight += 1
        begin = time.monotonic()
        try:
            await self.serve(call, self)
        finally:
            self.in_flight -= 1
            taken = time.monotonic() - begin
            self.service_time += (taken - self.service_time) / 8 if self.service_time else taken


def function_service(function: Function) -> Serve:
    """Serve with a function: async or plain, that returns an answer or yields its parts."""

    async def serve(call: Call, service: Service) -> None:
        request = Request(call)
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            result = function(request)
        else:
            await request.read()
            result = await asyncio.to_thread(function, request)
        if inspect.isawaitable(result):
            result = await result
        await send_reply(call, result if isinstance(result, Reply) else Reply(result), service)

    return serve


async def send_reply(call: Call, reply: Reply, service: Service) -> None:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    streamed = isinstance(reply.body, (AsyncIterator, Iterator))
    body, kind = (b"", "application/octet-stream") if streamed else _encode(reply.body)
    headers.setdefault("content-type", kind)
    if not streamed:
        headers.setdefault("content-length", str(len(body)))
    head = Head(status=reply.status, fields=flat(list(headers.items())), load=service.load, served_by=service.worker)  # CALL-1.4, CALL-1.5
    await call.begin_answer(head, end=not streamed and not body, compress=service.compress)
    if streamed:
        async for part in _parts(reply.body):
            await call.write(_encode(part)[0])
        await call.write(b"", end=True)
    elif body:
        await call.write(body, end=True)


def _encode(value: Any) -> tuple[bytes, str]:
    match value:
        case bytes() | bytearray() | memoryview():
            return bytes(value), "application/octet-stream"
        case str():
            return value.encode(), "text/plain; charset=utf-8"
        case None:
            return b"", "application/octet-stream"
    return json.dumps(value).encode(), "application/json"


async def _parts(body: Any) -> AsyncIterator[Any]:
    if isinstance(body, AsyncIterator):
        async for part in body:
            yield part
        return
    done = object()
    while (part := await asyncio.to_thread(next, body, done)) is not done:
        yield part
