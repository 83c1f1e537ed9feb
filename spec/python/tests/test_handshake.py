"""Handshakes and records, both sides in memory."""

import unittest
from dataclasses import replace

from wiremesh_reference import limits
from wiremesh_reference.errors import Fault, WireError
from wiremesh_reference.handshake import Expect, Initiator, Local, Responder
from wiremesh_reference.identity import COORDINATOR, WORKER, SigningKey, node_id
from wiremesh_reference.noise import CHACHA, SUITES, CipherState, KeyPair
from wiremesh_reference.records import Opener, Sealer

from support import AUTHORITY, NOW, certificate, handshake, local, parameters

A, B = KeyPair.of(b"1" * 32), KeyPair.of(b"2" * 32)
TOKEN = (b"t" * 16, b"s" * 32)


def initiator(who: Local | None = None, expect: Expect = Expect(), **options: object) -> Initiator:
    return Initiator(who or local("a"), A, expect, **options)  # type: ignore[arg-type]


def responder(who: Local | None = None) -> Responder:
    return Responder(who or local("b"), B, {TOKEN[0]: TOKEN[1]}.get)


class Handshakes(unittest.TestCase):
    def refused(self, fault: Fault, *arguments: object) -> None:
        with self.assertRaises(WireError) as caught:
            handshake(*arguments)  # type: ignore[arg-type]
        self.assertIs(caught.exception.fault, fault)

    def test_members(self) -> None:
        for suite in SUITES:
            one, two = handshake(initiator(suite=suite), responder())
            self.assertEqual((one.certificate.name, two.certificate.name), ("b", "a"))
            self.assertEqual(one.handshake_hash, two.handshake_hash)
            self.assertEqual(two.receive.decrypt(b"", one.send.encrypt(b"", b"hello")), b"hello")
            self.assertEqual(one.receive.decrypt(b"", two.send.encrypt(b"", b"there")), b"there")

    def test_enrolment(self) -> None:
        joiner = Local(authority=AUTHORITY.public, static=KeyPair.of(b"j" * 32), parameters=parameters())
        one, two = handshake(initiator(joiner, token=TOKEN), responder())
        self.assertIsNone(two.certificate)
        self.assertEqual(one.handshake_hash, two.handshake_hash)
        self.refused(Fault.AUTHENTICATION, initiator(joiner, token=(TOKEN[0], b"?" * 32)), responder())
        self.refused(Fault.AUTHENTICATION, initiator(joiner, token=(b"?" * 16, TOKEN[1])), responder())
        self.refused(Fault.BAD_PREFACE, initiator(joiner, token=TOKEN, suite=2), responder())

    def test_a_member_without_a_certificate(self) -> None:
        bare = replace(local("a"), certificate=None)
        for one, two in ((bare, None), (None, bare)):
            with self.assertRaises(WireError) as caught:
                handshake(initiator(one), responder(two))
            self.assertIs(caught.exception.fault, Fault.NO_CERTIFICATE)
        silent = initiator()
        silent.local = bare
        self.refused(Fault.AUTHENTICATION, silent, responder())

    def test_every_changed_byte_is_refused(self) -> None:
        for message, length in ((1, len(initiator().receive(b"", NOW))), (2, 340), (3, 340)):
            for position in set(range(length)) - {8, 9}:  # a greater length of message 1 only waits for more
                def spoil(number: int, data: bytes) -> bytes:
                    at = min(position, len(data) - 1) if message == 1 else 2 + position % (len(data) - 2)
                    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :] if number == message else data

                with self.assertRaises(WireError):
                    handshake(initiator(), responder(), spoil)

    def test_whom_it_meant(self) -> None:
        other = node_id(SigningKey(b"x" * 32).public, b"s" * 16)
        self.refused(Fault.WRONG_PEER, initiator(expect=Expect(node_id=other)), responder())
        self.refused(Fault.WRONG_PEER, initiator(expect=Expect(role=COORDINATOR)), responder())
        handshake(initiator(expect=Expect(role=WORKER)), responder())

    def test_certificates_of_the_other_side(self) -> None:
        self.refused(Fault.CERTIFICATE_EXPIRED, initiator(), responder(local("b", expires=NOW)))
        handshake(initiator(local("a", expires=NOW)), responder())  # the responder's owner says that with GOAWAY
        stolen = Local(
            authority=AUTHORITY.public, static=KeyPair.of(b"x" * 32), parameters=parameters(),
            certificate=certificate("b", KeyPair.of(b"y" * 32)),
        )
        self.refused(Fault.AUTHENTICATION, initiator(), responder(stolen))
        self.refused(Fault.AUTHENTICATION, initiator(stolen), responder())

    def test_another_mesh(self) -> None:
        foreign = replace(local("a"), authority=SigningKey(b"z" * 32).public)
        self.refused(Fault.AUTHENTICATION, initiator(foreign), responder())

    def test_points_of_small_order(self) -> None:
        with self.assertRaises(WireError) as caught:
            A.agree(bytes(32))
        self.assertIs(caught.exception.fault, Fault.AUTHENTICATION)


class Records(unittest.TestCase):
    def pair(self) -> tuple[Sealer, Opener]:
        return Sealer(CipherState(CHACHA, b"k" * 32)), Opener(CipherState(CHACHA, b"k" * 32))

    def test_in_any_pieces(self) -> None:
        sealer, opener = self.pair()
        stream = b"".join(sealer.seal(bytes([i]) * i) for i in range(1, 20))
        got = [plaintext for byte in stream for plaintext in opener.feed(bytes([byte]))]
        self.assertEqual(got, [bytes([i]) * i for i in range(1, 20)])

    def test_a_failure_uses_no_nonce(self) -> None:
        sealer, opener = self.pair()
        record = sealer.seal(b"x")
        with self.assertRaises(WireError):
            opener.open(record[2:-1] + bytes([record[-1] ^ 1]))
        self.assertEqual(opener.open(record[2:]), b"x")

    def test_rekey(self) -> None:
        sealer, opener = self.pair()
        usual, limits.REKEY_INTERVAL = limits.REKEY_INTERVAL, 3
        try:
            keys = set()
            for i in range(10):
                self.assertEqual(opener.feed(sealer.seal(bytes([i]))), [bytes([i])])
                keys.add(sealer.cipher.key)
        finally:
            limits.REKEY_INTERVAL = usual
        self.assertEqual(len(keys), 4)
        self.assertEqual(sealer.cipher.nonce, 10)

    def test_nonces_end(self) -> None:
        cipher = CipherState(CHACHA, b"k" * 32)
        cipher.nonce = 2**64 - 2
        cipher.encrypt(b"", b"")
        with self.assertRaises(WireError) as caught:
            cipher.encrypt(b"", b"")
        self.assertIs(caught.exception.fault, Fault.EXHAUSTED)


if __name__ == "__main__":
    unittest.main()
