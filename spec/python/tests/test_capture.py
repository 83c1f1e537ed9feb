"""The sample of spec/wireshark opens with its key log, and shows what its README says: two workers join, register and call."""

from __future__ import annotations

import struct
import unittest
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wiremesh_reference import frames
from wiremesh_reference.handshake import MAC1, MAGIC
from wiremesh_reference.head import Head
from wiremesh_reference.noise import SUITES, CipherState
from wiremesh_reference.records import Opener

SAMPLES = Path(__file__).resolve().parents[2] / "wireshark" / "samples"
Flow = tuple[bytes, bytes]  # address and port of the sender, of the receiver


class Keys(NamedTuple):
    """A line of the key log."""

    suite: int
    initiator: bytes
    responder: bytes


def keys() -> dict[bytes, Keys]:
    """The links of the key log, by the initiator's ephemeral key."""
    lines = [line.split() for line in (SAMPLES / "call.keys").read_text().splitlines()]
    return {bytes.fromhex(line[1]): Keys(int(line[2]), bytes.fromhex(line[3]), bytes.fromhex(line[4])) for line in lines}


def segments(capture: bytes) -> Iterator[tuple[Flow, int, bytes]]:
    """Sender, receiver, sequence number and bytes of each TCP segment: IPv4 in Ethernet frames, in little-endian pcap."""
    offset = 24
    while offset < len(capture):
        size = struct.unpack_from("<I", capture, offset + 8)[0]
        packet = capture[offset + 16 + 14 : offset + 16 + size]
        offset += 16 + size
        packet = packet[: int.from_bytes(packet[2:4], "big")]
        segment = packet[(packet[0] & 15) * 4 :]
        flow = (packet[12:16] + segment[:2], packet[16:20] + segment[2:4])
        yield flow, int.from_bytes(segment[4:8], "big"), segment[(segment[12] >> 4) * 4 :]


def directions() -> dict[Flow, bytes]:
    """The bytes of each direction of each connection. Segments that come twice count once."""
    parts: dict[Flow, dict[int, bytes]] = defaultdict(dict)
    for flow, number, data in segments((SAMPLES / "call.pcap").read_bytes()):
        if data:
            parts[flow][number] = data
    return {flow: b"".join(data for _, data in sorted(found.items())) for flow, found in parts.items()}


def skip_message(data: bytes, start: int) -> int:
    """Where the handshake message at `start` ends."""
    return start + 2 + int.from_bytes(data[start : start + 2], "big")


class Capture(unittest.TestCase):
    def test_links_open(self) -> None:
        streams, links, heads = directions(), keys(), []
        opened = 0
        for flow, sent in streams.items():
            if not sent.startswith(MAGIC):
                continue
            received = streams[flow[1], flow[0]]
            first = 8 + (16 if sent[6] == 2 else 0)
            link = links.pop(sent[first + 2 : first + 34], None)
            if link is None or link.suite not in SUITES:  # a dial back, which ends with message 2; or no AES here
                continue
            records = sent[skip_message(sent, skip_message(sent, first) + MAC1) :]
            for key, data in ((link.initiator, records), (link.responder, received[skip_message(received, 0) :])):
                for plaintext in Opener(CipherState(SUITES[link.suite], key)).feed(data):
                    heads += [Head.decode(frame.payload) for frame in frames.parse(plaintext) if frame.type == frames.Type.HEAD]
        self.assertFalse(links, "links of the key log that the capture does not have")
        self.assertLessEqual({"mesh.enrol", "mesh.register"}, {head.method for head in heads})
        self.assertIn(200, {head.status for head in heads})
        if 2 in SUITES:  # the link between the workers
            self.assertTrue([head for head in heads if head.service])


if __name__ == "__main__":
    unittest.main()
