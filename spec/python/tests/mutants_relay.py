"""Relays that are broken on purpose, one rule each."""

from __future__ import annotations

from collections.abc import AsyncIterator

from mutation import breaks
from relaying import Coordinator
from wiremesh_reference import circuit, limits
from wiremesh_reference.connection import Call, Connection
from wiremesh_reference.errors import NO_EFFECT, CallError, Code
from wiremesh_reference.messages import CircuitRequest, RelayRecord

# What it says of itself, and whom it serves

@breaks("RELAY-1.1", case="relay/names-itself")
def names_no_relay() -> None:
    def relays(self: Coordinator) -> tuple[RelayRecord, ...]:
        return ()

    Coordinator.relays = relays  # type: ignore[method-assign]


@breaks("RELAY-2.2", case="relay/request-too-long")
def reads_long_requests() -> None:
    limits.CIRCUIT_REQUEST = CircuitRequest.most = 2**32


def _serves(whom: str) -> None:
    """Lets one kind of caller pass that is refused otherwise."""
    original = Coordinator.admit

    def admit(self: Coordinator, call: Call) -> bytes:
        try:
            return original(self, call)
        except CallError:
            peer = call.connection.peer
            kind = "joiners" if peer is None else "circuits" if call.connection.relayed else "expired"
            if kind != whom:
                raise
            return peer.node_id if peer else bytes(32)

    Coordinator.admit = admit  # type: ignore[method-assign]


@breaks("RELAY-2.3", case="relay/no-member")
def serves_joiners() -> None:
    _serves("joiners")


@breaks("RELAY-2.3", case="relay/expired")
def serves_the_expired() -> None:
    _serves("expired")


@breaks("RELAY-2.3", case="relay/over-a-circuit")
def serves_relayed_links() -> None:
    _serves("circuits")


def _finds(code: Code) -> None:
    original = Coordinator.find

    def find(self: Coordinator, meant: bytes) -> Connection:
        try:
            return original(self, meant)
        except CallError:
            raise CallError(code) from None

    Coordinator.find = find  # type: ignore[method-assign]


@breaks("RELAY-2.4", case="relay/not-there")
def says_not_found() -> None:
    _finds(Code.NOT_FOUND)


@breaks("RELAY-2.4", case="relay/gone")
def forgets_no_link() -> None:
    Coordinator.forget = lambda self, link: None  # type: ignore[method-assign]


@breaks("RELAY-2.6", case="relay/to-oneself")
def brings_nobody_to_themselves() -> None:
    original = Coordinator.bring

    def bring(self: Coordinator, link: Connection, caller: bytes, rest: bytes) -> Call:
        if link.peer and link.peer.node_id == caller:
            raise CallError(Code.UNREACHABLE)
        return original(self, link, caller, rest)

    Coordinator.bring = bring  # type: ignore[method-assign]

# What it passes on

@breaks("RELAY-2.6", case="relay/passes-on")
def names_itself_as_the_caller() -> None:
    original = Coordinator.bring
    Coordinator.bring = lambda self, link, caller, rest: original(self, link, self.node, rest)  # type: ignore[method-assign]


@breaks("RELAY-2.6", case="relay/passes-on")
def drops_what_stands_behind_the_request() -> None:
    original = Coordinator.bring
    Coordinator.bring = lambda self, link, caller, rest: original(self, link, caller, b"")  # type: ignore[method-assign]


def _alters(last: int) -> None:
    """Changes a byte of a chunk that is longer than `last`."""
    original = Coordinator.arriving

    async def arriving(self: Coordinator, source: Call) -> AsyncIterator[bytes]:
        async for chunk in original(self, source):
            yield chunk if len(chunk) <= last else chunk[:last] + bytes([chunk[last] ^ 1]) + chunk[last + 1 :]

    Coordinator.arriving = arriving  # type: ignore[method-assign]


@breaks("RELAY-2.6", case="relay/carries-a-link")
def alters_a_byte() -> None:
    _alters(40)


@breaks("RELAY-2.6", case="relay/pieces")
def wants_the_request_at_once() -> None:
    original = circuit.request

    async def request(chunks: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
        async for chunk in chunks:
            if len(chunk) < 40:
                raise CallError(Code.BAD_REQUEST)

            async def again(first: bytes = chunk) -> AsyncIterator[bytes]:
                yield first

            node, rest = await original(again())
            return node, rest
        raise CallError(Code.BAD_REQUEST)

    circuit.request = request


@breaks("RELAY-2.6", case="relay/end-near")
def passes_no_end_on() -> None:
    async def copy(self: Coordinator, source: Call, sink: Call) -> None:
        async for chunk in self.arriving(source):
            sink.connection.write(sink.number, chunk, False)
            source.connection.consume(source.number, len(chunk))

    Coordinator.copy = copy  # type: ignore[method-assign]


@breaks("RELAY-2.6", case="relay/end-far")
def ends_both_directions_at_once() -> None:
    original = Coordinator.copy

    async def copy(self: Coordinator, source: Call, sink: Call) -> None:
        await original(self, source, sink)
        source.connection.write(source.number, b"", True)

    Coordinator.copy = copy  # type: ignore[method-assign]


@breaks("RELAY-3.2", case="relay/not-compressed")
def compresses_circuits() -> None:
    original = Coordinator.bring

    def bring(self: Coordinator, link: Connection, caller: bytes, rest: bytes) -> Call:
        far = original(self, link, caller, rest)
        link.link.streams[far.number].compress = True
        return far

    Coordinator.bring = bring  # type: ignore[method-assign]

# What ends a circuit

@breaks("RELAY-3.4", case="relay/reset-near")
def keeps_the_far_stream() -> None:
    Coordinator.drop = lambda self, far: None  # type: ignore[method-assign]


def _fails(what: str) -> None:
    def failed(self: Coordinator, near: Call, error: CallError) -> None:
        match what:
            case "end":
                near.connection.write(near.number, b"", True)
            case "code":
                raise CallError(Code.INTERNAL_ERROR)
            case "no effect":
                near.connection.reset(near.number, error.code | NO_EFFECT, "", 0)

    Coordinator.failed = failed  # type: ignore[method-assign]


@breaks("RELAY-3.4", case="relay/reset-far")
def ends_what_was_reset() -> None:
    _fails("end")


@breaks("RELAY-3.4", case="relay/refusal")
def refuses_in_its_own_name() -> None:
    _fails("code")


@breaks("FRAME-7.1", case="relay/far-lost")
def says_that_nothing_was_done() -> None:
    _fails("no effect")

# What it holds, and for whom

@breaks("RELAY-4.1", case="relay/holds-little-up")
def holds_whatever_comes() -> None:
    async def left(self: Coordinator, sink: Call) -> None:
        pass

    Coordinator.left = left  # type: ignore[method-assign]


@breaks("RELAY-4.1", case="relay/holds-little-down")
def holds_twice_as_much() -> None:
    limits.STREAM_WINDOW = 2 * 262144


@breaks("RELAY-4.1", case="relay/holds-little-down")
def never_grants_again() -> None:
    original = Coordinator.copy

    async def copy(self: Coordinator, source: Call, sink: Call) -> None:
        source.connection.consume = lambda number, count: None  # type: ignore[method-assign]
        await original(self, source, sink)

    Coordinator.copy = copy  # type: ignore[method-assign]


@breaks("RELAY-2.6", case="relay/holds-little-up")
def drops_what_nobody_takes() -> None:
    async def copy(self: Coordinator, source: Call, sink: Call) -> None:
        async for chunk in self.arriving(source):
            if sink.connection.pending(sink.number) < 65536:
                sink.connection.write(sink.number, chunk, False)
            source.connection.consume(source.number, len(chunk))
        sink.connection.write(sink.number, b"", True)

    Coordinator.copy = copy  # type: ignore[method-assign]


def _places(code: Code, retry_after: float) -> None:
    original = Coordinator.take_place

    def take_place(self: Coordinator, caller: bytes) -> None:
        try:
            original(self, caller)
        except CallError:
            raise CallError(code, retry_after=retry_after) from None

    Coordinator.take_place = take_place  # type: ignore[method-assign]


@breaks("RELAY-4.2", case="relay/quota")
def refuses_one_too_many_by_another_code() -> None:
    _places(Code.PERMISSION_DENIED, 5)


@breaks("RELAY-4.2", case="relay/quota")
def says_no_time_to_try_again() -> None:
    _places(Code.OVERLOADED, 0)


@breaks("RELAY-4.2", case="relay/quota")
def counts_the_circuits_of_all_together() -> None:
    original = Coordinator.take_place
    Coordinator.take_place = lambda self, caller: original(self, b"")  # type: ignore[method-assign]


@breaks("RELAY-4.2", case="relay/quota")
def gives_no_place_back() -> None:
    Coordinator.leave_place = lambda self, caller: None  # type: ignore[method-assign]

