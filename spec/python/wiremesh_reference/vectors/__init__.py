"""Test vectors: every output, and every error by its name, from the inputs alone.

A kind is a function whose parameters are the fields of `input` and whose result is `output`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import WireError
from . import ciphers, datagrams, links, people, schema, values
from .ciphers import JSON, Unavailable
from .schema import Malformed as Malformed

KINDS: dict[str, Callable[..., JSON]] = {
    "noise": ciphers.noise, "record-seal": ciphers.record_seal, "record-open": ciphers.record_open, "mac1": ciphers.mac1,
    "tlv": values.tlv, "head": values.head, "message": values.message, "sequence": values.sequence, "frames": values.frames,
    "lz4": values.lz4, "error-code": values.error_code, "duration": values.duration, "ids": people.ids, "certificate-issue": people.certificate_issue,
    "certificate": people.certificate, "enrolment-signature": people.enrolment_signature, "enrolment-verify": people.enrolment_verify,
    "token": people.token, "token-text": people.token_text, "link": links.link, "stream": links.stream, **datagrams.KINDS,
}


@dataclass
class Report:
    """What came of vectors."""

    passed: int = 0
    complaints: list[str] = field(default_factory=list)
    skipped: int = 0  # that need AES, which libsodium does not have on this processor

    def __str__(self) -> str:
        skipped = [f"{self.skipped} skipped: libsodium has no AES on this processor"] if self.skipped else []
        return ", ".join([f"{self.passed} passed", f"{len(self.complaints)} failed", *skipped])

    @property
    def code(self) -> int:
        """For a program: 0 where all passed, 1 where one failed, 127 where all were skipped."""
        return 1 if self.complaints else 0 if self.passed else 127


def recompute(vector: JSON, kind: Callable[..., JSON]) -> JSON:
    """A vector with its result made anew."""
    again = {name: vector[name] for name in ("id", "clauses", "description", "input")}
    try:
        return again | {"output": kind(**vector["input"])}
    except WireError as error:
        return again | {"error": error.fault.value}


def files(path: Path) -> list[Path]:
    """A file, or those of a folder."""
    return sorted(file for file in path.glob("*.json") if file.name != "schema.json") if path.is_dir() else [path]


def regenerate(path: Path) -> Report:
    """Write a file or all files of a folder anew, from their inputs."""
    return _walk(path, write=True)


def check(path: Path) -> Report:
    """Compare each vector of a file or folder with what comes out here. Raises Malformed for a file that is not one of vectors."""
    return _walk(path, write=False)


def _walk(path: Path, *, write: bool) -> Report:
    report = Report()
    found = files(path)
    if not found:
        raise Malformed(f"{path} has no files of vectors")
    for file in found:
        text = file.read_text()
        content = schema.read(str(file), text)
        fresh = []
        for vector in content["vectors"]:
            try:
                fresh.append(recompute(vector, KINDS[content["kind"]]))
            except Unavailable:
                fresh.append(vector)
                report.skipped += 1
                continue
            except (ValueError, KeyError, TypeError, IndexError, AssertionError) as error:
                fresh.append(vector)
                report.complaints.append(f"{_place(file, text, vector)}: {type(error).__name__}: {error}")
                continue
            if fresh[-1] == vector or write:
                report.passed += 1
            else:
                report.complaints.append(f"{_place(file, text, vector)}: {_result(fresh[-1])} instead of {_result(vector)}")
        again = json.dumps({"description": content["description"], "kind": content["kind"], "vectors": fresh}, indent=2) + "\n"
        if write:
            file.write_text(again)
        elif again != text and fresh == content["vectors"]:
            report.complaints.append(f"{file}: the file is not in its one form")
    return report


def _place(file: Path, text: str, vector: JSON) -> str:
    mark = f'"id": {json.dumps(vector["id"])}'
    return f"{file}:{text[: text.find(mark)].count(chr(10)) + 1}: {mark}"


def _result(vector: JSON) -> str:
    return str(vector.get("error") or json.dumps(vector.get("output")))[:300]
