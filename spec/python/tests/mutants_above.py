"""Mutants of frames, streams, credit, compression and calls."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from mutation import breaks, forgiving
from wiremesh_reference import connection, flow, frames, head, limits, link, service, worker
from wiremesh_reference.errors import CallError, Code, Fault, WireError
from wiremesh_reference.frames import END, Frame, Type
from wiremesh_reference.head import Head
from wiremesh_reference.messages import CircuitRequest

# Frames

@breaks("FRAME-1.2")
def skips_unknown_even_frames() -> None:
    frames.check = forgiving(frames.check, Fault.UNKNOWN_CRITICAL, "")


@breaks("FRAME-1.1")
def refuses_unknown_odd_frames() -> None:
    original = frames.check

    def check(frame: Frame) -> None:
        if frame.type not in list(Type):
            raise WireError(Fault.UNKNOWN_CRITICAL, "an unknown frame")
        original(frame)

    frames.check = check


@breaks("FRAME-1.3")
def ignores_unknown_flags() -> None:
    frames.check = forgiving(frames.check, Fault.BAD_VALUE, "with flags")


@breaks("FRAME-1.4")
def takes_data_of_any_length() -> None:
    frames._SIZES[Type.DATA] = (0, limits.FRAME_PAYLOAD)


@breaks("FRAME-1.5", "FRAME-1.6")
def does_not_look_at_stream_0() -> None:
    frames.check = forgiving(frames.check, Fault.STREAM_STATE, "on stream")
    link.Link._find = forgiving(link.Link._find, Fault.STREAM_STATE, "on stream 0")  # type: ignore[method-assign]


@breaks("FRAME-5.4")
def answers_ping_with_zeroes() -> None:
    original = link.Link._receive

    def receive(self: link.Link, frame: Frame, now: float) -> Iterator[link.Event]:
        return original(self, Frame(Type.PING, 0, bytes(8)) if frame.type == Type.PING else frame, now)

    link.Link._receive = receive  # type: ignore[method-assign]


def _ignores(*types: Type) -> None:
    original = link.Link._receive

    def receive(self: link.Link, frame: Frame, now: float) -> Iterator[link.Event]:
        return iter(()) if frame.type in types else original(self, frame, now)

    link.Link._receive = receive  # type: ignore[method-assign]


@breaks("FRAME-5.4")
def ignores_ping() -> None:
    _ignores(Type.PING)


@breaks("FRAME-5.1")
def ignores_stop() -> None:
    _ignores(Type.STOP)


@breaks("FRAME-5.1", case="member/stop")
def ignores_the_stop_of_what_it_asks() -> None:
    original = link.Link._on_stop

    def on_stop(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        stream = self.streams.get(frame.stream)
        return None if stream is not None and stream.mine else original(self, frame, now)

    link.Link._on_stop = on_stop  # type: ignore[method-assign]


@breaks("CALL-3.2", "FRAME-5.3", case="call/reset-before-answer")
def ignores_reset() -> None:
    _ignores(Type.RESET)


@breaks("FRAME-3.1")
def tolerates_frames_in_any_state() -> None:
    for name in ("_on_head", "_on_data", "_on_window", "_on_stop", "_on_reset"):
        setattr(link.Link, name, forgiving(getattr(link.Link, name), Fault.STREAM_STATE, ""))


@breaks("FRAME-3.1")
def takes_a_second_head() -> None:
    link.Link._on_head = forgiving(link.Link._on_head, Fault.STREAM_STATE, "a second HEAD")  # type: ignore[method-assign]


@breaks("FRAME-2.5", "FRAME-3.1")
def takes_data_behind_the_end() -> None:
    link.Link._on_data = forgiving(link.Link._on_data, Fault.STREAM_STATE, "after its end")  # type: ignore[method-assign]


@breaks("FRAME-3.5")
def has_no_limit_of_streams() -> None:
    original = link.Link._on_head

    def on_head(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        self.they_opened = 0
        return original(self, frame, now)

    link.Link._on_head = on_head  # type: ignore[method-assign]


@breaks("FLOW-5.2")
def never_grants_streams_again() -> None:
    limits.OPEN_STREAMS = 64
    original = link.Link._reap

    def reap(self: link.Link, stream: link.Stream) -> None:
        self.they_may_open -= 0 if stream.mine else 1
        original(self, stream)
        self.they_may_open += 0 if stream.mine or stream.number not in self.streams else 1

    link.Link._reap = reap  # type: ignore[method-assign]


@breaks("FRAME-8.1")
def closes_without_goaway() -> None:
    connection.Connection._read_loop = _silent(connection.Connection._read_loop)  # type: ignore[method-assign]


def _silent(original: Callable[..., Any]) -> Callable[..., Any]:
    async def read_loop(self: connection.Connection) -> None:
        normal = self.link.receive

        def receive(record: bytes, now: float) -> Iterator[link.Event]:
            try:
                yield from normal(record, now)
            except WireError as error:
                self._lose(CallError(error.code))

        self.link.receive = receive  # type: ignore[method-assign]
        await original(self)

    return read_loop


@breaks("FRAME-6.3")
def ends_the_link_for_a_bad_head() -> None:
    original = Head.decode.__func__  # type: ignore[attr-defined]

    class Worse(Exception):
        pass

    def decode(cls: type[Head], data: bytes) -> Head:
        try:
            head: Head = original(cls, data)
            return head
        except WireError as error:
            raise Worse from error

    Head.decode = classmethod(decode)  # type: ignore[assignment, arg-type]
    normal = link.Link._on_head

    def on_head(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        try:
            return normal(self, frame, now)
        except Worse:
            raise WireError(Fault.BAD_VALUE, "a bad head") from None

    link.Link._on_head = on_head  # type: ignore[method-assign]


@breaks("FRAME-6.4")
def takes_half_a_header_field() -> None:
    head._check_pairs = lambda texts: None


@breaks("FLOW-6.1")
def takes_floods() -> None:
    link.Flood.count = lambda self, now: None  # type: ignore[method-assign]


@breaks("FLOW-6.2")
def has_no_patience() -> None:
    limits.IDLE_FRAME_BURST = 100


# Flow control and compression

@breaks("FLOW-1.1")
def ignores_credit_when_it_sends() -> None:
    flow.SendCredit.available = property(lambda self: 2**40)  # type: ignore[assignment, method-assign]


@breaks("FLOW-1.2")
def ignores_credit_when_it_receives() -> None:
    flow.ReceiveCredit.receive = forgiving(flow.ReceiveCredit.receive, Fault.FLOW_CONTROL, "")  # type: ignore[method-assign]


@breaks("FLOW-1.3")
def counts_compressed_bytes() -> None:
    link.raw_size = len  # type: ignore[assignment]


@breaks("FLOW-1.4")
def lets_windows_shrink() -> None:
    flow.SendCredit.grant = forgiving(flow.SendCredit.grant, Fault.FLOW_CONTROL, "", False)  # type: ignore[method-assign]


@breaks("FLOW-1.6")
def never_grants_credit() -> None:
    flow.ReceiveCredit.consume = lambda self, count: None  # type: ignore[method-assign]


@breaks("FRAME-3.3", "FLOW-3.1")
def loses_the_credit_of_streams_that_are_gone() -> None:
    original = link.Link._grant_link

    def grant(self: link.Link, count: int) -> None:
        caller = sys._getframe(1).f_code.co_name
        if caller == "consume":
            original(self, count)

    link.Link._grant_link = grant  # type: ignore[method-assign]


@breaks("FLOW-7.1", case="service/small-beside-bulk")
def sends_bulk_before_everything() -> None:
    original = link.Link.outgoing

    def outgoing(self: link.Link) -> Iterator[bytes]:
        begin = {frame.stream for frame in self.control}
        later = [number for number in self.ready if number in begin]
        self.ready = deque(number for number in self.ready if number not in begin)
        while (frame := self._next_data(65000)) is not None:
            yield frame.encode()
        self.ready.extend(later)
        yield from original(self)

    link.Link.outgoing = outgoing  # type: ignore[method-assign]


@breaks("LZ4-2.1")
def takes_any_raw_size() -> None:
    link.raw_size = lambda payload: int.from_bytes(payload[:2], "big")


@breaks("LZ4-2.3")
def takes_blocks_of_another_size() -> None:
    normal = link.decompress
    link.decompress = forgiving(normal, Fault.COMPRESSION, "decode", b"")


@breaks("LZ4-2.3")
def ends_the_link_for_a_bad_block() -> None:
    original = link.decompress

    def decompress(payload: bytes) -> bytes:
        try:
            return original(payload)
        except WireError as error:
            raise AssertionError from error

    link.decompress = decompress
    normal = link.Link._on_data

    def on_data(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        try:
            return normal(self, frame, now)
        except AssertionError:
            raise WireError(Fault.COMPRESSION, "a bad block") from None

    link.Link._on_data = on_data  # type: ignore[method-assign]


@breaks("FRAME-9.2")
def opens_streams_behind_goaway() -> None:
    original = link.Link._receive

    def receive(self: link.Link, frame: Frame, now: float) -> Iterator[link.Event]:
        yield from original(self, frame, now)
        if self.going_away is not None and frame.type == Type.GOAWAY:
            self.going_away = None
            self.open(Head(method="mesh.ping"), end=True)

    link.Link._receive = receive  # type: ignore[method-assign]


@breaks("FRAME-9.3", case="member/goaway-refuses")
def waits_for_answers_above_last() -> None:
    original = frames.parse_goaway
    frames.parse_goaway = lambda payload: (2**31 - 1, *original(payload)[1:])


@breaks("FRAME-9.4", case="goaway/answer-goes-on")
def stops_answers_at_goaway() -> None:
    original = link.Link._on_window

    def on_window(self: link.Link, frame: Frame, now: float) -> None:
        if self.going_away is None:
            original(self, frame, now)

    link.Link._on_window = on_window  # type: ignore[method-assign]


@breaks("FRAME-10.2")
def waits_for_ever_for_a_silent_peer() -> None:
    limits.SILENCE = 1e9


# Calls

@breaks("CALL-2.2")
def ignores_deadlines() -> None:
    limits.DEADLINE = 0.0


@breaks("CALL-1.2")
def serves_calls_that_are_meant_for_another() -> None:
    original = worker.Worker._handle

    async def handle(self: worker.Worker, call: connection.Call) -> None:
        call.request = Head(**{**vars(call.request), "worker": ""})
        await original(self, call)

    worker.Worker._handle = handle  # type: ignore[method-assign]


@breaks("CALL-1.3", case="service/not-forwarded")
def passes_calls_on() -> None:
    original = worker.Worker._handle

    async def handle(self: worker.Worker, call: connection.Call) -> None:
        name = call.request.service
        if not name or name in self.services or self.client is None:
            return await original(self, call)
        answer = await self.client.call(name, await call.read())
        await call.begin_answer(Head(status=answer.status))
        await call.write(await answer.read(), end=True)

    worker.Worker._handle = handle  # type: ignore[method-assign]


@breaks("RELAY-2.5", case="circuit/from-a-worker")
def answers_circuits_of_anybody() -> None:
    worker.RELAY = 0xFFFF


@breaks("RELAY-2.5", case="circuit/inside-a-circuit")
def answers_circuits_inside_circuits() -> None:
    original = worker.accept

    async def accept(*arguments: Any, relayed: bool = False, **named: Any) -> connection.Connection | None:
        return await original(*arguments, **named)

    worker.accept = accept


@breaks("RELAY-2.2", case="circuit/request-too-long")
def reads_long_requests_of_circuits() -> None:
    limits.CIRCUIT_REQUEST = CircuitRequest.most = 2**32


@breaks("RELAY-1.2", case="circuit/link")
def registers_for_circuits_and_has_none() -> None:
    async def none(self: worker.Worker, call: connection.Call) -> None:
        raise CallError(Code.NOT_FOUND)

    worker.Worker._circuit = none  # type: ignore[method-assign]


@breaks("CALL-1.1")
def answers_unknown_services_with_a_head() -> None:
    original = worker.Worker._handle

    async def handle(self: worker.Worker, call: connection.Call) -> None:
        if call.request.service and call.request.service not in self.services:
            await call.begin_answer(Head(status=404), end=True)
        else:
            await original(self, call)

    worker.Worker._handle = handle  # type: ignore[method-assign]


@breaks("CALL-1.4")
def answers_without_a_status() -> None:
    original = link.Link.answer

    def answer(self: link.Link, number: int, head: Head, *, end: bool = False) -> None:
        original(self, number, Head(**{**vars(head), "status": 0}), end=end)

    link.Link.answer = answer  # type: ignore[method-assign]


@breaks("FRAME-2.4")
def presents_a_broken_body_as_whole() -> None:
    original = connection.Call.fail

    def fail(self: connection.Call, error: CallError) -> None:
        if not self._whole and not self._failed and error.code != Code.DEADLINE_EXCEEDED:
            self.received(link.Data(self.number, b"", True))
        else:
            original(self, error)

    connection.Call.fail = fail  # type: ignore[method-assign]


@breaks("MSG-1.6")
def does_not_answer_mesh_ping() -> None:
    original = worker.Worker._handle

    async def handle(self: worker.Worker, call: connection.Call) -> None:
        if call.request.method == "mesh.ping":
            raise CallError(Code.NOT_FOUND)
        await original(self, call)

    worker.Worker._handle = handle  # type: ignore[method-assign]


@breaks("MSG-8.1")
def takes_notices_of_anybody() -> None:
    original = worker.Worker._notice

    async def notice(self: worker.Worker, call: connection.Call) -> None:
        call.connection.peer = self.client.node.certified if self.client else None  # anybody may
        worker.COORDINATOR = 0xFFFF
        await original(self, call)

    worker.Worker._notice = notice  # type: ignore[method-assign]


@breaks("FRAME-2.3")
def sends_data_before_its_head() -> None:
    original = service.send_reply

    async def send_reply(call: connection.Call, reply: service.Reply, *rest: Any) -> None:
        call.connection.link.control.append(Frame(Type.DATA, call.number, b"", 0))
        await original(call, reply, *rest)

    service.send_reply = send_reply


@breaks("FRAME-2.5")
def sends_data_behind_its_end() -> None:
    original = link.Link._data

    def data(self: link.Link, stream: link.Stream, raw: bytes) -> Frame:
        frame = original(self, stream, raw)
        if frame.flags & END and not stream.mine:
            self.control.append(Frame(Type.DATA, frame.stream, b"", END))
        return frame

    link.Link._data = data  # type: ignore[method-assign]
