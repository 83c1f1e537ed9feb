"""A node: its keys, its certificate, and the file that holds them."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from . import limits
from .connection import Connection, dial
from .errors import CallError, Code, WireError
from .handshake import Expect, Local, Parameters, local_features
from .head import Head
from .identity import COORDINATOR, Certificate, SigningKey, domain
from .messages import EnrolAnswer, EnrolRequest, RenewRequest
from .noise import KeyPair
from .tlv import NAME
from .tokens import Token


@dataclass(frozen=True)
class Node:
    """A member of a mesh."""

    authority: bytes
    identity_seed: bytes = field(repr=False)  # SEC-4.1
    static_secret: bytes = field(repr=False)
    certificate: bytes
    coordinators: tuple[str, ...]
    boot_epoch: int

    @property
    def certified(self) -> Certificate:
        return Certificate.verified(self.certificate, self.authority)

    @property
    def local(self) -> Local:
        """What it brings to a handshake."""
        return Local(
            authority=self.authority, static=KeyPair.of(self.static_secret), parameters=Parameters.usual(self.boot_epoch),
            certificate=self.certificate,
        )

    def save(self, file: Path) -> None:
        """Write the file, readable by its owner only; a crash leaves the old one or the new one."""  # SEC-4.2
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        values = {key: value.hex() if isinstance(value, bytes) else value for key, value in asdict(self).items()}
        fresh = file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(values, out, indent=2)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)

    @classmethod
    def load(cls, file: Path) -> Node:
        """Read the file, and begin a new boot epoch."""
        raw = json.loads(file.read_text())
        node = cls(
            authority=bytes.fromhex(raw["authority"]), identity_seed=bytes.fromhex(raw["identity_seed"]),
            static_secret=bytes.fromhex(raw["static_secret"]), certificate=bytes.fromhex(raw["certificate"]),
            coordinators=tuple(raw["coordinators"]), boot_epoch=next_epoch(int(raw["boot_epoch"])),
        )
        node.save(file)
        return node


def next_epoch(previous: int) -> int:
    """The boot epoch of the next start: a count of starts, and chance, which tells copies of a node apart."""  # ID-8.3
    return ((previous >> 32) + 1) << 32 | secrets.randbits(32)


async def refuse(call: object) -> None:
    """The handler of a side that serves nothing."""
    raise CallError(Code.NOT_FOUND, "this node serves nothing")


async def ask(connection: Connection, method: str, body: bytes = b"", timeout: float = 10) -> bytes:
    """A call of the mesh itself with one message each way."""
    async with connection.open(Head(method=method, deadline=int(timeout * 1000)), end=not body) as call:
        if body:
            await call.write(body, end=True)
        await call.answer_head()
        return await call.read(limits.MESSAGE)


async def enrol(join: str, name: str, roles: int) -> Node:
    """Join a mesh with a token: the first endpoint that answers admits or refuses."""  # TOKEN-3.1
    token, seed, static = Token.parse(join), os.urandom(32), KeyPair.of(os.urandom(32))  # SEC-4.3
    NAME.encode(name)
    epoch = next_epoch(0)
    local = Local(authority=token.authority, static=static, parameters=Parameters.usual(epoch))
    failure = CallError(Code.UNREACHABLE, "the token names no coordinator")
    for endpoint in token.endpoints:
        try:
            link = await dial(endpoint, local, Expect(role=COORDINATOR), refuse, token=(token.id, token.secret))
        except CallError as error:  # TOKEN-5.2
            hint = "a mistyped or unknown token, no coordinator at that address, or something between"
            failure = CallError(error.code, f"{error.reason} ({hint})")
            continue
        try:
            identity = SigningKey(seed)
            request = EnrolRequest(
                name=name, identity_key=identity.public, features=local_features(), roles=roles,
                signature=identity.sign(domain("enrolment") + link.handshake_hash + name.encode()),
            )
            answer = EnrolAnswer.decode(await ask(link, "mesh.enrol", request.encode()))
        finally:
            await link.close()
        _check_own(answer.certificate, token.authority, identity.public, static.public)
        return Node(token.authority, seed, static.secret, answer.certificate, answer.coordinators or token.endpoints, epoch)
    raise failure


async def renew(node: Node, link: Connection) -> Node:
    """A node with a new certificate."""
    answer = EnrolAnswer.decode(await ask(link, "mesh.renew", RenewRequest(features=local_features()).encode()))
    own = node.certified
    _check_own(answer.certificate, node.authority, own.identity_key, own.static_key)
    return replace(node, certificate=answer.certificate, coordinators=answer.coordinators or node.coordinators)


def _check_own(certificate: bytes, authority: bytes, identity: bytes, static: bytes) -> None:  # TOKEN-5.1
    try:
        own = Certificate.verified(certificate, authority)
    except WireError as error:
        raise CallError(Code.AUTHENTICATION, f"the coordinator gave a certificate that is not good: {error}") from None
    if (own.identity_key, own.static_key) != (identity, static):
        raise CallError(Code.AUTHENTICATION, "the coordinator gave a certificate for other keys")


def default_file(name: str) -> Path:
    """Where a node of this name keeps its identity unless told otherwise."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "wiremesh" / f"{name}.json"
