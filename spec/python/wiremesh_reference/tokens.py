"""Join tokens: what a machine needs to be admitted, as one word of text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Annotated

from . import limits
from .errors import Fault, WireError
from .identity import domain
from .tlv import ENDPOINT, Field, Message, fixed, listed

PREFIX = "wmj1_"
CHECK = 4


@dataclass(frozen=True, kw_only=True)
class Token(Message):
    """A join token."""

    id: Annotated[bytes, Field(2, fixed(16))]
    secret: Annotated[bytes, Field(4, fixed(32))] = field(repr=False)  # SEC-4.1
    authority: Annotated[bytes, Field(6, fixed(32))]
    endpoints: Annotated[tuple[str, ...], Field(8, listed(ENDPOINT, limits.ENDPOINTS))] = ()

    @property
    def text(self) -> str:
        stream = self.encode()
        return PREFIX + _text(stream + _check(stream))

    @classmethod
    def parse(cls, word: str) -> Token:
        word = word.strip(" \t\n\v\f\r")  # TOKEN-1.1
        if not word.startswith(PREFIX):  # TOKEN-1.2
            raise WireError(Fault.NOT_A_TOKEN, f"a token begins with {PREFIX}")
        digits = word[len(PREFIX) :]
        if len(word) > limits.TOKEN or not re.fullmatch("[A-Za-z0-9_-]*", digits, re.ASCII) or len(digits) % 4 == 1:  # TOKEN-1.3
            raise WireError(Fault.MISTYPED_TOKEN, "the token is too long, cut off, or has a character that no token has")
        raw = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
        stream, check = raw[:-CHECK], raw[-CHECK:]
        if _text(raw) != digits or not stream or _check(stream) != check:  # TOKEN-1.3, TOKEN-1.4
            raise WireError(Fault.MISTYPED_TOKEN, "the token's check does not fit: a character is wrong or missing")
        return cls.decode(stream)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _check(stream: bytes) -> bytes:
    return hashlib.sha256(domain("join token") + stream).digest()[:CHECK]
