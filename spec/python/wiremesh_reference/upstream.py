"""Forwarding to an HTTP/1.1 server: a call in, a request out, both bodies as they come."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from .connection import Call
from .errors import NO_EFFECT, CallError, Code
from .head import Head, flat
from .service import Serve, Service

HEADER_LIMIT = 65536  # bytes of an answer's header block
HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "proxy-connection", "expect", "host",
}


class Upstream:
    """A server at a URL; what stands in its path comes before the path of each request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http:// or https:// URL")
        self.host, self.base, self.netloc = parts.hostname, parts.path.rstrip("/"), parts.netloc
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_connection(self.host, self.port, ssl=self.tls, limit=HEADER_LIMIT)
        except OSError as error:
            raise CallError(Code.UPSTREAM_FAILED | NO_EFFECT, f"the service does not answer: {error}") from None

    async def healthy(self) -> bool:
        """Whether it takes connections."""
        try:
            async with asyncio.timeout(5):
                _, writer = await self.connect()
        except (CallError, TimeoutError):
            return False
        writer.close()
        return True

    async def exchange(self, call: Call, service: Service, worker: str) -> None:
        """Forward a call. Leaving early, by error or by cancellation, closes the connection to the server."""
        reader, writer = await self.connect()
        sender = asyncio.create_task(self._send(call, writer))
        try:
            status, headers = await _read_head(reader)
            fields = [(name, value) for name, value in headers if name not in HOP_BY_HOP]
            empty = call.request.verb == "HEAD" or status in (204, 304)
            head = Head(status=status, fields=flat(fields), load=service.load, served_by=worker)
            await call.begin_answer(head, end=empty, compress=service.compress)
            if not empty:
                async for chunk in _body(reader, dict(headers)):
                    await call.write(chunk)
                await call.write(b"", end=True)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise CallError(Code.UPSTREAM_FAILED, f"the answer of the service broke off: {error}") from None
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            writer.close()

    async def _send(self, call: Call, writer: asyncio.StreamWriter) -> None:
        head = call.request
        lines = [f"{head.verb or 'POST'} {self.base}{head.path or '/'} HTTP/1.1", f"host: {self.netloc}", "connection: close"]
        fields = [(name, value) for name, value in head.headers if name not in HOP_BY_HOP]
        moved = [("traceparent", head.trace_parent), ("idempotency-key", head.idempotency_key)]  # a HEAD has fields of its own for them
        fields += [(name, value) for name, value in moved if value]
        sized = any(name == "content-length" for name, _ in fields)
        chunked = not sized and not call.bodiless
        lines += [f"{name}: {value}" for name, value in fields]
        if any(c in line for line in lines for c in "\r\n\0"):
            call.reset(Code.BAD_REQUEST, "a header field has a line break")
            return
        if chunked:
            lines.append("transfer-encoding: chunked")
        elif not sized and head.verb not in ("GET", "HEAD", "DELETE", "OPTIONS"):
            lines.append("content-length: 0")
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode("utf-8"))
            async for chunk in call.chunks():
                writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                await writer.drain()
            writer.write(b"0\r\n\r\n" if chunked else b"")
            await writer.drain()
        except OSError:
            pass  # the answer says more
        except CallError:
            writer.close()  # a body that is not whole is never presented as whole: WIRE-6.3


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    while True:
        begin, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        version, status, *_ = begin.split(" ", 2)
        if not version.startswith("HTTP/1.") or not status.isdigit():
            raise ValueError("not HTTP/1.1")
        if int(status) >= 200:
            headers = [line.partition(":") for line in lines]
            return int(status), [(name.lower(), value.strip()) for name, _, value in headers]


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            async for chunk in _exactly(reader, size):
                yield chunk
            await reader.readexactly(2)
    elif "content-length" in headers:
        async for chunk in _exactly(reader, int(headers["content-length"])):
            yield chunk
    else:
        while chunk := await reader.read(65536):
            yield chunk


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        chunk = await reader.read(min(size, 65536))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(chunk)
        yield chunk


def upstream_service(upstream: Upstream, worker: str) -> Serve:
    async def serve(call: Call, service: Service) -> None:
        await upstream.exchange(call, service, worker)

    return serve
