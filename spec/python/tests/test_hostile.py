"""Bytes of chance, and good bytes spoilt: everything that reads must take them or say WireError, and nothing else."""

import random
import unittest
from collections.abc import Callable

from wiremesh_reference import messages
from wiremesh_reference.compression import compress
from wiremesh_reference.errors import WireError
from wiremesh_reference.frames import END, LZ4, Frame, Type
from wiremesh_reference.handshake import Payload, Responder
from wiremesh_reference.head import Head, Load
from wiremesh_reference.identity import Certificate
from wiremesh_reference.link import Began, Link
from wiremesh_reference.noise import KeyPair
from wiremesh_reference.tlv import Message
from wiremesh_reference.tokens import Token

from support import AUTHORITY, NOW, certificate, local, parameters

ROUNDS = 3000
SERVICE = messages.ServiceRecord(name="x", healthy=True, limit=1, compress=True)
RECORD = messages.WorkerRecord(
    name="w", node_id=bytes(32), state=1, boot_epoch=1, features=0, endpoints=("h:1", "[::1]:2"), region="r", services=(SERVICE,),
    capabilities=(("a", True), ("b", 2.0), ("c", messages.JSONText("{}"))), load=Load(), age=1,
)
GOOD: list[Message] = [
    Head(service="s", verb="PUT", path="/x", deadline=5, load=Load(1), fields=("a", "b")), RECORD,
    messages.Notice(kind=1, text="t", nodes=(bytes(32),)),
    messages.WatchEvent(kind=1, revision=1, records=(RECORD,)), messages.Registration(boot_epoch=1, listen_port=1, services=(SERVICE,)),
    Payload(preface=bytes(8), majors=b"\1", suites=b"\1\2", parameters=parameters(), certificate=bytes(3)),
]


def spoil(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(3):
            case 0:
                changed[at : at + 1] = chance.randbytes(1)
            case 1:
                del changed[at : at + chance.randint(1, 4)]
            case _:
                changed[at:at] = chance.randbytes(chance.randint(1, 4))
    return bytes(changed)


class Hostile(unittest.TestCase):
    def setUp(self) -> None:
        self.chance = random.Random(1)

    def survives(self, function: Callable[[bytes], object], good: bytes) -> None:
        for _ in range(ROUNDS):
            data = spoil(self.chance, good)
            with self.subTest(data=data.hex()):
                try:
                    function(data)
                except WireError:
                    pass

    def test_messages(self) -> None:
        for message in GOOD:
            self.survives(type(message).decode, message.encode())

    def test_what_is_read_is_written_alike(self) -> None:
        for message in GOOD:
            for _ in range(ROUNDS):
                try:
                    read = type(message).decode(spoil(self.chance, message.encode()))
                except WireError:
                    continue
                self.assertEqual(type(message).decode(read.encode()), read)

    def test_certificates_and_tokens(self) -> None:
        self.survives(lambda data: Certificate.verified(data, AUTHORITY.public), certificate("w", KeyPair.of(b"k" * 32)))
        token = Token(id=bytes(16), secret=bytes(32), authority=bytes(32), endpoints=("h:1",))
        self.survives(lambda data: Token.parse(data.decode("latin-1")), token.text.encode())

    def test_sequences(self) -> None:
        self.survives(messages.SequenceReader().feed, messages.sequence([RECORD, RECORD]))

    def test_handshakes(self) -> None:
        for _ in range(300):
            responder = Responder(local("b"), KeyPair.of(self.chance.randbytes(32)), {}.get)
            with self.assertRaises(WireError):
                responder.receive(b"WMSH\1\1" + self.chance.randbytes(9000), NOW)

    def test_links(self) -> None:
        """Frames that are likely to matter, in any order; the owner answers what it is asked."""
        payloads = [b"", bytes(2), bytes(4), bytes(6), bytes(8), b"\xff" * 8, (2000).to_bytes(8, "big"), compress(b"ab" * 400) or b""]
        payloads += map(Message.encode, GOOD)
        kinds = [*Type, 0x11, 0x12]
        for _ in range(ROUNDS):
            link = Link(initiator=self.chance.random() < 0.5, local=parameters(), remote=parameters())
            mine = [link.open(Head(service="s")) for _ in range(2)]
            for number in mine:
                link.write(number, bytes(2000), end=True)
            try:
                for now in range(40):
                    flags = self.chance.choice([0, 0, 0, END, LZ4, 9])
                    frame = Frame(self.chance.choice(kinds), self.chance.randrange(8), self.chance.choice(payloads), flags)
                    for event in link.receive(frame.encode(), now):
                        if isinstance(event, Began) and event.stream not in mine:
                            link.answer(event.stream, Head(status=200))
                            link.write(event.stream, bytes(3000), end=True)
                            link.release(event.stream)
                    for record in link.outgoing():
                        self.assertLessEqual(len(record), 65519)
            except WireError:
                pass


if __name__ == "__main__":
    unittest.main()
