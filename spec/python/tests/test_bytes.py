"""Codec, identity, tokens, messages: what bytes are taken and what bytes are refused."""

import unittest
from dataclasses import replace

from wiremesh_reference import frames
from wiremesh_reference.compression import compress, decompress
from wiremesh_reference.errors import Fault, WireError
from wiremesh_reference.frames import Frame, Type
from wiremesh_reference.head import Head, Load
from wiremesh_reference.identity import Certificate, SigningKey, sign_certificate
from wiremesh_reference.messages import (
    JSONText, Registration, SequenceReader, ServiceLoad, ServiceRecord, WatchEvent, WorkerRecord, sequence,
)
from wiremesh_reference.noise import KeyPair
from wiremesh_reference.tlv import encode_field
from wiremesh_reference.tokens import Token

from support import AUTHORITY, NOW, certificate


class Bytes(unittest.TestCase):
    def refused(self, fault: Fault, function: object, *arguments: object) -> None:
        with self.assertRaises(WireError) as caught:
            function(*arguments)  # type: ignore[operator]
        self.assertIs(caught.exception.fault, fault)


class Codec(Bytes):
    def test_fields_must_ascend(self) -> None:
        self.refused(Fault.UNORDERED, Head.decode, encode_field(4, b"a") + encode_field(2, b"b"))
        self.refused(Fault.UNORDERED, Head.decode, encode_field(4, b"a") + encode_field(4, b"b"))

    def test_unknown_fields(self) -> None:
        self.assertEqual(Head.decode(encode_field(4, b"a") + encode_field(0x7FFF, b"?")), Head(service="a"))
        self.refused(Fault.UNKNOWN_CRITICAL, Head.decode, encode_field(4, b"a") + encode_field(0x7FFE, b"?"))

    def test_every_truncation_is_refused(self) -> None:
        whole = ServiceRecord(name="x", healthy=True, limit=3, compress=False).encode()
        for end in range(1, len(whole)):
            with self.assertRaises(WireError):
                ServiceRecord.decode(whole[:end])

    def test_one_encoding_of_each_value(self) -> None:
        self.refused(Fault.NOT_MINIMAL, Head.decode, encode_field(4, b""))
        self.refused(Fault.NOT_MINIMAL, Head.decode, encode_field(14, bytes(4)))
        self.refused(Fault.BAD_LENGTH, Head.decode, encode_field(14, bytes(3)))
        self.refused(Fault.BAD_VALUE, Head.decode, encode_field(4, b"\xff"))
        self.refused(Fault.BAD_VALUE, ServiceRecord.decode, encode_field(2, b"a") + encode_field(4, b"\2"))

    def test_heads(self) -> None:
        head = Head(service="s", path="/x?y", deadline=5, load=Load(1, 2, 3, 4), fields=("a", "b"))
        self.assertEqual(Head.decode(head.encode()), head)
        self.refused(Fault.BAD_LENGTH, Head.decode, Head(fields=("a",)).encode())
        self.refused(Fault.BAD_VALUE, Head.decode, Head(fields=("", "a")).encode())

    def test_messages_come_back(self) -> None:
        service = ServiceRecord(name="x", healthy=True, limit=3, compress=False)
        capabilities = (("a", True), ("b", -2), ("c", 1.5), ("d", "text"), ("e", JSONText("[1]")))
        registration = Registration(boot_epoch=7, listen_port=0, capabilities=capabilities, services=(service,))
        self.assertEqual(Registration.decode(registration.encode()), registration)
        record = WorkerRecord(name="w", state=1, boot_epoch=1, features=0, services=(service,), load=Load(), age=2)
        event = WatchEvent(kind=1, revision=9, records=(record, record))
        self.assertEqual(WatchEvent.decode(event.encode()), event)

    def test_sequences_come_in_any_pieces(self) -> None:
        loads = [ServiceLoad(service=f"s{i}", healthy=True, load=Load()) for i in range(3)]
        reader, got = SequenceReader(), []
        for byte in sequence(loads):
            got += reader.feed(bytes([byte]))
        reader.finish()
        self.assertEqual([ServiceLoad.decode(item) for item in got], loads)
        self.refused(Fault.OVERSIZED, SequenceReader().feed, b"\xff\xff\xff\xff")


class Identity(Bytes):
    def setUp(self) -> None:
        self.static = KeyPair.of(b"k" * 32)
        self.good = certificate("w", self.static)

    def test_a_good_one(self) -> None:
        parsed = Certificate.verified(self.good, AUTHORITY.public)
        self.assertEqual((parsed.name, parsed.static_key), ("w", self.static.public))
        self.assertFalse(parsed.expired(NOW))
        self.assertTrue(parsed.expired(NOW + 86400))
        self.assertEqual([parsed.renewal_due(NOW + 57599), parsed.renewal_due(NOW + 57600)], [False, True])

    def test_every_changed_byte_is_refused(self) -> None:
        for i in range(len(self.good)):
            with self.assertRaises(WireError):
                Certificate.verified(self.good[:i] + bytes([self.good[i] ^ 1]) + self.good[i + 1 :], AUTHORITY.public)

    def test_another_authority(self) -> None:
        self.refused(Fault.WRONG_PEER, Certificate.verified, self.good, SigningKey(b"b" * 32).public)

    def test_an_id_of_another_key(self) -> None:
        wrong = replace(Certificate.decode(self.good), salt=b"t" * 16)
        self.refused(Fault.AUTHENTICATION, Certificate.verified, sign_certificate(wrong, AUTHORITY), AUTHORITY.public)

    def test_tokens(self) -> None:
        token = Token(id=b"i" * 16, secret=b"s" * 32, authority=b"a" * 32, endpoints=("127.0.0.1:7700", "[::1]:7700"))
        word = token.text
        self.assertEqual(Token.parse(word), token)
        self.assertNotIn("ssss", repr((token, KeyPair(b"s" * 32, b"p" * 32), SigningKey(b"s" * 32))))
        self.refused(Fault.MISTYPED_TOKEN, Token.parse, word[:9] + ("A" if word[9] != "A" else "B") + word[10:])
        self.refused(Fault.NOT_A_TOKEN, Token.parse, "wmj2_" + word[5:])
        self.refused(Fault.MISTYPED_TOKEN, Token.parse, word + "=")
        self.refused(Fault.MISTYPED_TOKEN, Token.parse, "wmj1_" + "A" * 4096)
        self.assertEqual(Token.parse(f" \n{word}\t"), token)


class Frames(Bytes):
    def test_frames_come_back(self) -> None:
        several = [
            Frame(Type.HEAD, 1, b"", frames.END), Frame(Type.PADDING, 9, b"??"), Frame(0x7F, 3, b"x", 5), Frame(Type.PING, 0, bytes(8)),
        ]
        self.assertEqual(list(frames.parse(b"".join(frame.encode() for frame in several))), several)

    def test_refused(self) -> None:
        for fault, frame in (
            (Fault.UNKNOWN_CRITICAL, Frame(0x12)), (Fault.STREAM_STATE, Frame(Type.PING, 1, bytes(8))),
            (Fault.BAD_LENGTH, Frame(Type.PING, 0, bytes(7))),
            (Fault.BAD_VALUE, Frame(Type.WINDOW, 1, bytes(8), frames.END)), (Fault.BAD_VALUE, Frame(Type.DATA, 1, b"", 8)),
            (Fault.STREAM_STATE, Frame(Type.MAX_STREAMS, 1, bytes(4))),
        ):
            self.refused(fault, lambda frame=frame: list(frames.parse(frame.encode())))
        self.refused(Fault.OVERSIZED, lambda: list(frames.parse(Frame(Type.DATA, 1, bytes(61441)).encode())))
        self.refused(Fault.TRUNCATED, lambda: list(frames.parse(Frame(Type.DATA, 1, b"abc").encode()[:-1])))

    def test_reasons(self) -> None:
        self.assertEqual(frames.parse_reset(frames.reset(1, 2, 1.5, "ä" * 200).payload), (2, 1.5, "ä" * 128))
        self.refused(Fault.BAD_VALUE, frames.parse_goaway, bytes(6) + b"\xff")
        self.refused(Fault.BAD_LENGTH, lambda: list(frames.parse(Frame(Type.GOAWAY, 0, bytes(6 + 257)).encode())))

    def test_compression(self) -> None:
        packed = compress(b"ab" * 1000)
        assert packed is not None
        self.assertEqual(decompress(packed), b"ab" * 1000)
        self.assertIsNone(compress(b"a" * 511))
        block = packed[2:]
        for bad in (b"", b"\0", b"\0\0" + block, b"\x07\xcf" + block, b"\x07\xd1" + block, b"\xff\xff" + block, packed[:-1]):
            self.refused(Fault.COMPRESSION, decompress, bad)


if __name__ == "__main__":
    unittest.main()
