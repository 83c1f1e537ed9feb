"""What the tests share: a mesh in memory, a pair of links, a live coordinator."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from wiremesh_reference.handshake import Established, Initiator, Local, Parameters, Responder
from wiremesh_reference.identity import WORKER, Certificate, SigningKey, mesh_id, node_id, sign_certificate
from wiremesh_reference.link import Event, Link, MayOpen
from wiremesh_reference.noise import KeyPair

NOW = 1_800_000_000
AUTHORITY = SigningKey(b"a" * 32)
BINARY = os.environ.get("WIREMESH", "")
PATIENCE = 120  # seconds; what takes longer, on however busy a machine, does not come


def parameters(**changes: int) -> Parameters:
    values = {"boot_epoch": 1, "stream_window": 1000, "link_window": 4000, "max_streams": 4, "features": 0}
    return Parameters(**{**values, **changes})


def certificate(name: str, static: KeyPair, *, authority: SigningKey = AUTHORITY, expires: int = NOW + 86400, roles: int = WORKER) -> bytes:
    identity, salt = SigningKey(name.encode().ljust(32, b".")), b"s" * 16
    return sign_certificate(
        Certificate(
            mesh_id=mesh_id(authority.public), node_id=node_id(identity.public, salt), name=name, roles=roles,
            identity_key=identity.public, static_key=static.public, salt=salt, serial=1, issued_at=NOW, expires=expires,
            features=0, signature=bytes(64),
        ),
        authority,
    )


def local(name: str, **changes: int) -> Local:
    static = KeyPair.of(name.encode().ljust(32, b"-"))
    return Local(
        authority=AUTHORITY.public, static=static, parameters=parameters(),
        certificate=certificate(name, static, roles=changes.pop("roles", WORKER), **changes),
    )


def handshake(
    initiator: Initiator, responder: Responder, change: Callable[[int, bytes], bytes] = lambda _, data: data
) -> tuple[Established | None, Established | None]:
    """Run a handshake in memory; `change` may spoil message 1, 2 or 3."""
    message1 = change(1, initiator.receive(b"", NOW))
    message2 = change(2, responder.receive(message1, NOW))
    message3 = change(3, initiator.receive(message2, NOW))
    assert not responder.receive(message3, NOW)
    return initiator.established, responder.established


class Pair:
    """Two links that are connected; pump() carries everything and returns what each side was told."""

    def __init__(self, **changes: int) -> None:
        usual = parameters(**changes)
        self.a, self.b = Link(initiator=True, local=usual, remote=usual), Link(initiator=False, local=usual, remote=usual)
        self.now = 0.0

    def pump(self) -> tuple[list[Event], list[Event]]:
        at_a: list[Event] = []
        at_b: list[Event] = []
        moved = True
        while moved:
            moved = False
            for source, sink, events in ((self.a, self.b, at_b), (self.b, self.a, at_a)):
                for record in source.outgoing():
                    events.extend(event for event in sink.receive(record, self.now) if not isinstance(event, MayOpen))
                    moved = True
        return at_a, at_b


class Mesh:
    """A live coordinator in a folder of its own."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.processes: list[subprocess.Popen[str]] = []
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        data = str(self.path("c"))
        lines = self.start("coordinator", "--data", data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
        self.wire, self.http = find(lines, r"wire=(\S+)"), find(lines, r"http=(\S+)")
        create = [BINARY, "token", "create", "--data", data, "--uses", "1000"]
        self.token = subprocess.run(create, check=True, capture_output=True, text=True).stdout.strip()

    def path(self, name: str) -> Path:
        """A file or folder in the folder of this mesh."""
        return Path(self.folder.name) / name

    def start(self, *arguments: str, until: int = 2) -> Path:
        """Start a program of ours; returns its log once that names both listening addresses."""
        log = self.path(f"{len(self.processes)}.log")
        with log.open("w") as out:
            quiet = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
            process = subprocess.Popen([BINARY, *arguments], stdout=out, stderr=out, text=True, env=quiet)
        self.processes.append(process)
        end = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < end:
            if log.read_text().count("listening") >= until:
                return log
            time.sleep(0.05)
        raise RuntimeError(f"{arguments} exited with {process.poll()}: {log.read_text()}")

    def worker(self, name: str, *services: str, advertise: str = "") -> str:
        """A worker of the program under test; returns its HTTP address."""
        more = ["--advertise", advertise] if advertise else []
        options = [part for service in services for part in ("--service", service)]
        lines = self.start(
            "worker", "--data", str(self.path(name)), "--join", self.token, "--name", name, *options,
            "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", *more,
        )
        return find(lines, r"http=(\S+)")

    def close(self) -> None:
        """End all processes, the coordinator last."""
        try:
            for process in reversed(self.processes):
                process.terminate()
                process.wait(PATIENCE)
        finally:
            for process in self.processes:
                process.kill()
                process.wait()
            self.folder.cleanup()


def find(log: Path, pattern: str) -> str:
    match = re.search(pattern, log.read_text())
    assert match, log.read_text()
    return match[1]


async def curl(*arguments: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec("curl", "-sN", "--max-time", str(PATIENCE), *arguments, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    return process.returncode or 0, out
