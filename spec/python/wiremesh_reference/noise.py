"""The Noise protocol framework, revision 34, as far as the mesh uses it: XX, XXpsk3 and IK over 25519 and SHA256."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import CryptoError, UnavailableError

from .errors import Fault, WireError

TAG = 16
KEY = 32
LAST_NONCE = 2**64 - 1  # reserved for rekey


@dataclass(frozen=True)
class Suite:
    """An AEAD under its name in Noise; `big` says how it writes its nonce."""

    number: int
    name: str
    big: bool
    seal: Callable[[bytes, bytes, bytes, bytes], bytes]
    open: Callable[[bytes, bytes, bytes, bytes], bytes]

    def nonce(self, n: int) -> bytes:
        return bytes(4) + n.to_bytes(8, "big" if self.big else "little")


CHACHA = Suite(
    1, "ChaChaPoly", False,
    bindings.crypto_aead_chacha20poly1305_ietf_encrypt, bindings.crypto_aead_chacha20poly1305_ietf_decrypt,
)
AES = Suite(2, "AESGCM", True, bindings.crypto_aead_aes256gcm_encrypt, bindings.crypto_aead_aes256gcm_decrypt)


def available_suites() -> dict[int, Suite]:
    """The suites that this machine can run: AES-GCM only where the processor has it."""
    suites = {1: CHACHA}
    try:
        AES.seal(b"", b"", bytes(12), bytes(KEY))
        suites[2] = AES
    except (UnavailableError, CryptoError, RuntimeError):
        pass
    return suites


SUITES = available_suites()


class CipherState:
    """A key and a nonce. The nonce of a message that does not open is not used up."""

    def __init__(self, suite: Suite, key: bytes | None) -> None:
        self.suite, self.key, self.nonce = suite, key, 0

    def encrypt(self, ad: bytes, plaintext: bytes) -> bytes:
        if self.key is None:
            return plaintext
        if self.nonce >= LAST_NONCE:  # REC-2.2
            raise WireError(Fault.EXHAUSTED, "the nonces of a key are used up")
        sealed = self.suite.seal(plaintext, ad, self.suite.nonce(self.nonce), self.key)
        self.nonce += 1  # REC-2.3
        return sealed

    def decrypt(self, ad: bytes, ciphertext: bytes) -> bytes:
        if self.key is None:
            return ciphertext
        if self.nonce >= LAST_NONCE:
            raise WireError(Fault.EXHAUSTED, "the nonces of a key are used up")
        if len(ciphertext) < TAG:
            raise WireError(Fault.TRUNCATED, "a ciphertext is shorter than its tag")
        try:
            plaintext = self.suite.open(ciphertext, ad, self.suite.nonce(self.nonce), self.key)
        except CryptoError:
            raise WireError(Fault.AUTHENTICATION, "a ciphertext does not open") from None
        self.nonce += 1  # REC-4.3
        return plaintext

    def rekey(self) -> None:  # REC-3.1
        assert self.key is not None
        self.key = self.suite.seal(bytes(KEY), b"", self.suite.nonce(LAST_NONCE), self.key)[:KEY]


def hkdf(chaining_key: bytes, material: bytes, outputs: int) -> list[bytes]:
    secret = hmac.digest(chaining_key, material, "sha256")
    blocks: list[bytes] = []
    for i in range(outputs):
        blocks.append(hmac.digest(secret, (blocks[-1] if blocks else b"") + bytes([i + 1]), "sha256"))
    return blocks


class SymmetricState:
    """Chaining key, hash and cipher of a handshake."""

    def __init__(self, name: str, suite: Suite) -> None:
        raw = name.encode()
        self.h = raw.ljust(KEY, b"\0") if len(raw) <= KEY else hashlib.sha256(raw).digest()
        self.ck = self.h
        self.cipher = CipherState(suite, None)

    def mix_key(self, material: bytes) -> None:
        self.ck, key = hkdf(self.ck, material, 2)
        self.cipher = CipherState(self.cipher.suite, key)

    def mix_hash(self, data: bytes) -> None:
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key_and_hash(self, material: bytes) -> None:
        self.ck, digest, key = hkdf(self.ck, material, 3)
        self.mix_hash(digest)
        self.cipher = CipherState(self.cipher.suite, key)

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = self.cipher.encrypt(self.h, plaintext)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = self.cipher.decrypt(self.h, ciphertext)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple[CipherState, CipherState]:
        first, second = hkdf(self.ck, b"", 2)
        return CipherState(self.cipher.suite, first), CipherState(self.cipher.suite, second)


@dataclass(frozen=True)
class KeyPair:
    """An X25519 key pair."""

    secret: bytes = field(repr=False)  # SEC-4.1
    public: bytes

    @classmethod
    def of(cls, secret: bytes) -> KeyPair:
        return cls(secret, bindings.crypto_scalarmult_base(secret))

    def agree(self, public: bytes) -> bytes:
        try:
            return bindings.crypto_scalarmult(self.secret, public)
        except (RuntimeError, CryptoError):  # HS-3.3
            raise WireError(Fault.AUTHENTICATION, "a public key is a point of small order") from None


@dataclass(frozen=True)
class Pattern:
    """A handshake pattern: the tokens of each message in turn, the initiator's first."""

    name: str
    messages: tuple[str, ...]
    knows_responder: bool = False


XX = Pattern("XX", ("e", "e ee s es", "s se"))
XX_PSK3 = Pattern("XXpsk3", ("e", "e ee s es", "s se psk"))
IK = Pattern("IK", ("e es s ss", "e ee se"), knows_responder=True)


class HandshakeState:
    """One side of a handshake; write() and read() in the pattern's order, then split()."""

    def __init__(
        self, pattern: Pattern, suite: Suite, *, initiator: bool, prologue: bytes, static: KeyPair, ephemeral: KeyPair,
        remote_static: bytes | None = None, psk: bytes | None = None,
    ) -> None:
        self.name = f"Noise_{pattern.name}_25519_{suite.name}_SHA256"
        self.symmetric = SymmetricState(self.name, suite)
        self.pattern, self.initiator, self.static, self.ephemeral = pattern, initiator, static, ephemeral
        self.remote_static, self.psk = remote_static, psk
        self.remote_ephemeral: bytes | None = None
        self.turn = 0
        self.symmetric.mix_hash(prologue)
        if pattern.knows_responder:
            known = remote_static if initiator else static.public
            assert known is not None
            self.symmetric.mix_hash(known)

    @property
    def complete(self) -> bool:
        return self.turn == len(self.pattern.messages)

    def write(self, payload: bytes) -> bytes:
        out = b""
        for token in self.pattern.messages[self.turn].split():
            if token == "e":
                out += self.ephemeral.public
                self._mix_ephemeral(self.ephemeral.public)
            elif token == "s":
                out += self.symmetric.encrypt_and_hash(self.static.public)
            else:
                self._mix(token)
        self.turn += 1
        return out + self.symmetric.encrypt_and_hash(payload)

    def read(self, message: bytes) -> bytes:
        rest = message

        def take(count: int) -> bytes:
            nonlocal rest
            if len(rest) < count:
                raise WireError(Fault.TRUNCATED, "a handshake message is cut off")
            taken, rest = rest[:count], rest[count:]
            return taken

        for token in self.pattern.messages[self.turn].split():
            if token == "e":
                self.remote_ephemeral = take(KEY)
                self._mix_ephemeral(self.remote_ephemeral)
            elif token == "s":
                sealed = KEY + (TAG if self.symmetric.cipher.key is not None else 0)
                self.remote_static = self.symmetric.decrypt_and_hash(take(sealed))
            else:
                self._mix(token)
        self.turn += 1
        return self.symmetric.decrypt_and_hash(rest)

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers to send and to receive with."""
        first, second = self.symmetric.split()
        return (first, second) if self.initiator else (second, first)

    def _mix_ephemeral(self, public: bytes) -> None:
        self.symmetric.mix_hash(public)
        if "psk" in self.pattern.name:
            self.symmetric.mix_key(public)

    def _mix(self, token: str) -> None:
        if token == "psk":
            assert self.psk is not None
            self.symmetric.mix_key_and_hash(self.psk)
            return
        # "es" is the initiator's ephemeral key with the responder's static one.
        mine, theirs = (token[0], token[1]) if self.initiator else (token[1], token[0])
        public = self.remote_ephemeral if theirs == "e" else self.remote_static
        assert public is not None
        self.symmetric.mix_key((self.ephemeral if mine == "e" else self.static).agree(public))
