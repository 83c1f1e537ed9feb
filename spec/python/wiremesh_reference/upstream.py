"""Forwarding to an HTTP/1.1 server: a call in, a request out, both bodies as they come."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from urllib.parse import unquote, urlsplit

from .connection import Call
from .errors import CallError, Code
from .head import Head, flat
from .service import Service

HEADER_LIMIT = 65536  # bytes of an answer's header block
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
CONTROL = "[\\x00-\\x08\\x0a-\\x1f\\x7f]"
HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "proxy-connection", "http2-settings", "expect", "host",
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
        except OSError as error:  # HTTP-3.1
            raise CallError(Code.UNREACHABLE, f"the service does not answer: {error}") from None

    async def healthy(self) -> bool:
        """Whether it takes connections."""
        try:
            async with asyncio.timeout(5):
                _, writer = await self.connect()
        except (CallError, TimeoutError):
            return False
        writer.close()
        return True

    async def exchange(self, call: Call, service: Service) -> None:
        """Forward a call. Leaving early, by error or by cancellation, closes the connection to the server."""
        request = self._request(call, call.whole())
        reader, writer = await self.connect()
        sender = asyncio.create_task(self._send(call, request, writer))
        try:
            status, headers = await _read_head(reader)
            fields = [(name, value) for name, value in headers if name not in HOP_BY_HOP and not name.startswith("wiremesh-")]
            empty = call.request.verb == "HEAD" or status in (204, 304)
            head = Head(status=status, fields=flat(fields), load=service.load, served_by=service.worker)
            await call.begin_answer(head, end=empty, compress=service.compress)
            if not empty:
                async for chunk in _body(reader, dict(headers)):
                    await call.write(chunk)
                await call.write(b"", end=True)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:  # HTTP-3.1
            raise CallError(Code.UPSTREAM_FAILED, f"the answer of the service broke off: {error}") from None
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            writer.close()

    def _request(self, call: Call, body: bytes | None) -> tuple[bytes, int | None, bool]:
        """The header block; how long the body must be, where that is known; whether it is chunked."""
        head, verb, path = call.request, call.request.verb or "POST", call.request.path or "/"
        fields = [(name, value) for name, value in head.headers if name not in HOP_BY_HOP]  # HTTP-2.3
        lengths = [value for name, value in fields if name == "content-length"]
        if (
            not re.fullmatch(TOKEN, verb, re.ASCII) or verb == "CONNECT" or not re.fullmatch("/[!-~]*", path, re.ASCII)
            or any(not re.fullmatch(TOKEN, name, re.ASCII) or re.search(CONTROL, value) for name, value in fields)
            or len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", value, re.ASCII) for value in lengths)
        ):  # HTTP-2.1
            raise CallError(Code.BAD_REQUEST, "a verb, path or header field that HTTP does not allow")
        if ".." in unquote(unquote(path.split("?")[0])).replace("\\", "/").split("/"):  # HTTP-2.2
            raise CallError(Code.BAD_REQUEST, "a path with a segment ..")
        if not lengths and body is not None and (body or verb in ("POST", "PUT", "PATCH")):
            fields.append(("content-length", str(len(body))))
        elif not lengths and body is None:
            fields.append(("transfer-encoding", "chunked"))
        lines = [f"{verb} {self.base}{path} HTTP/1.1", f"host: {self.netloc}", "connection: close"]
        block = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields), "", ""])
        return block.encode(), int(lengths[0]) if lengths else None, not lengths and body is None

    async def _send(self, call: Call, request: tuple[bytes, int | None, bool], writer: asyncio.StreamWriter) -> None:
        block, length, chunked = request
        sent = 0
        try:
            writer.write(block)
            async for chunk in call.chunks():
                sent += len(chunk)
                if length is not None and sent > length:
                    break
                writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                await writer.drain()
            if length is not None and sent != length:  # HTTP-2.4
                call.reset(Code.BAD_REQUEST, "the body is not as long as its content-length")
                return
            writer.write(b"0\r\n\r\n" if chunked else b"")
            await writer.drain()
        except OSError:
            pass  # the answer says more
        except CallError:
            writer.close()  # the rest of the body will not come: FRAME-2.4


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
