"""The numbers of this implementation, which were typed from the text, against registry.json."""

import dataclasses
import json
import re
import unittest
from pathlib import Path
from typing import Any

from probes import Probes
from wiremesh_reference import datagrams, dht, errors, frames, handshake, head, identity, limits, messages, noise, records, tlv, tokens

REGISTRY: dict[str, Any] = json.loads((Path(__file__).parents[2] / "registry.json").read_text())
CLASSES: dict[str, type[tlv.Message]] = {
    "HandshakePayload": handshake.Payload, "LinkParameters": handshake.Parameters, "JoinToken": tokens.Token, "Head": head.Head,
    "Certificate": identity.Certificate, "DatagramHello": datagrams.Hello, "DatagramWelcome": datagrams.Welcome,
}
ELSEWHERE = {  # limits that are no constant of limits.py
    "recordPlaintext": records.MAX_PLAINTEXT, "mac1": handshake.MAC1, "tag": noise.TAG, "frameHeader": frames.HEADER.size,
    "idempotencyKey": limits.NAME, "traceParent": limits.NAME, "streamIDSoftEnd": limits.LAST_STREAM,
    "datagram": datagrams.SIZE, "replayWindow": datagrams.WINDOW,
}

# The limit that each bound of a field repeats, by the field's name, and by message and field where fields of one name differ.
BOUNDS = {
    "method": "name", "service": "name", "worker": "name", "servedBy": "name", "requires": "name", "verb": "verb", "path": "headSize",
    "idempotencyKey": "idempotencyKey", "traceParent": "traceParent", "certificate": "certificate", "endpoints": "endpoints",
    "coordinators": "endpoints", "advertised": "endpoints", "tunnelURL": "url", "region": "region", "zone": "region",
    "capabilities": "capabilities", "services": "services", "records": "snapshotRecords", "text": "reason", "nodes": "noticeNodes",
    "relays": "relays", "contacts": "dhtContacts", "entries": "dhtContacts", "FindAnswer.entries": "dhtEntries",
    "split": "serviceSplit", "digests": "viewBuckets", "fingerprints": "viewFingerprints", "wanted": "viewFingerprints",
}
OWN = {  # bounds that stand in one place only: sizes of fixed values, every u8, pairs in a HEAD
    "preface": 8, "salt": 16, "id": 16, "secret": 32, "signature": 64, "majors": 256, "suites": 256, "fields": limits.HEAD_FIELDS,
    "bucket": limits.VIEW_BUCKETS - 1, "noted": 1,
    # What is left of a datagram beside its header, keys, tags and MACs.
    "request": datagrams.SIZE - 148, "padding": datagrams.SIZE - 148, "answer": datagrams.SIZE - 68,
}
MESSAGE_BOUNDS = {
    "Certificate": "certificate", "Head": "headSize", "Registration": "record", "WorkerRecord": "record", "WatchRequest": "record",
    "CircuitRequest": "circuitRequest", "ProviderEntry": "providerEntry", "DHTRequest": "dhtMessage", "DHTAnswer": "dhtMessage",
}
FRAME_BOUNDS = {"body": "data", "rawSize": "data", "ignored": "framePayload", "head": "headSize", "reason": "reason"}


# Messages that are kept as bytes, and read where they are needed.
OPAQUE = frozenset({"Certificate", "ProviderEntry"})


def class_of(name: str) -> type[tlv.Message]:
    """The class of a message of the registry."""
    found: type[tlv.Message] = CLASSES.get(name) or getattr(messages, name, None) or getattr(dht, name)
    return found


def snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("ID", "_id").replace("__", "_").lower()


# Defaults and timers, in seconds, that this implementation has as well.
CHOSEN = {
    "handshakeTimeout": limits.HANDSHAKE_TIME, "pingAfter": limits.PING_INTERVAL, "suspectAfter": limits.SILENCE,
    "maximumDeadline": limits.DEADLINE, "redial": limits.REDIAL, "streamWindow": limits.STREAM_WINDOW, "hops": limits.HOPS,
    "attempts": limits.ATTEMPTS, "idleFrameBurst": limits.IDLE_FRAME_BURST, "idleFrameRate": limits.IDLE_FRAME_RATE,
    "unauthenticated": limits.UNAUTHENTICATED, "unauthenticatedPerSource": limits.UNAUTHENTICATED_PER_SOURCE,
}
# What it chooses otherwise, as anybody may, or does not do: growing windows, forwarding for others, coordinators, relays, the DHT.
NOT_HERE = set("""
    linkWindow openStreams streamWindowMaximum linkWindowMaximum windowGrowth stalledAfter compressFrom replayBuffer dialTimeout
    defaultDeadline headStart directRetry directRetryMaximum coordinatorPort workerPort discoverSample removeAfter certificateLife
    dialBackInterval dialBackRetry staleAfterRestart circuitHeld circuitsPerMember circuits relayLinger replicas replicasAwaited
    providersPerKey entriesPerProvider entriesHeld fullView dhtSends initiationsPerAddress initiationsPerNetwork initiationRate
    initiationBurst initiationRatePerNetwork initiationBurstPerNetwork entryLifetime entryLifetimeMaximum entryRefresh splitRepair
    initiationRetry initiationTimeout initiationRefill networkRefill cookieLife sessionRenewal sessionLife sessionIdle challengeGap
    heldAnswerLife
""".split())


class Registry(unittest.TestCase):
    def test_frames_and_flags(self) -> None:
        self.assertEqual({row["name"]: row["code"] for row in REGISTRY["frames"]}, {kind.name: kind.value for kind in frames.Type})
        ours = {"END": frames.END, "MORE": frames.MORE, "LZ4": frames.LZ4}
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["flags"]}, ours)
        for row in REGISTRY["flags"]:
            for kind in frames.Type:
                self.assertEqual(kind.name in row["frames"], bool(frames._FLAGS.get(kind, 0) & row["bit"]), (kind, row["name"]))

    def test_datagrams(self) -> None:
        kinds = {"initiation": datagrams.INITIATION, "response": datagrams.RESPONSE, "cookie": datagrams.COOKIE, **datagrams.TYPES}
        self.assertEqual({row["name"]: row["code"] for row in REGISTRY["datagrams"]}, kinds)

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
            kind = class_of(message["name"])
            theirs = {(row["type"], snake(row["name"]), row.get("presence") == "optional") for row in message["fields"]}
            ours = {
                (field.number, name, default is not dataclasses.MISSING) for name, (field, default) in tlv.table(kind).items()
            }
            self.assertEqual(ours, theirs, message["name"])

    def test_codecs_keep_to_what_the_registry_says_of_each_field(self) -> None:
        """Encodings, bounds and presence: each message is read as it may be, at every edge, and not a step further."""
        probes, count = Probes(REGISTRY, OPAQUE), 0
        for message in REGISTRY["messages"]:
            name = message["name"]
            for data in probes.accepted(name):
                self.assertIsNone(self.fault(name, data), f"{name} {data[:400].hex()}")
            for data, fault in probes.refused(name):
                self.assertEqual(self.fault(name, data), fault, f"{name} {data[:400].hex()}")
                count += 1
        self.assertGreater(count, 1_000)

    def fault(self, name: str, data: bytes) -> str | None:
        """What is wrong with a message. What is right with it is written as it was read, except for fields that nobody knows."""
        try:
            message = class_of(name).decode(data)
        except errors.WireError as error:
            return error.fault.value
        if len(message.encode()) > len(data) // 2:  # not filled up
            self.assertEqual(message.encode(), data)
        return None

    def test_bits_and_enums(self) -> None:
        roles = {"worker": identity.WORKER, "coordinator": identity.COORDINATOR, "relay": identity.RELAY, "client": identity.CLIENT}
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["bits"]["roles"]}, roles)
        self.assertEqual({row["name"]: row["bit"] for row in REGISTRY["bits"]["features"]}, {"aes": identity.FEATURE_AES})
        enums = {name: {row["name"]: row["code"] for row in rows} for name, rows in REGISTRY["enums"].items()}
        self.assertEqual(enums["watchKind"], {"snapshot": messages.SNAPSHOT, "changed": messages.CHANGED, "removed": messages.REMOVED})
        self.assertEqual(sorted(enums["workerState"].values()), [1, 2, 3, 4, 5])
        self.assertEqual((enums["noticeKind"]["revoked"], enums["noticeKind"]["drain"]), (messages.REVOKED, messages.DRAIN_NOTICE))
        self.assertEqual(sorted(enums["dhtRefusal"].values()), [1, 2, 3, 4, 5])
        self.assertEqual(sorted(enums["storeOutcome"].values()), [1, 2, 3, 4])
        kinds = [messages._encode_capability(("k", value))[3] for value in (True, 1, 1.0, "", messages.JSONText(""))]
        self.assertEqual(kinds, [enums["capabilityKind"][name] for name in ("bool", "int", "double", "text", "json")])

    def test_limits(self) -> None:
        for row in REGISTRY["limits"]:
            ours = ELSEWHERE.get(row["name"], getattr(limits, snake(row["name"]).upper(), None))
            self.assertEqual(ours, row["value"], row["name"])

    def test_bounds_of_fields_are_limits(self) -> None:
        named = {row["name"]: row["value"] for row in REGISTRY["limits"]}
        used = set()
        for message in REGISTRY["messages"]:
            if "max" in message:
                self.assertEqual(message["max"], named[MESSAGE_BOUNDS[message["name"]]], message["name"])
            for field in (field for field in message["fields"] if "max" in field):
                name = field["name"]
                if f"{message['name']}.{name}" in BOUNDS:
                    name = f"{message['name']}.{name}"
                used.add(name)
                self.assertEqual(field["max"], named[BOUNDS[name]] if name in BOUNDS else OWN[name], (message["name"], name))
                self.assertIn(field.get("min"), (None, field["max"]), (message["name"], name))
        self.assertEqual(used, BOUNDS.keys() | OWN.keys())

    def test_bounds_of_frames_are_limits(self) -> None:
        named = {row["name"]: row["value"] for row in REGISTRY["limits"]}
        for frame in REGISTRY["frames"]:
            for part in frame["payload"] + frame.get("withLZ4", []):
                if part["name"] == "block":  # behind two bytes of raw size
                    self.assertEqual(part["max"], named["data"] - 2)
                elif "max" in part:
                    self.assertEqual(part["max"], named[FRAME_BOUNDS[part["name"]]], (frame["name"], part["name"]))
        self.assertEqual(named["recordPlaintext"], named["recordCiphertext"] - named["tag"])
        self.assertEqual(named["framePayload"], named["recordPlaintext"] - named["frameHeader"])

    def test_sizes_of_requests_are_limits(self) -> None:
        named = {row["name"]: row["value"] for row in REGISTRY["limits"]}
        others = {
            "mesh.enrol": "handshakeMessage", "mesh.renew": "handshakeMessage", "mesh.watch": "record", "mesh.relay": "circuitRequest",
            "mesh.circuit": "circuitRequest", "mesh.dht": "dhtMessage",
        }
        for method in REGISTRY["methods"]:
            self.assertEqual(method["requestMax"], named[others.get(method["name"], "message")], method["name"])

    def test_numbers_in_words_are_limits(self) -> None:
        named = {row["name"]: row["value"] for row in REGISTRY["limits"]}
        kinds = {row["name"]: row["meaning"] for row in REGISTRY["enums"]["capabilityKind"]}
        self.assertIn(f" 0 to {named['capabilityText']:,} bytes", kinds["text"])
        self.assertIn(f" 0 to {named['capabilityJSON']:,} bytes", kinds["json"])
        limit = next(field for message in REGISTRY["messages"] if message["name"] == "DiscoverRequest" for field in message["fields"][1:])
        sample = next(row["value"] for row in REGISTRY["defaults"] if row["name"] == "discoverSample")
        self.assertIn(f"0 means {sample}", limit["meaning"])

    def test_defaults_and_timers(self) -> None:
        numbers = {row["name"]: row["value"] for row in REGISTRY["defaults"]} | {
            row["name"]: row["value"] / 1000 for row in REGISTRY["timers"]
        }
        self.assertEqual({name: numbers[name] for name in CHOSEN}, CHOSEN)
        self.assertFalse(CHOSEN.keys() & NOT_HERE)
        self.assertEqual(numbers.keys(), CHOSEN.keys() | NOT_HERE)

    def test_strings(self) -> None:
        strings = {row["name"]: row["text"] for row in REGISTRY["strings"]}
        self.assertEqual(strings["magic"].encode(), handshake.MAGIC)
        self.assertEqual(strings["prologueName"].encode(), handshake.PROLOGUE)
        self.assertEqual(strings["tokenPrefix"], tokens.PREFIX)
        self.assertTrue(identity.domain("x").startswith(strings["domainPrefix"].encode()))


if __name__ == "__main__":
    unittest.main()
