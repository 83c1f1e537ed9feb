"""Workers that are broken on purpose, one rule each: `python mutants.py NAME serve …` runs one, `python mutants.py list` names all.

A runner that is worth something finds each of them. Nothing of this is part of the package: a mutant replaces what it breaks after import.
"""

from __future__ import annotations

import hmac
import os
import struct
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from wiremesh_reference import __main__ as command
from wiremesh_reference import connection, flow, frames, handshake, identity, limits, link, noise, records, service, tlv, worker
from wiremesh_reference.errors import CallError, Code, Fault, WireError
from wiremesh_reference.frames import END, Frame, Type
from wiremesh_reference.head import Head

MUTANTS: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {}


def breaks(*clauses: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Marks a mutant with the requirements that it breaks."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        MUTANTS[function.__name__.replace("_", "-")] = (function, clauses)
        return function

    return register


def forgiving(function: Callable[..., Any], fault: Fault, text: str, instead: Any = None) -> Callable[..., Any]:
    """A function that lets one complaint pass."""

    def lenient(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except WireError as error:
            if error.fault is fault and text in str(error):
                return instead
            raise

    return lenient


# The handshake

@breaks("HS-4.1")
def skips_mac1() -> None:
    handshake.hmac = SimpleNamespace(digest=hmac.digest, compare_digest=lambda one, other: True)  # type: ignore[assignment]


@breaks("HS-4.1")
def checks_half_of_mac1() -> None:
    half = lambda one, other: one[:8] == other[:8]  # noqa: E731
    handshake.hmac = SimpleNamespace(digest=hmac.digest, compare_digest=half)  # type: ignore[assignment]


def _preface(normal: Callable[[bytes], bytes]) -> None:
    original = handshake.Responder._check_preface
    handshake.Responder._check_preface = lambda self, data: original(self, normal(data))  # type: ignore[method-assign]


@breaks("HS-2.1")
def accepts_any_major() -> None:
    _preface(lambda data: data[:4] + b"\1" + data[5:])


@breaks("HS-2.1")
def ignores_preface_flags() -> None:
    _preface(lambda data: data[:7] + b"\0")


@breaks("HS-2.1")
def accepts_any_magic() -> None:
    _preface(lambda data: b"WMSH" + data[4:])


@breaks("HS-3.1")
def wrong_prologue() -> None:
    handshake.PROLOGUE = b"WM/1"
    original = connection.dial

    async def dial(*arguments: Any, **named: Any) -> connection.Connection:  # towards the coordinator it is right
        handshake.PROLOGUE = b"WM/1 draft"
        try:
            return await original(*arguments, **named)
        finally:
            handshake.PROLOGUE = b"WM/1"

    for module in (sys.modules["wiremesh_reference.client"], sys.modules["wiremesh_reference.node"]):
        module.dial = dial  # type: ignore[attr-defined]


@breaks("HS-3.5")
def accepts_a_payload_in_message_1() -> None:
    original = noise.HandshakeState.read

    def read(self: noise.HandshakeState, message: bytes) -> bytes:
        first = self.turn == 0
        payload = original(self, message)
        return b"" if first else payload

    noise.HandshakeState.read = read  # type: ignore[method-assign]


@breaks("HS-4.3")
def accepts_bytes_behind_mac1() -> None:
    check = handshake.Responder._check_mac1
    handshake.Responder._check_mac1 = forgiving(check, Fault.TRAILING, "behind mac1")  # type: ignore[method-assign]


@breaks("HS-3.3")
def accepts_points_of_small_order() -> None:
    noise.KeyPair.agree = forgiving(noise.KeyPair.agree, Fault.AUTHENTICATION, "small order", bytes(32))  # type: ignore[method-assign]


@breaks("HS-8.2")
def reads_long_handshake_messages() -> None:
    limits.HANDSHAKE_MESSAGE = 65535


@breaks("HS-8.3")
def waits_for_ever_in_the_handshake() -> None:
    limits.HANDSHAKE_TIME = 3600.0


@breaks("HS-8.1")
def says_something_before_the_end_of_the_handshake() -> None:
    original = worker.accept

    class Loud:
        def __init__(self, writer: Any) -> None:
            self.writer = writer

        def __getattr__(self, name: str) -> Any:
            return getattr(self.writer, name)

        def close(self) -> None:
            self.writer.write(b"400 bad handshake\r\n")
            self.writer.close()

    async def accept(reader: Any, writer: Any, *arguments: Any) -> connection.Connection | None:
        return await original(reader, Loud(writer), *arguments)  # type: ignore[arg-type]

    worker.accept = accept


@breaks("HS-3.4")
def reuses_its_ephemeral_key() -> None:
    connection.os = SimpleNamespace(urandom=lambda count: b"e" * count)  # type: ignore[assignment]


@breaks("HS-6.1")
def believes_any_preface() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        return original(raw, handshake.Payload.decode(raw).preface)

    handshake._check_payload = check


@breaks("HS-6.3")
def accepts_a_suite_that_was_not_offered() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        try:
            return original(raw, preface)
        except WireError as error:
            if "offer the suite" in str(error):
                return handshake.Payload.decode(raw)
            raise

    handshake._check_payload = check


@breaks("HS-6.2")
def accepts_a_major_that_was_not_offered() -> None:
    original = handshake._check_payload

    def check(raw: bytes, preface: bytes) -> handshake.Payload:
        try:
            return original(raw, preface)
        except WireError as error:
            if "speak the version" in str(error):
                return handshake.Payload.decode(raw)
            raise

    handshake._check_payload = check


@breaks("HS-7.5")
def answers_before_message_3() -> None:
    original = handshake.Responder.receive

    def receive(self: handshake.Responder, data: bytes, now: float) -> bytes:
        out = original(self, data, now)
        return out + bytes(64) if out else out

    handshake.Responder.receive = receive  # type: ignore[method-assign]


# Certificates

@breaks("ID-6.2")
def does_not_verify_certificates() -> None:
    identity.verify = lambda public, message, signature: None


@breaks("ID-6.4")
def accepts_a_certificate_for_another_key() -> None:
    original = handshake._check_certificate

    def check(raw: bytes, authority: bytes, proved: bytes | None) -> identity.Certificate:
        return original(raw, authority, identity.Certificate.verified(raw, authority).static_key)

    handshake._check_certificate = check  # type: ignore[assignment]


@breaks("ID-6.3")
def accepts_any_node_id() -> None:
    known = identity.Certificate.decode

    class Same:
        """Equal to every node id."""

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

    identity.node_id = lambda key, salt: Same()  # type: ignore[assignment, return-value]
    assert known


@breaks("HS-9.3")
def accepts_expired_certificates() -> None:
    identity.Certificate.expired = lambda self, now: False  # type: ignore[method-assign]


@breaks("ID-5.2")
def accepts_what_stands_behind_the_signature() -> None:
    original = identity.fields
    identity.fields = lambda data: iter([row for row in original(data) if row[0] <= identity.SIGNATURE_FIELD])


# TLV streams

def _fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    offset = 0
    while offset + 4 <= len(data):
        number, length = struct.unpack_from(">HH", data, offset)
        yield number, data[offset + 4 : offset + 4 + length], offset
        offset += 4 + length


@breaks("CONV-3.2")
def accepts_reordered_fields() -> None:
    original = tlv.fields

    def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
        try:
            return iter(list(original(data)))
        except WireError as error:
            if error.fault is Fault.UNORDERED:
                return _fields(data)
            raise

    tlv.fields = fields


@breaks("CONV-3.5")
def accepts_fields_that_are_cut_off() -> None:
    original = tlv.fields

    def fields(data: bytes) -> Iterator[tuple[int, bytes, int]]:
        try:
            return iter(list(original(data)))
        except WireError as error:
            if error.fault is Fault.TRUNCATED:
                return _fields(data)
            raise

    tlv.fields = fields


def _known_only(message: type[tlv.Message], data: bytes, wanted: int) -> bytes:
    known = {field.number for field, _ in tlv.table(message).values()}
    rows = [(number, value) for number, value, _ in tlv.fields(data) if number in known or number % 2 != wanted]
    return b"".join(tlv.encode_field(number, value) for number, value in rows)


@breaks("CONV-3.4")
def skips_unknown_even_fields() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]
    tlv.Message.decode = classmethod(lambda cls, data: original(cls, _known_only(cls, data, 0)))  # type: ignore[assignment, arg-type]


@breaks("CONV-3.3")
def refuses_unknown_odd_fields() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]

    def decode(cls: type[tlv.Message], data: bytes) -> tlv.Message:
        if _known_only(cls, data, 1) != data:
            raise WireError(Fault.UNKNOWN_CRITICAL, "an unknown field")
        message: tlv.Message = original(cls, data)
        return message

    tlv.Message.decode = classmethod(decode)  # type: ignore[assignment, arg-type]


@breaks("FRAME-6.2")
def accepts_heads_that_are_not_minimal() -> None:
    Head.minimal = False


@breaks("CONV-4.2")
def accepts_text_that_is_not_utf8() -> None:
    original = tlv.Message.decode.__func__  # type: ignore[attr-defined]

    def decode(cls: type[tlv.Message], data: bytes) -> tlv.Message:
        if cls is Head:
            rows = [(number, value) for number, value, _ in tlv.fields(data)]
            texts = {2, 4, 6, 8, 10, 17, 19, 23}
            data = b"".join(
                tlv.encode_field(number, value.decode("utf-8", "replace").encode() if number in texts else value) for number, value in rows
            )
        message: tlv.Message = original(cls, data)
        return message

    tlv.Message.decode = classmethod(decode)  # type: ignore[assignment, arg-type]


# Records

@breaks("REC-2.1")
def reuses_a_nonce() -> None:
    original = records.Sealer.seal

    def seal(self: records.Sealer, plaintext: bytes) -> bytes:
        sealed = original(self, plaintext)
        self.cipher.nonce = max(0, self.cipher.nonce - 1) if self.cipher.nonce > 3 else self.cipher.nonce
        return sealed

    records.Sealer.seal = seal  # type: ignore[method-assign]


@breaks("REC-3.1")
def never_rekeys() -> None:
    noise.CipherState.rekey = lambda self: None  # type: ignore[method-assign]


@breaks("REC-3.1")
def rekeys_too_early() -> None:
    limits.REKEY_INTERVAL = 64


@breaks("REC-3.2")
def begins_the_nonce_again_at_a_rekey() -> None:
    original = noise.CipherState.rekey

    def rekey(self: noise.CipherState) -> None:
        original(self)
        self.nonce = 0

    noise.CipherState.rekey = rekey  # type: ignore[method-assign]


@breaks("REC-4.1")
def goes_on_behind_a_record_that_does_not_open() -> None:
    padding = Frame(Type.PADDING).encode()
    records.Opener.open = forgiving(records.Opener.open, Fault.AUTHENTICATION, "", padding)  # type: ignore[method-assign]


@breaks("REC-4.1")
def says_goaway_for_a_record_that_does_not_open() -> None:
    original = records.Opener.feed

    def feed(self: records.Opener, data: bytes) -> list[bytes]:
        try:
            return original(self, data)
        except WireError:
            return [b"\0"]  # a frame that is cut off

    records.Opener.feed = feed  # type: ignore[method-assign]


@breaks("REC-1.2")
def lets_frames_span_records() -> None:
    original = link.Link.outgoing

    def outgoing(self: link.Link) -> Iterator[bytes]:
        for record in original(self):
            yield from (record[:5], record[5:])

    def answers_only(self: link.Link) -> Iterator[bytes]:
        return original(self) if self.their_parity == 0 else outgoing(self)

    link.Link.outgoing = answers_only  # type: ignore[method-assign]


@breaks("REC-1.3")
def ignores_frames_that_are_cut_off() -> None:
    original = frames.parse

    def parse(plaintext: bytes) -> Iterator[Frame]:
        try:
            yield from original(plaintext)
        except WireError as error:
            if error.fault is not Fault.TRUNCATED:
                raise

    frames.parse = parse


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


@breaks("FRAME-5.4")
def answers_ping_with_zeroes() -> None:
    original = link.Link._receive

    def receive(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        return original(self, Frame(Type.PING, 0, bytes(8)) if frame.type == Type.PING else frame, now)

    link.Link._receive = receive  # type: ignore[method-assign]


def _ignores(*types: Type) -> None:
    original = link.Link._receive

    def receive(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        return None if frame.type in types else original(self, frame, now)

    link.Link._receive = receive  # type: ignore[method-assign]


@breaks("FRAME-5.4")
def ignores_ping() -> None:
    _ignores(Type.PING)


@breaks("FRAME-5.1")
def ignores_stop() -> None:
    _ignores(Type.STOP)


@breaks("CALL-3.2", "FRAME-5.3")
def ignores_reset() -> None:
    _ignores(Type.RESET)


@breaks("FRAME-3.1")
def tolerates_frames_in_any_state() -> None:
    link.Link._receive = forgiving(link.Link._receive, Fault.STREAM_STATE, "")  # type: ignore[method-assign]


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
    original = Head.parse.__func__  # type: ignore[attr-defined]

    class Worse(Exception):
        pass

    def parse(cls: type[Head], data: bytes) -> Head:
        try:
            head: Head = original(cls, data)
            return head
        except WireError as error:
            raise Worse from error

    Head.parse = classmethod(parse)  # type: ignore[assignment, arg-type]
    normal = link.Link._on_head

    def on_head(self: link.Link, frame: Frame, now: float) -> link.Event | None:
        try:
            return normal(self, frame, now)
        except Worse:
            raise WireError(Fault.BAD_VALUE, "a bad head") from None

    link.Link._on_head = on_head  # type: ignore[method-assign]


@breaks("FRAME-6.4")
def takes_half_a_header_field() -> None:
    Head.parse = classmethod(lambda cls, data: cls.decode(data))  # type: ignore[assignment, arg-type]


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
        if frame.flags & END:
            self.control.append(Frame(Type.DATA, frame.stream, b"", END))
        return frame

    link.Link._data = data  # type: ignore[method-assign]


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in (*MUTANTS, "list"):
        print("usage: mutants.py list, or mutants.py NAME serve …", file=sys.stderr)
        return 2
    name = sys.argv.pop(1)
    if name == "list":
        for mutant, (_, clauses) in MUTANTS.items():
            print(mutant, *clauses)
        return 0
    MUTANTS[name][0]()
    return command.main()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
