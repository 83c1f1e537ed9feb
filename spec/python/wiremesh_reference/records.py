"""Records: whole frames, sealed one after the other with the ciphers of the handshake."""

from __future__ import annotations

import struct

from . import limits
from .errors import Fault, WireError
from .noise import TAG, CipherState

MAX_PLAINTEXT = limits.RECORD_CIPHERTEXT - TAG


class Sealer:
    """The sender's direction."""

    def __init__(self, cipher: CipherState) -> None:
        self.cipher = cipher

    def seal(self, plaintext: bytes) -> bytes:
        if len(plaintext) > MAX_PLAINTEXT:
            raise WireError(Fault.OVERSIZED, "a record has more than 65,519 bytes of frames")
        sealed = self.cipher.encrypt(b"", plaintext)  # REC-2.1
        if self.cipher.nonce % limits.REKEY_INTERVAL == 0:  # REC-3.1, REC-3.2
            self.cipher.rekey()
        return struct.pack(">H", len(sealed)) + sealed


class Opener:
    """The receiver's direction. After an error it is of no more use: the shell closes the connection."""  # REC-4.1

    def __init__(self, cipher: CipherState) -> None:
        self.cipher, self.buffer = cipher, bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The plaintexts of the records that are whole now."""  # REC-1.5
        self.buffer += data
        opened, offset = [], 0
        while len(self.buffer) - offset >= 2:
            length = int.from_bytes(self.buffer[offset : offset + 2], "big")
            if length <= TAG:  # REC-4.2
                raise WireError(Fault.AUTHENTICATION, "a record without a frame")
            if len(self.buffer) - offset - 2 < length:
                break
            opened.append(self.open(bytes(self.buffer[offset + 2 : offset + 2 + length])))
            offset += 2 + length
        del self.buffer[:offset]
        return opened

    def open(self, ciphertext: bytes) -> bytes:
        if len(ciphertext) < TAG:  # REC-4.2
            raise WireError(Fault.AUTHENTICATION, "a record that is shorter than its tag")
        plaintext = self.cipher.decrypt(b"", ciphertext)
        if self.cipher.nonce % limits.REKEY_INTERVAL == 0:  # REC-3.1, REC-3.2
            self.cipher.rekey()
        return plaintext
