"""A coordinator that is just enough to be tried as a relay: it admits, enters workers, and passes circuits on.

`python relaying.py NAME FILE` runs one that is broken in one rule (`none`: in none), prints a token, and writes the seed of its mesh's
authority to the file; `python relaying.py list` names all. Nothing of this is part of the package.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from mutation import MUTANTS
from wiremesh_reference import circuit
from wiremesh_reference.connection import Call, Connection, Writer, shake_hands
from wiremesh_reference.errors import CallError, Code, WireError
from wiremesh_reference.handshake import Local, Parameters, Responder
from wiremesh_reference.head import Head, Load
from wiremesh_reference.identity import (
    COORDINATOR, RELAY, WORKER, Certificate, SigningKey, domain, mesh_id, node_id, sign_certificate, verify,
)
from wiremesh_reference.messages import (
    CircuitRequest, EnrolAnswer, EnrolRequest, Registration, RegistrationAccepted, RelayRecord, ResolveRequest, WorkerRecord,
)
from wiremesh_reference.noise import KeyPair
from wiremesh_reference.tokens import Token

CIRCUITS = 64  # of one member


class Coordinator:
    """One mesh, in memory."""

    def __init__(self) -> None:
        self.authority, self.identity, self.static = SigningKey(os.urandom(32)), SigningKey(os.urandom(32)), KeyPair.of(os.urandom(32))
        self.token, self.secret = os.urandom(16), os.urandom(32)
        self.own = self.certificate("coordinator-1", COORDINATOR | RELAY, self.identity.public, self.static.public)
        parameters = Parameters.usual(1 << 32 | 1)
        self.local = Local(authority=self.authority.public, static=self.static, parameters=parameters, certificate=self.own)
        self.node = Certificate.decode(self.own).node_id
        self.links: dict[bytes, Connection] = {}  # direct ones of members, by node id
        self.statics: dict[Connection, bytes | None] = {}
        self.records: dict[str, WorkerRecord] = {}
        self.circuits: Counter[bytes] = Counter()  # by the node that asked

    def certificate(self, name: str, roles: int, identity: bytes, static: bytes) -> bytes:
        salt, now = os.urandom(16), int(time.time())
        return sign_certificate(
            Certificate(
                mesh_id=mesh_id(self.authority.public), node_id=node_id(identity, salt), name=name, roles=roles, identity_key=identity,
                static_key=static, salt=salt, serial=1, issued_at=now, expires=now + 86400, features=0, signature=bytes(64),
            ),
            self.authority,
        )

    async def run(self) -> None:
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        endpoint = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        token = Token(id=self.token, secret=self.secret, authority=self.authority.public, endpoints=(endpoint,))
        print("listening", endpoint, "token", token.text, flush=True)
        async with server:
            await server.serve_forever()

    async def accept(self, reader: asyncio.StreamReader, writer: Writer, relayed: bool = False) -> None:
        try:
            async with asyncio.timeout(5):
                machine = Responder(self.local, KeyPair.of(os.urandom(32)), lambda token: self.secret if token == self.token else None)
                done = await shake_hands(machine, reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, WireError):
            return writer.close()
        link = Connection(
            reader, writer, done, initiator=False, local=self.local, handler=self.handle, early=machine.rest, relayed=relayed)
        self.statics[link] = done.static
        if link.peer and not relayed:
            self.links[link.peer.node_id] = link
        await link.wait_closed()
        del self.statics[link]
        self.forget(link)

    def forget(self, link: Connection) -> None:
        if link.peer and self.links.get(link.peer.node_id) is link:
            del self.links[link.peer.node_id]

    async def handle(self, call: Call) -> None:
        methods: dict[str, Callable[[Call], Awaitable[None]]] = {
            "mesh.ping": self.ping, "mesh.enrol": self.enrol, "mesh.register": self.register, "mesh.resolve": self.resolve,
            "mesh.leave": self.leave, "mesh.relay": self.relay, "mesh.circuit": self.circuit,
        }
        method = methods.get(call.request.method)
        if method is None:
            raise CallError(Code.NOT_FOUND, "there is no such method")
        await method(call)

    async def answer(self, call: Call, body: bytes = b"") -> None:
        await call.begin_answer(Head(status=200), end=not body)
        if body:
            await call.write(body, end=True)

    # The mesh.

    async def ping(self, call: Call) -> None:
        await self.answer(call, await call.read())

    async def enrol(self, call: Call) -> None:
        request = EnrolRequest.decode(await call.read())
        verify(request.identity_key, domain("enrolment") + call.connection.handshake_hash + request.name.encode(), request.signature)
        granted = self.certificate(request.name, WORKER, request.identity_key, self.statics[call.connection] or b"")
        await self.answer(call, EnrolAnswer(certificate=granted).encode())

    async def register(self, call: Call) -> None:
        peer = call.connection.peer
        assert peer is not None
        registration = Registration.decode(await call.read())
        self.records[peer.name] = WorkerRecord(
            name=peer.name, node_id=peer.node_id, state=1, boot_epoch=registration.boot_epoch, features=0, load=Load(0, 0, 0, 0), age=0,
            relays=self.relays() if registration.circuits else (),
        )
        await self.answer(call, RegistrationAccepted(name=peer.name, observed="127.0.0.1:1", revision=1).encode())

    def relays(self) -> tuple[RelayRecord, ...]:
        return (RelayRecord(node_id=self.node),)

    async def leave(self, call: Call) -> None:
        await call.read()
        self.records.pop(call.connection.peer.name if call.connection.peer else "", None)
        await self.answer(call)

    async def resolve(self, call: Call) -> None:
        record = self.records.get(ResolveRequest.decode(await call.read()).name)
        if record is None:
            raise CallError(Code.NOT_FOUND, "there is no such worker")
        await self.answer(call, record.encode())

    # Circuits.

    async def circuit(self, call: Call) -> None:
        """The far end of one, as every node may be: so a link can come that was passed on."""
        peer = call.connection.peer
        if peer is None or not peer.roles & (COORDINATOR | RELAY) or call.connection.relayed:
            raise CallError(Code.PERMISSION_DENIED, "a circuit comes from a relay")
        chunks = call.chunks()
        caller, rest = await circuit.request(chunks)
        await call.begin_answer(Head(status=200))
        reader = asyncio.StreamReader()
        filling = asyncio.create_task(circuit.fill(reader, chunks, rest))
        try:
            await self.accept(reader, circuit.CircuitWriter(call, caller), relayed=True)
        finally:
            filling.cancel()

    def admit(self, call: Call) -> bytes:
        """The node that asks, where it may."""
        peer = call.connection.peer
        if peer is None or call.connection.relayed or peer.expired(time.time()):  # RELAY-2.3
            raise CallError(Code.PERMISSION_DENIED, "a circuit begins on a direct link of a member")
        return peer.node_id

    def find(self, meant: bytes) -> Connection:
        link = self.links.get(meant)
        if link is None:  # RELAY-2.4
            raise CallError(Code.UNREACHABLE, "no link to that node")
        return link

    def take_place(self, caller: bytes) -> None:
        if self.circuits[caller] >= CIRCUITS:  # RELAY-4.2
            raise CallError(Code.OVERLOADED, f"a member has at most {CIRCUITS} circuits", retry_after=5)
        self.circuits[caller] += 1

    def leave_place(self, caller: bytes) -> None:
        self.circuits[caller] -= 1

    async def relay(self, call: Call) -> None:
        caller = self.admit(call)
        meant, rest = await circuit.request(call.chunks())  # RELAY-2.2
        link = self.find(meant)
        self.take_place(caller)
        far: Call | None = None
        try:
            far = self.bring(link, caller, rest)
            await self.pass_on(call, far)
        except CallError as error:
            self.failed(call, error)
        finally:
            self.leave_place(caller)
            if far is not None:
                self.drop(far)

    def bring(self, link: Connection, caller: bytes, rest: bytes) -> Call:
        request = CircuitRequest(node=caller).encode()
        far = link.open(Head(method="mesh.circuit"))
        link.write(far.number, struct.pack(">I", len(request)) + request + rest, False)  # RELAY-2.6
        return far

    async def pass_on(self, near: Call, far: Call) -> None:
        failures: list[CallError] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.copy(near, far))
                group.create_task(self.back(far, near))
        except* CallError as errors:
            failures += [error for error in errors.exceptions if isinstance(error, CallError)]
        if failures:
            raise failures[0]

    def failed(self, near: Call, error: CallError) -> None:
        """The far end is over."""  # RELAY-3.4
        raise error

    def drop(self, far: Call) -> None:
        """The near end is over, or both are."""  # RELAY-3.4
        far.close()

    async def back(self, far: Call, near: Call) -> None:
        await far.answer_head()
        await near.begin_answer(Head(status=200))
        await self.copy(far, near)

    async def copy(self, source: Call, sink: Call) -> None:
        async for chunk in self.arriving(source):
            sink.connection.write(sink.number, chunk, False)
            await self.left(sink)
            source.connection.consume(source.number, len(chunk))  # RELAY-4.1
        sink.connection.write(sink.number, b"", True)

    async def arriving(self, source: Call) -> AsyncIterator[bytes]:
        """The body as it comes, no byte of which is credited."""
        while not source._whole:
            while not source._events:
                source._arrived.clear()
                await source._arrived.wait()
            event = source._events.popleft()
            if isinstance(event, CallError):
                raise event
            source._whole = event.end
            if event.data:
                yield event.data

    async def left(self, sink: Call) -> None:
        """Wait until what was written has gone out."""
        while not sink._failed and sink.connection.pending(sink.number):
            sink._writable.clear()
            await sink._writable.wait()
        if sink._failed:
            raise sink._failed


def main() -> int:
    import mutants_relay

    assert mutants_relay
    if sys.argv[1:] == ["list"]:
        for mutant, (_, clauses) in MUTANTS.items():
            print(mutant, *clauses)
        return 0
    name, file = sys.argv[1:]
    if name != "none":
        MUTANTS[name][0]()
    coordinator = Coordinator()
    Path(file).write_text(coordinator.authority.seed.hex())
    asyncio.run(coordinator.run())
    return 0


if __name__ == "__main__":
    sys.modules["relaying"] = sys.modules["__main__"]  # what mutants break is what runs
    sys.exit(main())
