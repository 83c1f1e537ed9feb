"""The worker: hosts services, is found through the coordinator, and answers calls of other members."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from . import circuit, limits
from .client import Client
from .connection import Call, Connection, Writer, accept, split_endpoint
from .errors import CallError, Code, WireError
from .head import Head
from .identity import COORDINATOR, RELAY, WORKER
from .messages import (
    DRAIN_NOTICE, REVOKED, Capability, JSONText, LoadUpdate, Notice, Registration, RegistrationAccepted, ServiceLoad,
)
from .node import ask, default_file
from .service import Function, Request, Service, function_service
from .upstream import Upstream

log = logging.getLogger("wiremesh")
REPORT = 1.0  # seconds between looks at load, upstreams and the certificate
RENEW = 30.0  # seconds between attempts to renew the certificate
DRAIN = 30.0  # seconds that calls get to end when the worker stops


class Worker:
    """A worker of a mesh.

    `join` is a token, needed for the first start only; `data` is the file that keeps the identity.
    """

    def __init__(
        self, name: str, *, join: str | None = None, data: str | Path | None = None, listen: str = "0.0.0.0:0",
        advertise: str | None = None, region: str = "", zone: str = "", capabilities: dict[str, Capability | JSONText] | None = None,
    ) -> None:
        self.name, self.token, self.data = name, join, Path(data) if data else default_file(name)
        self.listen, self.advertise, self.region, self.zone = listen, advertise, region, zone
        self.capabilities = capabilities or {"cpu_cores": os.cpu_count() or 1, "hostname": os.uname().nodename}
        self.services: dict[str, Service] = {}
        self.upstreams: dict[str, Upstream] = {}
        self.client: Client | None = None  # for calls of others, once it runs
        self.port = 0
        self._links: set[Connection] = set()
        self._strangers: dict[Writer, str] = {}  # whose handshake is under way, oldest first
        self._revoked: set[bytes] = set()
        self._stop = asyncio.Event()
        self._draining = False

    def service(self, name: str, *, limit: int = 256, compress: bool = True) -> Callable[[Function], Function]:
        """Serve a service with a function: `@worker.service("ocr")`."""

        def register(function: Function) -> Function:
            self.services[name] = Service(name, function_service(function), limit=limit, compress=compress)
            return function

        return register

    def forward(self, name: str, url: str, *, limit: int = 256, compress: bool = True) -> None:
        """Serve a service by an HTTP server at a URL."""
        self.upstreams[name] = upstream = Upstream(url)
        self.services[name] = Service(name, upstream.exchange, limit=limit, compress=compress)

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        await self.serve()

    def stop(self) -> None:
        """Let serve() drain and return."""
        self._stop.set()

    async def serve(self) -> None:
        """Join where needed, listen, stay registered."""
        self.client = await self._join()
        if self.client is None:
            return
        self.client.handler = self._handle
        self.name = self.client.node.certified.name  # ID-8.2
        for service in self.services.values():
            service.worker = self.name
        await self._probe()
        server = await asyncio.start_server(self._accept, *split_endpoint(self.listen))
        self.port = server.sockets[0].getsockname()[1]
        log.info("listening on port %d as %s", self.port, self.name)
        membership = asyncio.create_task(self._stay(self.client))
        try:
            await self._stop.wait()
            server.close()
            membership.cancel()
            await asyncio.gather(membership, return_exceptions=True)
            await self._drain(self.client)
        finally:
            server.close()
            membership.cancel()
            for stranger in self._strangers:
                stranger.transport.abort()
            await asyncio.gather(*(link.close() for link in self._links), return_exceptions=True)
            await self.client.close()

    # Membership.

    async def _join(self) -> Client | None:
        """Load the identity or enrol; a coordinator that cannot be reached now may be there later."""
        pause = 0.5
        while not self._stop.is_set():
            try:
                return await Client.join(name=self.name, join=self.token, data=self.data, roles=WORKER)
            except CallError as error:
                if error.code != Code.UNREACHABLE:
                    raise
                log.warning("not admitted yet: %s", error.reason)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause * random.uniform(0.5, 1))
            pause = min(pause * 2, limits.REDIAL)
        return None

    async def _stay(self, client: Client) -> None:
        """Stay registered with a coordinator, through every loss of the link."""
        pause = 0.5
        while True:
            try:
                link = await client.coordinator()
                await self._register(link)
                pause = 0.5
                await self._report(client, link)
            except (CallError, WireError, TimeoutError) as error:
                log.warning("no coordinator: %s", str(error) or "no answer in time")
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, limits.REDIAL)  # MSG-2.2

    async def _register(self, link: Connection) -> None:  # MSG-2.1
        node = self.client.node if self.client else None
        assert node is not None
        registration = Registration(
            boot_epoch=node.boot_epoch, advertised=(self.advertise,) if self.advertise else (), listen_port=self.port,
            region=self.region or None, zone=self.zone or None, capabilities=tuple(sorted(self.capabilities.items())),
            services=tuple(service.record for _, service in sorted(self.services.items())), circuits=True,  # RELAY-1.2
        )
        accepted = RegistrationAccepted.decode(await ask(link, "mesh.register", registration.encode()))
        log.info("registered as %s, seen at %s", accepted.name, accepted.observed)

    async def _report(self, client: Client, link: Connection) -> None:
        """Tell load and health until the link is lost; renew the certificate when it is time."""
        said, renewed = LoadUpdate(), 0.0
        while not link.closed and not link.link.going_away:
            await asyncio.sleep(REPORT)
            await self._probe()
            update = LoadUpdate(services=tuple(
                ServiceLoad(service=name, healthy=service.healthy, load=service.load) for name, service in sorted(self.services.items())
            ))
            if update != said:
                await ask(link, "mesh.load", update.encode())
                said = update
            if client.node.certified.renewal_due(time.time()) and time.monotonic() - renewed > RENEW:  # ID-7.2
                renewed = time.monotonic()
                await client.renew()
        raise link.closed or link.link.going_away or CallError(Code.LINK_LOST)

    async def _probe(self) -> None:
        for name, upstream in self.upstreams.items():
            self.services[name].healthy = await upstream.healthy()

    async def _drain(self, client: Client) -> None:
        """Say that nothing new shall come, let calls end, leave."""
        self._draining = True
        try:
            link = await client.coordinator()
            await ask(link, "mesh.drain", timeout=2)
            async with asyncio.timeout(DRAIN):
                while any(service.in_flight for service in self.services.values()):
                    await asyncio.sleep(0.05)
            await ask(link, "mesh.leave", timeout=2)
        except (CallError, WireError, TimeoutError):
            pass  # the coordinator notices by itself
        for each in self._links:
            each.go_away(Code.DRAINING, "the worker stops")

    # Links and calls.

    async def _accept(self, reader: asyncio.StreamReader, writer: Writer, relayed: bool = False) -> None:
        assert self.client is not None
        source = str(writer.get_extra_info("peername", ("",))[0])
        alike = [stranger for stranger, address in self._strangers.items() if address == source]
        if len(alike) >= limits.UNAUTHENTICATED_PER_SOURCE or len(self._strangers) >= limits.UNAUTHENTICATED:  # HS-8.4
            oldest = alike[0] if alike else next(iter(self._strangers))
            oldest.transport.abort()
            self._strangers.pop(oldest)
        self._strangers[writer] = source
        try:
            link = await accept(reader, writer, self.client.node.local, self._handle, relayed=relayed)
        finally:
            self._strangers.pop(writer, None)
        if link is None:
            return
        if (code := self._refusal(link)) is not None:  # HS-9.1
            link.go_away(code)
            await link.close()
            return
        for old in self._links:
            if old.peer and link.peer and old.peer.node_id == link.peer.node_id and old.relayed == relayed:
                if old.link.last_served is None:  # HS-10.2
                    old.go_away(Code.DRAINING, "a newer link takes its place")
        self._links.add(link)
        await link.wait_closed()
        self._links.discard(link)

    def _refusal(self, link: Connection) -> Code | None:
        if link.peer is None:
            return Code.AUTHENTICATION
        if link.peer.node_id in self._revoked:  # ID-8.9
            return Code.REVOKED
        return Code.EXPIRED if link.peer.expired(time.time()) else None  # HS-9.3

    async def _handle(self, call: Call) -> None:
        head = call.request
        if head.method == "mesh.ping":  # MSG-1.6
            body = await call.read()
            await call.begin_answer(Head(status=200))
            await call.write(body, end=True)
        elif head.method == "mesh.notice":
            await self._notice(call)
        elif head.method == "mesh.circuit":
            await self._circuit(call)
        elif head.method or not head.service:  # MSG-1.5
            raise CallError(Code.NOT_FOUND, f"a worker has no method {head.method}")
        elif head.worker not in ("", self.name) or head.service not in self.services:  # CALL-1.1, CALL-1.2
            raise CallError(Code.NOT_FOUND, f"{self.name} does not offer {head.service}")
        elif self._draining:  # CALL-5.6
            raise CallError(Code.DRAINING, f"{self.name} stops")
        else:  # CALL-1.3
            await self.services[head.service].run(call)

    async def _circuit(self, call: Call) -> None:
        """Answer a link that a relay passes on, for as long as it lasts."""
        peer = call.connection.peer
        if peer is None or not peer.roles & (COORDINATOR | RELAY) or call.connection.relayed:  # RELAY-2.5
            raise CallError(Code.PERMISSION_DENIED, "a circuit comes from a relay, over a direct link")
        chunks = call.chunks()
        caller, rest = await circuit.request(chunks)
        await call.begin_answer(Head(status=200))
        reader, writer = asyncio.StreamReader(), circuit.CircuitWriter(call, caller)
        filling = asyncio.create_task(circuit.fill(reader, chunks, rest))
        try:
            await self._accept(reader, writer, relayed=True)  # RELAY-3.3
        finally:
            filling.cancel()

    async def _notice(self, call: Call) -> None:
        peer = call.connection.peer
        if peer is None or not peer.roles & COORDINATOR:
            raise CallError(Code.PERMISSION_DENIED, "a notice comes from a coordinator")  # MSG-8.1
        notice = Notice.decode(await call.read())
        log.warning("notice %d of %s: %s", notice.kind, peer.name, notice.text)  # MSG-8.3
        if notice.kind == REVOKED:  # ID-8.9
            self._revoked |= set(notice.nodes)
            for link in [*self._links, *(self.client.links if self.client else ())]:
                if link.peer and link.peer.node_id in self._revoked:
                    link.go_away(Code.REVOKED)
                    asyncio.get_running_loop().create_task(link.close())
        elif notice.kind == DRAIN_NOTICE:  # MSG-8.2
            self._draining = True
        await call.begin_answer(Head(status=200), end=True)


async def echo(request: Request) -> object:
    """A service to try: gives back what it is sent, as it comes."""
    return aiter(request)
