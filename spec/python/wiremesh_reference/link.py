"""The machine of a link: frames in, events out; calls and bodies in, records out. No sockets, no clock."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from . import frames, limits
from .compression import compress, decompress, raw_size
from .errors import NO_EFFECT, CallError, Code, Fault, WireError
from .flow import ReceiveCredit, SendCredit
from .frames import END, LZ4, MORE, Frame, Type
from .handshake import Parameters
from .head import Head
from .records import MAX_PLAINTEXT


@dataclass(frozen=True)
class Began:
    """A HEAD: of a request on a stream that the other side opened, of an answer on one of ours."""

    stream: int
    head: Head


@dataclass(frozen=True)
class Data:
    """Bytes of a body; the owner says consume() when it has read them. The last of a body has `end`."""

    stream: int
    data: bytes
    end: bool


@dataclass(frozen=True)
class Stopped:
    """The other side reads no further: our direction has ended, theirs goes on."""

    stream: int
    code: int


@dataclass(frozen=True)
class WasReset:
    """Both directions are over, without an end."""

    stream: int
    error: CallError


@dataclass(frozen=True)
class GoneAway:
    """The other side serves no stream above `last`; we open no more."""

    last: int
    error: CallError


@dataclass(frozen=True)
class MayOpen:
    """We may open more streams than before."""

    total: int


@dataclass(frozen=True)
class Pong:
    payload: bytes


Event = Began | Data | Stopped | WasReset | GoneAway | MayOpen | Pong


class Stream:
    """One call, as both sides see it."""

    def __init__(self, number: int, mine: bool, send: SendCredit, receive: ReceiveCredit) -> None:
        self.number, self.mine, self.send, self.receive = number, mine, send, receive
        self.outbox: deque[bytes] = deque()
        self.pending = 0  # bytes in the outbox
        self.compress = False
        self.head_sent = self.head_received = False
        self.ending = False  # END goes out after what is in the outbox
        self.send_ended = self.receive_ended = False
        self.dead = False  # reset, by either side
        self.stopped = False  # by us: what comes is dropped
        self.released = False  # its owner is done with it

    @property
    def gone(self) -> bool:
        return self.dead or (self.send_ended and self.receive_ended)

    def clear(self) -> None:
        self.outbox.clear()
        self.pending = 0


class Flood:
    """A bucket of frames that cost work and make no progress."""  # FLOW-6.1, FLOW-6.2

    def __init__(self) -> None:
        self.level, self.last = 0.0, 0.0

    def count(self, now: float) -> None:
        self.level = max(0.0, self.level - (now - self.last) * limits.IDLE_FRAME_RATE) + 1
        self.last = now
        if self.level > limits.IDLE_FRAME_BURST:
            raise WireError(Fault.FLOOD, "too many frames that make no progress")

    def forgive(self) -> None:
        self.level = max(0.0, self.level - 1)


class Link:
    """Streams, credit and frames of an established link. A WireError from receive() ends the link with its code."""

    def __init__(self, *, initiator: bool, local: Parameters, remote: Parameters) -> None:
        self.local, self.remote = local, remote
        self.next_id = 1 if initiator else 2  # FRAME-2.1
        self.last_theirs = 0
        self.their_parity = 0 if initiator else 1
        self.streams: dict[int, Stream] = {}
        self.send = SendCredit(remote.link_window)
        self.receive_credit = ReceiveCredit(local.link_window)
        self.may_open = remote.max_streams
        self.they_may_open = self.announced = local.max_streams
        self.opened = self.they_opened = 0
        self.going_away: CallError | None = None  # the other side's GOAWAY
        self.last_served: int | None = None  # our own GOAWAY
        self.control: deque[Frame] = deque()
        self.ready: deque[int] = deque()  # streams with something to send, in turn
        self.flood = Flood()

    # What the owner asks for.

    def open(self, head: Head, *, end: bool = False) -> int:
        """Open a stream with a request."""
        if self.going_away is not None:  # FRAME-9.2
            raise CallError(Code.DRAINING, "the link is going away")
        if self.opened >= self.may_open:  # FLOW-5.1
            raise CallError(Code.OVERLOADED, "the other side takes no more streams")
        if self.used_up:  # FRAME-9.6
            raise CallError(Code.DRAINING, "the link has no more stream ids")
        stream = self._new(self.next_id, mine=True)
        self.next_id += 2  # FRAME-2.2
        self.opened += 1
        self._send_head(stream, head, end)
        return stream.number

    def answer(self, number: int, head: Head, *, end: bool = False) -> None:
        """Begin the answer on a stream that the other side opened."""
        stream = self.streams[number]
        if not stream.dead and not stream.send_ended:
            self._send_head(stream, head, end)

    def write(self, number: int, data: bytes, *, end: bool = False) -> None:
        """Queue bytes of a body. They leave as credit allows."""
        stream = self.streams[number]
        if stream.dead or stream.send_ended or stream.ending:
            return
        stream.outbox.extend(data[i : i + limits.TURN] for i in range(0, len(data), limits.TURN))  # FLOW-7.1
        stream.pending += len(data)
        stream.ending = end
        self.ready.append(number)

    def consume(self, number: int, count: int) -> None:
        """The owner has read bytes: grant credit for as many."""  # FLOW-1.5
        stream = self.streams[number]
        limit = stream.receive.consume(count)
        if limit is not None and not stream.receive_ended and not stream.dead:
            self.control.append(Frame(Type.WINDOW, number, struct.pack(">Q", limit)))
        self._grant_link(count)

    def reset(self, number: int, code: int, reason: str = "", retry_after: float = 0) -> None:
        """End both directions at once."""
        stream = self.streams[number]
        if not stream.gone:
            stream.dead = True
            stream.clear()
            self.control.append(frames.reset(number, code, retry_after, reason))

    def stop(self, number: int, code: int) -> None:
        """Read no further; what we say goes on."""
        stream = self.streams[number]
        if not stream.gone and not stream.receive_ended:
            stream.stopped = True
            self.control.append(Frame(Type.STOP, number, struct.pack(">H", code)))

    def release(self, number: int) -> None:
        """The owner is done with a stream: what it wrote still leaves, what it did not end is cancelled."""
        stream = self.streams[number]
        if not (stream.ending or stream.send_ended) or (stream.mine and not stream.receive_ended):
            self.reset(number, Code.CANCELLED)  # CALL-3.1
        elif not stream.receive_ended:
            self.stop(number, Code.NONE)  # FRAME-5.6
        stream.released = True
        self._grant_link(stream.receive.received - stream.receive.consumed)  # FLOW-3.1
        self._reap(stream)

    def _ended(self, stream: Stream) -> None:
        """One direction has ended: where it is the second, the stream is gone, and has made progress."""
        if stream.gone:
            self.flood.forgive()
            self._reap(stream)

    def _reap(self, stream: Stream) -> None:
        """Forget a stream that is over for both sides and for its owner: only now may another take its place."""  # FLOW-5.2
        if not stream.released or not stream.gone:
            return
        del self.streams[stream.number]
        if not stream.mine:
            self.they_may_open += 1
            if self.they_may_open - self.announced >= max(1, self.local.max_streams // 4):
                self.announced = self.they_may_open
                self.control.append(Frame(Type.MAX_STREAMS, 0, struct.pack(">I", self.announced)))

    def ping(self, payload: bytes) -> None:
        self.control.append(Frame(Type.PING, 0, payload))

    def go_away(self, code: int, reason: str = "") -> None:
        """Serve no stream above those that are open."""
        if self.last_served is None:
            self.last_served = self.last_theirs
        self.control.append(frames.goaway(self.last_served, code, reason))

    @property
    def used_up(self) -> bool:
        """Whether there are no stream ids left to open with."""
        return self.next_id >= limits.LAST_STREAM

    @property
    def over(self) -> bool:
        """Whether a link that drains has no stream left."""  # FRAME-9.5
        return not self.streams and not self.control and (self.going_away is not None or self.last_served is not None)

    # What goes out.

    def outgoing(self) -> Iterator[bytes]:
        """The plaintexts of the records that can leave now."""
        while True:
            record = b""
            while self.control and len(record) + 8 + len(self.control[0].payload) <= MAX_PLAINTEXT:
                record += self.control.popleft().encode()
            while not self.control and (frame := self._next_data(MAX_PLAINTEXT - len(record))) is not None:
                record += frame.encode()
            if not record:
                return
            yield record

    def _next_data(self, room: int) -> Frame | None:
        """The next DATA frame of a stream whose turn it is, within both credits."""  # FLOW-1.1
        for _ in range(len(self.ready)):
            number = self.ready.popleft()
            stream = self.streams.get(number)
            if stream is None or stream.dead or stream.send_ended or not stream.head_sent:
                continue
            if not stream.outbox:
                if stream.ending:
                    return self._data(stream, b"")
                continue
            chunk = stream.outbox[0]
            size = min(len(chunk), stream.send.available, self.send.available)
            if len(chunk) + 8 > room:
                self.ready.appendleft(number)
                return None
            if size <= 0:
                continue  # a WINDOW puts it back
            stream.outbox.popleft()
            if size < len(chunk):
                stream.outbox.appendleft(chunk[size:])
            self.ready.append(number)
            return self._data(stream, chunk[:size])
        return None

    def _data(self, stream: Stream, raw: bytes) -> Frame:
        stream.send.spend(len(raw))
        self.send.spend(len(raw))
        stream.pending -= len(raw)
        flags = 0
        if stream.ending and not stream.outbox:
            stream.send_ended, flags = True, END
            self._ended(stream)
        packed = compress(raw) if stream.compress else None
        return Frame(Type.DATA, stream.number, packed or raw, flags | (LZ4 if packed else 0))

    def _send_head(self, stream: Stream, head: Head, end: bool) -> None:
        payload = head.encode()
        if len(payload) > limits.HEAD_SIZE:
            raise CallError(Code.TOO_LARGE, "the header fields do not fit into 16,384 bytes")
        stream.head_sent, stream.send_ended = True, end
        self.control.append(Frame(Type.HEAD, stream.number, payload, END if end else 0))
        if end:
            self._ended(stream)

    def _new(self, number: int, *, mine: bool) -> Stream:
        stream = Stream(number, mine, SendCredit(self.remote.stream_window), ReceiveCredit(self.local.stream_window))
        self.streams[number] = stream
        return stream

    def _grant_link(self, count: int) -> None:
        limit = self.receive_credit.consume(count)
        if limit is not None:
            self.control.append(Frame(Type.WINDOW, 0, struct.pack(">Q", limit)))

    # What comes in.

    def receive(self, plaintext: bytes, now: float) -> Iterator[Event]:
        """What the frames of a record mean."""
        if not plaintext:
            raise WireError(Fault.AUTHENTICATION, "a record without a frame")  # REC-4.2
        for frame in frames.parse(plaintext):
            if len(self.control) > limits.CONTROL_QUEUE:
                raise WireError(Fault.FLOOD, "the other side asks much and reads nothing")
            yield from self._receive(frame, now)

    def _receive(self, frame: Frame, now: float) -> Iterator[Event]:
        event: Event | None = None
        match frame.type:
            case Type.HEAD:
                event = self._on_head(frame, now)
            case Type.DATA:
                event = self._on_data(frame, now)
            case Type.WINDOW:
                self._on_window(frame, now)
            case Type.MAX_STREAMS:
                allowed = int.from_bytes(frame.payload, "big")
                if allowed > self.may_open:
                    self.may_open, event = allowed, MayOpen(allowed)
                else:  # FLOW-5.3
                    self.flood.count(now)
            case Type.STOP:
                event = self._on_stop(frame, now)
            case Type.RESET:
                event = self._on_reset(frame, now)
            case Type.PING:
                self.flood.count(now)
                self.control.append(Frame(Type.PONG, 0, frame.payload))  # FRAME-5.4
            case Type.PONG:
                self.flood.count(now)
                event = Pong(frame.payload)
            case Type.GOAWAY:
                self.flood.count(now)
                yield from self._on_goaway(frame)
            case _:  # PADDING, and what is not known: FRAME-5.5
                self.flood.count(now)
        if event is not None:
            yield event

    def _find(self, frame: Frame) -> Stream | None:
        """The stream of a frame, None where it is gone. A frame for a stream that never was ends the link."""  # FRAME-3.1
        stream = self.streams.get(frame.stream)
        if stream is not None:
            return None if stream.gone else stream
        theirs = frame.stream % 2 == self.their_parity
        if not frame.stream or (frame.stream > self.last_theirs if theirs else frame.stream >= self.next_id):  # FRAME-1.6
            raise WireError(Fault.STREAM_STATE, f"{Type(frame.type).name} on stream {frame.stream}, which nobody opened")
        return None  # FRAME-3.2

    def _on_head(self, frame: Frame, now: float) -> Event | None:
        if frame.stream % 2 == self.their_parity and frame.stream > self.last_theirs:
            if self.they_opened >= self.announced:  # FRAME-3.5
                raise WireError(Fault.STREAM_STATE, "more streams than were granted")
            self.last_theirs = frame.stream
            self.they_opened += 1
            stream = self._new(frame.stream, mine=False)
            if self.last_served is not None:  # FRAME-9.1
                self.reset(frame.stream, Code.DRAINING)
                self.release(frame.stream)
                return None
        else:
            found = self._find(frame)
            if found is None:
                return None
            stream = found
            if stream.head_received:
                raise WireError(Fault.STREAM_STATE, f"a second HEAD on stream {frame.stream}")
        try:
            head = Head.decode(frame.payload)
        except WireError as error:  # FRAME-6.3
            self.reset(frame.stream, error.code, str(error))
            if stream.mine:
                return WasReset(frame.stream, CallError(error.code, str(error)))
            self.flood.count(now)
            self.release(frame.stream)
            return None
        stream.head_received = True
        if frame.flags & END:
            stream.receive_ended = True
            self._ended(stream)
        return Began(frame.stream, head)

    def _on_data(self, frame: Frame, now: float) -> Event | None:
        size = raw_size(frame.payload) if frame.flags & LZ4 else len(frame.payload)  # FLOW-1.3
        if not size and not frame.flags & END:
            self.flood.count(now)
        self.receive_credit.receive(size)  # the link's credit first, then the stream
        stream = self._find(frame)
        if stream is None:
            self._grant_link(size)  # FRAME-3.3
            return None
        if not stream.head_received or stream.receive_ended:
            raise WireError(Fault.STREAM_STATE, f"DATA on stream {frame.stream} before its HEAD or after its end")
        stream.receive.receive(size)
        dropped = stream.stopped or stream.released
        try:  # LZ4-1.1
            data = decompress(frame.payload) if frame.flags & LZ4 and not dropped else frame.payload
        except WireError as error:  # LZ4-2.3
            self.reset(frame.stream, Code.COMPRESSION, str(error))
            return WasReset(frame.stream, CallError(Code.COMPRESSION, str(error)))
        if frame.flags & END:
            stream.receive_ended = True
            self._ended(stream)
        if dropped:
            self._grant_link(size)  # FRAME-3.4
            return None
        return Data(frame.stream, data, stream.receive_ended)

    def _on_window(self, frame: Frame, now: float) -> None:
        limit = int.from_bytes(frame.payload, "big")
        if limit > limits.CREDIT:  # FLOW-1.4, also where the stream is gone
            raise WireError(Fault.FLOW_CONTROL, "a window overflows")
        if frame.stream:
            stream = self._find(frame)
            if stream is None:  # our last words and their WINDOW have crossed
                return
            granted = stream.send.grant(limit)
            self.ready.append(frame.stream)
        else:
            granted = self.send.grant(limit)
            self.ready = deque(number for number, stream in self.streams.items() if stream.outbox or stream.ending)
        if not granted:
            self.flood.count(now)

    def _on_stop(self, frame: Frame, now: float) -> Event | None:
        self.flood.count(now)
        stream = self._find(frame)
        if stream is None or stream.send_ended:
            return None
        code = int.from_bytes(frame.payload, "big")
        if not stream.head_sent:  # FRAME-5.2
            self.reset(frame.stream, code)
            self._reap(stream)
            return WasReset(frame.stream, CallError(code))
        stream.clear()  # FRAME-5.1
        stream.ending = True
        self.ready.append(frame.stream)
        return Stopped(frame.stream, code)

    def _on_goaway(self, frame: Frame) -> Iterator[Event]:
        """No more streams of ours; those above the last one were not served."""  # FRAME-9.3
        last, code, reason = frames.parse_goaway(frame.payload)
        self.going_away = CallError(code, reason)
        yield GoneAway(last, self.going_away)
        refused = CallError((code or Code.DRAINING) | NO_EFFECT, reason)
        for stream in sorted(self.streams.values(), key=lambda stream: -stream.number):
            if stream.mine and stream.number > last and not stream.gone:
                stream.dead = True
                stream.clear()
                self._reap(stream)
                yield WasReset(stream.number, refused)

    def _on_reset(self, frame: Frame, now: float) -> Event | None:
        if frame.stream % 2 == self.their_parity:
            self.flood.count(now)
        stream = self._find(frame)
        if stream is None:
            return None
        code, retry_after, reason = frames.parse_reset(frame.payload)
        stream.dead = True
        stream.clear()
        self.control = deque(waiting for waiting in self.control if waiting.stream != frame.stream)  # FRAME-5.3
        self._reap(stream)
        return WasReset(frame.stream, CallError(code, reason, retry_after))
