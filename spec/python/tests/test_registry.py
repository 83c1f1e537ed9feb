"""The numbers of this implementation, which were typed from the text, against registry.json."""

import dataclasses
import json
import re
import unittest
from pathlib import Path
from typing import Any

from wiremesh_reference import errors, frames, handshake, head, identity, limits, messages, noise, records, tlv, tokens

REGISTRY: dict[str, Any] = json.loads((Path(__file__).parents[2] / "registry.json").read_text())
CLASSES: dict[str, type[tlv.Message]] = {
    "HandshakePayload": handshake.Payload, "LinkParameters": handshake.Parameters, "JoinToken": tokens.Token, "Head": head.Head,
    "Certificate": identity.Certificate,
}
ELSEWHERE = {  # limits that are no constant of limits.py
    "recordPlaintext": records.MAX_PLAINTEXT, "mac1": handshake.MAC1, "tag": noise.TAG, "frameHeader": frames.HEADER.size,
    "idempotencyKey": limits.NAME, "traceParent": limits.NAME, "streamIDSoftEnd": limits.LAST_STREAM,
}


def snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("ID", "_id").replace("__", "_").lower()


class Registry(unittest.TestCase):
    def test_frames_and_flags(self) -> None:
        self.assertEqual({row["name"]: row["code"] for row in REGISTRY["frames"]}, {kind.name: kind.value for kind in frames.Type})
        ours = {"END": frames.END, "MORE": frames.MORE, "LZ4": frames.LZ4}
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["flags"]}, ours)
        for row in REGISTRY["flags"]:
            for kind in frames.Type:
                self.assertEqual(kind.name in row["frames"], bool(frames._FLAGS.get(kind, 0) & row["bit"]), (kind, row["name"]))

    def test_codes(self) -> None:
        named = {code.name.lower().replace("_", " "): code.value for code in errors.Code}
        self.assertEqual({row["name"]: row["code"] for row in REGISTRY["errors"]}, named)
        for row in REGISTRY["errors"]:
            self.assertEqual(errors.http_status(row["code"]), row["status"], row["name"])

    def test_faults(self) -> None:
        self.assertEqual({row["name"] for row in REGISTRY["vectorErrors"]}, {fault.value for fault in errors.Fault})

    def test_suites_and_patterns(self) -> None:
        self.assertEqual({row["code"]: row["noise"] for row in REGISTRY["suites"]}, {
            suite.number: f"25519_{suite.name}_SHA256" for suite in (noise.CHACHA, noise.AES)
        })
        self.assertEqual({row["code"]: row["noise"] for row in REGISTRY["patterns"]}, {
            number: pattern.name for number, pattern in handshake.PATTERNS.items()
        })

    def test_messages(self) -> None:
        for message in REGISTRY["messages"]:
            kind = CLASSES.get(message["name"]) or getattr(messages, message["name"])
            theirs = {(row["type"], snake(row["name"]), row.get("presence") == "optional") for row in message["fields"]}
            ours = {
                (field.number, name, default is not dataclasses.MISSING) for name, (field, default) in tlv.table(kind).items()
            }
            self.assertEqual(ours, theirs, message["name"])

    def test_bits_and_enums(self) -> None:
        roles = {"worker": identity.WORKER, "coordinator": identity.COORDINATOR, "relay": identity.RELAY, "client": identity.CLIENT}
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["bits"]["roles"]}, roles)
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["bits"]["features"]}, {"aes": identity.FEATURE_AES})
        enums = {name: {row["name"]: row["code"] for row in rows} for name, rows in REGISTRY["enums"].items()}
        self.assertEqual(enums["watchKind"], {"snapshot": messages.SNAPSHOT, "changed": messages.CHANGED, "removed": messages.REMOVED})
        self.assertEqual(sorted(enums["workerState"].values()), [1, 2, 3, 4, 5])
        self.assertEqual((enums["noticeKind"]["revoked"], enums["noticeKind"]["drain"]), (messages.REVOKED, messages.DRAIN_NOTICE))
        kinds = [messages._encode_capability(("k", value))[3] for value in (True, 1, 1.0, "", messages.JSONText(""))]
        self.assertEqual(kinds, [enums["capabilityKind"][name] for name in ("bool", "int", "double", "text", "json")])

    def test_limits(self) -> None:
        for row in REGISTRY["limits"]:
            ours = ELSEWHERE.get(row["name"], getattr(limits, snake(row["name"]).upper(), None))
            self.assertEqual(ours, row["value"], row["name"])

    def test_timers(self) -> None:
        timers = {row["name"]: row["value"] / 1000 for row in REGISTRY["timers"]}
        self.assertEqual(timers["handshakeTimeout"], limits.HANDSHAKE_TIME)
        self.assertEqual(timers["maximumDeadline"], limits.DEADLINE)
        self.assertEqual(timers["suspectAfter"], limits.SILENCE)
        self.assertEqual(timers["pingAfter"], limits.PING_INTERVAL)
        budget = {row["name"]: row["value"] for row in REGISTRY["defaults"]}
        self.assertEqual((budget["idleFrameBurst"], budget["idleFrameRate"]), (limits.IDLE_FRAME_BURST, limits.IDLE_FRAME_RATE))

    def test_strings(self) -> None:
        strings = {row["name"]: row["text"] for row in REGISTRY["strings"]}
        self.assertEqual(strings["magic"].encode(), handshake.MAGIC)
        self.assertEqual(strings["prologueName"].encode(), handshake.PROLOGUE)
        self.assertEqual(strings["tokenPrefix"], tokens.PREFIX)
        self.assertTrue(identity.domain("x").startswith(strings["domainPrefix"].encode()))


if __name__ == "__main__":
    unittest.main()
