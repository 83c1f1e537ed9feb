"""The machine of a link: streams, credit, and a peer that breaks the rules."""

import struct
import unittest

from wiremesh_reference import frames, limits
from wiremesh_reference.errors import CallError, Code, Fault, WireError
from wiremesh_reference.frames import END, LZ4, Frame, Type
from wiremesh_reference.head import Head
from wiremesh_reference.link import Began, Data, GoneAway, Link, Pong, Stopped, WasReset

from support import Pair, parameters

HEAD = Head(service="s").encode()


class Streams(unittest.TestCase):
    def test_a_call_and_its_answer(self) -> None:
        pair = Pair()
        number = pair.a.open(Head(service="s"))
        pair.a.write(number, b"hello", end=True)
        _, at_b = pair.pump()
        self.assertEqual(at_b, [Began(1, Head(service="s")), Data(1, b"hello", True)])
        pair.b.answer(1, Head(status=200))
        pair.b.write(1, b"there", end=True)
        pair.b.release(1)
        at_a, _ = pair.pump()
        self.assertEqual(at_a, [Began(1, Head(status=200)), Data(1, b"there", True)])
        pair.a.release(1)
        self.assertEqual((pair.a.streams, pair.b.streams), ({}, {}))

    def test_both_sides_open(self) -> None:
        pair = Pair()
        self.assertEqual([pair.a.open(Head()), pair.b.open(Head()), pair.a.open(Head()), pair.b.open(Head())], [1, 2, 3, 4])

    def test_a_body_waits_for_credit(self) -> None:
        pair = Pair(link_window=100_000)
        number = pair.a.open(Head(service="s"))
        pair.a.write(number, b"x" * 5000, end=True)
        _, at_b = pair.pump()
        self.assertEqual(sum(len(event.data) for event in at_b if isinstance(event, Data)), 1000)
        total, ended = 1000, False
        pair.b.consume(1, 1000)
        while not ended:
            _, at_b = pair.pump()
            self.assertTrue(at_b)
            for event in at_b:
                assert isinstance(event, Data)
                pair.b.consume(1, len(event.data))
                total, ended = total + len(event.data), event.end
        self.assertEqual(total, 5000)

    def test_unread_bodies_of_released_streams_go_back_to_the_link(self) -> None:
        pair = Pair(stream_window=4000, max_streams=100)
        for _ in range(20):
            number = pair.a.open(Head(service="s"))
            pair.a.write(number, b"x" * 3000, end=True)
            _, at_b = pair.pump()
            self.assertEqual(sum(len(event.data) for event in at_b if isinstance(event, Data)), 3000)
            pair.b.release(number)
            pair.pump()
            pair.a.release(number)

    def test_streams_are_granted_again_when_they_are_over(self) -> None:
        pair = Pair()
        for _ in range(40):
            number = pair.a.open(Head(service="s"), end=True)
            pair.pump()
            pair.b.answer(number, Head(status=200), end=True)
            pair.b.release(number)
            pair.pump()
            pair.a.release(number)
        for _ in range(4):
            pair.a.open(Head(service="s"), end=True)
        with self.assertRaises(CallError):
            pair.a.open(Head(service="s"), end=True)

    def test_reset_and_stop(self) -> None:
        pair = Pair()
        number = pair.a.open(Head(service="s"))
        pair.pump()
        pair.b.answer(number, Head(status=200))
        pair.b.stop(number, Code.NONE)
        at_a, at_b = pair.pump()
        self.assertEqual(at_a, [Began(1, Head(status=200)), Stopped(1, 0)])
        self.assertEqual(at_b, [])  # the end of what nobody reads
        pair.b.reset(number, Code.BUSY, "later", 2)
        at_a, _ = pair.pump()
        assert isinstance(at_a[0], WasReset)
        self.assertEqual((at_a[0].error.code, at_a[0].error.reason, at_a[0].error.retry_after), (0x18, "later", 2))
        pair.a.write(number, b"ignored")
        pair.a.release(number)
        self.assertEqual(pair.pump(), ([], []))

    def test_going_away(self) -> None:
        pair = Pair()
        pair.a.open(Head(service="s"))
        pair.pump()
        pair.b.go_away(Code.DRAINING, "stop")
        late = pair.a.open(Head(service="late"))
        at_a, at_b = pair.pump()
        self.assertEqual(at_b, [])
        assert isinstance(at_a[0], GoneAway) and isinstance(at_a[1], WasReset)
        self.assertEqual((at_a[0].last, at_a[1].stream, at_a[1].error.no_effect), (1, late, True))
        self.assertTrue(pair.a.streams[late].dead)
        with self.assertRaises(CallError):
            pair.a.open(Head())

    def test_the_ids_of_a_link_end(self) -> None:
        pair = Pair()
        pair.a.next_id = limits.LAST_STREAM - 1
        number = pair.a.open(Head(service="s"), end=True)
        self.assertEqual((number, pair.a.used_up, pair.b.used_up), (0x7FFEFFFF, True, False))
        with self.assertRaises(CallError) as caught:
            pair.a.open(Head(service="s"), end=True)
        self.assertEqual((caught.exception.code, caught.exception.no_effect), (Code.DRAINING, True))
        _, at_b = pair.pump()
        self.assertEqual(at_b, [Began(number, Head(service="s"))])

    def test_compressed_bodies(self) -> None:
        pair = Pair(stream_window=100_000, link_window=100_000)
        number = pair.a.open(Head(service="s"))
        pair.a.streams[number].compress = True
        pair.a.write(number, b"ab" * 20_000, end=True)
        records = list(pair.a.outgoing())
        self.assertLess(sum(map(len, records)), 1000)
        events = [event for record in records for event in pair.b.receive(record, 0)]
        self.assertEqual(b"".join(event.data for event in events if isinstance(event, Data)), b"ab" * 20_000)
        self.assertEqual(pair.b.receive_credit.received, 40_000)

    def test_nothing_is_said_behind_a_reset(self) -> None:
        pair = Pair()
        number = pair.a.open(Head(service="s"))
        pair.a.write(number, b"x" * 900)
        pair.pump()
        pair.b.answer(number, Head(status=200))
        pair.b.consume(number, 900)
        list(pair.b.receive(frames.reset(number, Code.CANCELLED, 0, "").encode(), 0))
        records = b"".join(pair.b.outgoing())
        self.assertEqual([frame.stream for frame in frames.parse(records) if frame.stream], [])

    def test_ping(self) -> None:
        pair = Pair()
        pair.a.ping(b"12345678")
        self.assertEqual(pair.pump(), ([Pong(b"12345678")], []))


class Hostile(unittest.TestCase):
    def setUp(self) -> None:
        self.link = Link(initiator=False, local=parameters(), remote=parameters())

    def feed(self, *several: Frame) -> list[object]:
        return list(self.link.receive(b"".join(frame.encode() for frame in several), 0))

    def refused(self, fault: Fault, *several: Frame) -> None:
        with self.assertRaises(WireError) as caught:
            self.feed(*several)
        self.assertIs(caught.exception.fault, fault)

    def test_states(self) -> None:
        head = Frame(Type.HEAD, 1, HEAD)
        for several in (
            [head, head], [Frame(Type.DATA, 1, b"x")], [Frame(Type.HEAD, 2, HEAD)], [Frame(Type.WINDOW, 7, bytes(8))],
            [Frame(Type.HEAD, 1, HEAD, END), Frame(Type.DATA, 1, b"x")], [Frame(Type.RESET, 5, bytes(6))],
            [Frame(Type.HEAD, 2 * i + 1, HEAD) for i in range(5)],
        ):
            with self.subTest(several):
                self.setUp()
                self.refused(Fault.STREAM_STATE, *several)

    def test_stream_0(self) -> None:
        for initiator in (False, True):
            for frame in (
                Frame(Type.HEAD, 0, HEAD), Frame(Type.DATA, 0, b"x"), Frame(Type.STOP, 0, bytes(2)), Frame(Type.RESET, 0, bytes(6)),
            ):
                with self.subTest(initiator=initiator, frame=frame):
                    self.link = Link(initiator=initiator, local=parameters(), remote=parameters())
                    self.refused(Fault.STREAM_STATE, frame)

    def test_credit(self) -> None:
        self.feed(Frame(Type.HEAD, 1, HEAD), Frame(Type.DATA, 1, bytes(1000)))
        self.refused(Fault.FLOW_CONTROL, Frame(Type.DATA, 1, b"x"))

    def test_credit_counts_before_compression(self) -> None:
        self.feed(Frame(Type.HEAD, 1, HEAD))
        self.refused(Fault.FLOW_CONTROL, Frame(Type.DATA, 1, struct.pack(">H", 1001) + b"tiny", LZ4))

    def test_a_window_shrinks(self) -> None:
        self.feed(Frame(Type.HEAD, 1, HEAD))
        self.refused(Fault.FLOW_CONTROL, Frame(Type.WINDOW, 1, struct.pack(">Q", 999)))

    def test_a_block_that_does_not_decode_ends_its_stream_only(self) -> None:
        events = self.feed(Frame(Type.HEAD, 1, HEAD), Frame(Type.DATA, 1, b"\0\x09junk", LZ4), Frame(Type.HEAD, 3, HEAD))
        self.assertIsInstance(events[1], WasReset)
        self.assertIsInstance(events[2], Began)

    def test_a_head_that_is_not_valid_ends_its_stream_only(self) -> None:
        events = self.feed(Frame(Type.HEAD, 1, b"\0\x04\0"), Frame(Type.HEAD, 3, HEAD))
        self.assertEqual(events, [Began(3, Head(service="s"))])
        record = next(self.link.outgoing())
        self.assertEqual(next(frames.parse(record)).type, Type.RESET)

    def test_floods(self) -> None:
        for frame in (
            Frame(Type.PING, 0, bytes(8)), Frame(Type.PADDING), Frame(0x7F), Frame(Type.DATA, 1), Frame(Type.MAX_STREAMS, 0, bytes(4)),
            Frame(Type.WINDOW, 1, struct.pack(">Q", 1000)), Frame(Type.WINDOW, 0, struct.pack(">Q", 4000)), Frame(Type.STOP, 1, bytes(2)),
        ):
            with self.subTest(frame):
                self.setUp()
                self.feed(Frame(Type.HEAD, 1, HEAD))
                for _ in range(1000):
                    self.feed(frame)
                    list(self.link.outgoing())
                self.refused(Fault.FLOOD, frame)

    def test_resets_in_a_row(self) -> None:
        self.link = Link(initiator=False, local=parameters(max_streams=5000), remote=parameters())
        with self.assertRaises(WireError) as caught:
            for number in range(1, 5000, 2):
                self.feed(Frame(Type.HEAD, number, HEAD), Frame(Type.RESET, number, bytes(6)))
                self.link.release(number)
        self.assertIs(caught.exception.fault, Fault.FLOOD)

    def test_an_empty_record(self) -> None:
        self.refused(Fault.AUTHENTICATION)

    def test_unknown_odd_frames_are_skipped(self) -> None:
        self.assertEqual(self.feed(Frame(0x11, 77, b"grease", 0xFF), Frame(Type.HEAD, 1, HEAD)), [Began(1, Head(service="s"))])
        self.refused(Fault.UNKNOWN_CRITICAL, Frame(0x12))


if __name__ == "__main__":
    unittest.main()
