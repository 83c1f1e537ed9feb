"""A service behind a worker: echoes, streams, swallows and counts. Standard library only.

Writes one JSON line to stdout for each thing a test waits for: "listening", "request", "gone" (the client left before the answer
was whole), "done", each with the time of day.
"""

import asyncio
import hashlib
import json
import random
import sys
import time
from urllib.parse import parse_qs, urlsplit

CHUNK = 256 << 10
NOISE = random.Random(7).randbytes(CHUNK)


def say(event, **values):
    print(json.dumps({"event": event, "at": time.time(), **values}), flush=True)


class Gone(Exception):
    """The client closed its side before the answer was whole."""


class Request:
    def __init__(self, reader, writer, method, target, headers):
        self.reader, self.writer, self.method, self.headers = reader, writer, method, headers
        parts = urlsplit(target)
        self.target, self.path = target, parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.left = int(headers.get("content-length", 0))
        self.chunked = "chunked" in headers.get("transfer-encoding", "")

    async def body(self):
        """The pieces of the body as they come."""
        while self.chunked:
            size = int((await self.reader.readline()).split(b";")[0], 16)
            left = size
            while left:
                piece = await self.reader.read(min(left, CHUNK))
                if not piece:
                    raise Gone()
                left -= len(piece)
                yield piece
            await self.reader.readline()
            self.chunked = size != 0
        while self.left:
            piece = await self.reader.read(min(self.left, CHUNK))
            if not piece:
                raise Gone()
            self.left -= len(piece)
            yield piece

    async def whole(self):
        return b"".join([piece async for piece in self.body()])

    def start(self, status, headers):
        lines = [f"HTTP/1.1 {status} Status"] + [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def chunk(self, data):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()

    def last_chunk(self):
        self.writer.write(b"0\r\n\r\n")

    async def json(self, value, status=200):
        data = json.dumps(value).encode()
        self.start(status, {"content-type": "application/json", "content-length": len(data)})
        self.writer.write(data)
        await self.writer.drain()


async def echo(request):
    """The body, piece by piece, while it still comes in."""
    headers = {"content-type": request.headers.get("content-type", "application/octet-stream"), "transfer-encoding": "chunked"}
    request.start(200, headers)
    async for piece in request.body():
        await request.chunk(piece)
    request.last_chunk()


async def seen(request):
    """What arrived, as JSON."""
    body = await request.whole()
    await request.json({"method": request.method, "target": request.target, "headers": request.headers, "body": body.decode()})


async def sink(request):
    count, digest = 0, hashlib.blake2b()
    async for piece in request.body():
        count += len(piece)
        if "digest" in request.query:
            digest.update(piece)
    await request.json({"bytes": count, "digest": digest.hexdigest()})


async def source(request):
    """`bytes` of noise, with a length or, with `chunked`, without; stops for good after `stop` bytes."""
    await request.whole()
    left, chunked = int(request.query["bytes"]), "chunked" in request.query
    request.start(200, {"transfer-encoding": "chunked"} if chunked else {"content-length": left})
    stop = int(request.query.get("stop", left))
    sent = 0
    while sent < min(left, stop):
        piece = NOISE[:min(CHUNK, min(left, stop) - sent)]
        if chunked:
            await request.chunk(piece)
        else:
            request.writer.write(piece)
            await request.writer.drain()
        sent += len(piece)
    if stop < left:
        await asyncio.sleep(3600)
    if chunked:
        request.last_chunk()


async def events(request):
    """Server-sent events: `count` of them, `interval` seconds apart."""
    await request.whole()
    request.start(200, {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"})
    for number in range(int(request.query.get("count", 10))):
        await request.chunk(f"id: {number}\nevent: tick\ndata: {{\"number\": {number}}}\n\n".encode())
        await asyncio.sleep(float(request.query.get("interval", 0.05)))
    request.last_chunk()


waiting = {}


async def together(request):
    """Answers only once `count` requests are here at the same time: proves that they are concurrent."""
    await request.whole()
    count = int(request.query["count"])
    gate = waiting.setdefault(count, {"here": 0, "open": asyncio.Event()})
    gate["here"] += 1
    request.start(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    await request.chunk(b"data: here\n\n")
    if gate["here"] == count:
        gate["open"].set()
    await gate["open"].wait()
    for number in range(20):
        await request.chunk(f"data: {number}\n\n".encode())
        await asyncio.sleep(0.01)
    request.last_chunk()


async def slow(request):
    await request.whole()
    await asyncio.sleep(float(request.query.get("seconds", 60)))
    await request.json({"slept": True})


async def status(request):
    await request.whole()
    await request.json({"detail": "as asked"}, status=int(request.path.rsplit("/", 1)[1]))


async def chat(request):
    """The shape of OpenAI's chat completions: one object, or chunks as server-sent events."""
    asked = json.loads(await request.whole())
    words = ["Hello", " from", " the", " mesh", ": ", asked["messages"][-1]["content"]]
    base = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
    if not asked.get("stream"):
        await request.json({**base, "object": "chat.completion", "usage": {"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7}, "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "".join(words)}}]})
        return
    request.start(200, {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"})
    for index, word in enumerate(words + [None]):
        choice = {"index": 0, "delta": {"content": word} if word else {}, "finish_reason": None if word else "stop"}
        await request.chunk(b"data: " + json.dumps({**base, "object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n")
        await asyncio.sleep(0.02)
    await request.chunk(b"data: [DONE]\n\n")
    request.last_chunk()


async def health(request):
    await request.whole()
    await request.json({"status": "ok"})


ROUTES = [("/echo", echo), ("/seen", seen), ("/sink", sink), ("/source", source), ("/events", events), ("/together", together),
          ("/slow", slow), ("/status/", status), ("/v1/chat/completions", chat), ("/", health)]


async def answer(request):
    """Runs the handler; stops it at once when the client leaves meanwhile."""
    handler = next(handler for path, handler in ROUTES if request.path.startswith(path))
    task = asyncio.ensure_future(handler(request))
    closed = asyncio.ensure_future(request.writer.left.wait())
    await asyncio.wait([task, closed], return_when=asyncio.FIRST_COMPLETED)
    closed.cancel()
    if not task.done():
        task.cancel()
        raise Gone()
    await task


class Protocol(asyncio.StreamReaderProtocol):
    """Tells at once when the other side has closed, also while nobody reads."""

    def eof_received(self):
        super().eof_received()
        self.left.set()
        return True

    def connection_lost(self, error):
        super().connection_lost(error)
        self.left.set()


async def serve(reader, writer):
    try:
        while True:
            first = (await reader.readline()).decode().split()
            if not first:
                break
            headers = {}
            while (line := (await reader.readline()).decode().strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            request = Request(reader, writer, first[0], first[1], headers)
            say("request", method=request.method, target=request.target)
            try:
                await answer(request)
                say("done", target=request.target)
            except (Gone, ConnectionError, asyncio.IncompleteReadError):
                say("gone", target=request.target)
                break
            await writer.drain()
            if headers.get("connection", "").lower() == "close":
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()

    def protocol():
        reader = asyncio.StreamReader(limit=1 << 20)
        made = Protocol(reader, connected)
        made.left = asyncio.Event()
        return made

    def connected(reader, writer):
        writer.left = writer.transport.get_protocol().left
        writer.transport.set_write_buffer_limits(high=1 << 20)
        return serve(reader, writer)

    server = await loop.create_server(protocol, sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1", 0, backlog=1024)
    say("listening", port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
