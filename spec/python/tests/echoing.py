"""A service that sends back each byte as it comes: `serve echo=echoing:echo`."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wiremesh_reference import Request


async def echo(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request:
        yield chunk
