"""streams.py URL COUNT: opens COUNT requests at once and reads each to its end. Prints how many were whole and right."""

import asyncio
import json
import sys
from urllib.parse import urlsplit


async def one(url):
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return head.split(b"\r\n")[0].decode() or "closed without an answer"
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            expected = "data: here\n\n" + "".join(f"data: {number}\n\n" for number in range(20))
            return "ok" if body == expected.encode() else f"wrong body: {body[:200]}"
        body, rest = body + rest[:length], rest[length + 2:]
    return "broken off"


async def main():
    results = await asyncio.gather(*(one(sys.argv[1]) for _ in range(int(sys.argv[2]))), return_exceptions=True)
    counted = {}
    for result in map(str, results):
        counted[result] = counted.get(result, 0) + 1
    print(json.dumps(counted))


asyncio.run(main())
