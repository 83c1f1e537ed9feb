"""Join tokens: what a machine needs to be admitted, as one word of text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .identity import domain
from .tlv import ENDPOINT, Field, Message, fixed, listed

PREFIX = "wmj1_"
CHECK = 4


@dataclass(frozen=True, kw_only=True)
class Token(Message):
    """A join token."""  # ID-3.1

    id: Annotated[bytes, Field(2, fixed(16))]
    secret: Annotated[bytes, Field(4, fixed(32))]
    authority: Annotated[bytes, Field(6, fixed(32))]
    endpoints: Annotated[tuple[str, ...], Field(8, listed(ENDPOINT, limits.ENDPOINTS))]

    @property
    def text(self) -> str:
        stream = self.encode()
        return PREFIX + base64.urlsafe_b64encode(stream + _check(stream)).decode().rstrip("=")

    @classmethod
    def parse(cls, word: str) -> Token:
        if len(word) > limits.TOKEN:
            raise WireError(Fault.NOT_A_TOKEN, "a token has more than 4,096 characters")
        if not re.fullmatch(PREFIX + "[A-Za-z0-9_-]*", word):
            raise WireError(Fault.NOT_A_TOKEN, f"a token begins with {PREFIX} and goes on in base64url")
        digits = word[len(PREFIX) :]
        try:
            raw = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
        except binascii.Error:
            raise WireError(Fault.NOT_A_TOKEN, "the token is cut off") from None
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != digits:
            raise WireError(Fault.NOT_A_TOKEN, "the token's last character is not canonical")
        stream, check = raw[:-CHECK], raw[-CHECK:]
        if len(raw) < CHECK or _check(stream) != check:
            raise WireError(Fault.MISTYPED_TOKEN, "the token's check does not fit: a character is wrong or missing")
        return cls.decode(stream)


def _check(stream: bytes) -> bytes:
    return hashlib.sha256(domain("join token") + stream).digest()[:CHECK]
