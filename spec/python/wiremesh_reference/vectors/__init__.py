"""Test vectors: every output, and every error by its name, from the inputs alone.

A kind is a function whose parameters are the fields of `input` and whose result is `output`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ..errors import WireError
from . import ciphers, datagrams, links, people, values
from .ciphers import JSON, Unavailable

KINDS: dict[str, Callable[..., JSON]] = {
    "noise": ciphers.noise, "record-seal": ciphers.record_seal, "record-open": ciphers.record_open, "mac1": ciphers.mac1,
    "tlv": values.tlv, "head": values.head, "message": values.message, "sequence": values.sequence, "frames": values.frames,
    "lz4": values.lz4, "error-code": values.error_code, "duration": values.duration, "ids": people.ids, "certificate-issue": people.certificate_issue,
    "certificate": people.certificate, "enrolment-signature": people.enrolment_signature, "enrolment-verify": people.enrolment_verify,
    "token": people.token, "token-text": people.token_text, "link": links.link, "stream": links.stream, **datagrams.KINDS,
}


def recompute(vector: JSON, kind: Callable[..., JSON]) -> JSON:
    """A vector with its result made anew."""
    again = {name: vector[name] for name in ("id", "clauses", "description", "input")}
    if vector.keys() - again.keys() not in ({"output"}, {"error"}):
        raise ValueError("fields that a vector does not have")
    try:
        return again | {"output": kind(**vector["input"])}
    except WireError as error:
        return again | {"error": error.fault.value}
    except Unavailable:
        return vector


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.json") if file.name != "schema.json")


def regenerate(folder: Path) -> tuple[int, list[str]]:
    """Write all files of a folder anew, from their inputs; how many vectors there are, and what went wrong."""
    return _walk(folder, write=True)


def check(folder: Path) -> tuple[int, list[str]]:
    """Compare each vector of a folder with what comes out here; how many there are, and what differs."""
    return _walk(folder, write=False)


def _walk(folder: Path, *, write: bool) -> tuple[int, list[str]]:
    count, complaints = 0, []
    for file in files(folder):
        text = file.read_text()
        try:
            content = json.loads(text)
            kind = KINDS[content["kind"]]
        except (ValueError, KeyError, TypeError) as error:
            complaints.append(f"{file}: {type(error).__name__}: {error}")
            continue
        if content.keys() != {"description", "kind", "vectors"}:
            complaints.append(f"{file}:1: fields that a file does not have")
            continue
        fresh = []
        for vector in content["vectors"]:
            count += 1
            try:
                fresh.append(recompute(vector, kind))
            except (ValueError, KeyError, TypeError, AssertionError) as error:
                fresh.append(vector)
                complaints.append(f"{_place(file, text, vector)}: {type(error).__name__}: {error}")
                continue
            if fresh[-1] != vector and not write:
                complaints.append(f"{_place(file, text, vector)}: {_result(fresh[-1])} instead of {_result(vector)}")
        again = json.dumps({"description": content["description"], "kind": content["kind"], "vectors": fresh}, indent=2) + "\n"
        if write:
            file.write_text(again)
        elif again != text and fresh == content["vectors"]:
            complaints.append(f"{file}: the file is not in its one form")
    return count, complaints


def _place(file: Path, text: str, vector: JSON) -> str:
    mark = f'"id": {json.dumps(vector.get("id"))}' if isinstance(vector, dict) else "vectors"
    return f"{file}:{text[: text.find(mark)].count(chr(10)) + 1}: {mark}"


def _result(vector: JSON) -> str:
    return str(vector.get("error") or json.dumps(vector.get("output")))[:300]
