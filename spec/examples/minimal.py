#!/usr/bin/env python3
"""Join a mesh, find a worker of the service "echo", call it, print what it says: the whole way, from the text alone.

    pip install noiseprotocol
    python3 minimal.py wmj1_… [SERVICE [TEXT]]

Everything that a longer-lived program needs (windows, rekeying, keeping the identity, answering PING) is left out.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from noise.connection import Keypair, NoiseConnection

DATA, HEAD, RESET, GOAWAY, END, LZ4 = 0x00, 0x02, 0x0A, 0x10, 0x01, 0x04  # frame types and flags
COORDINATOR, CLIENT = 2, 8  # roles


def tlv(fields: dict[int, bytes]) -> bytes:
    return b"".join(struct.pack(">HH", number, len(value)) + value for number, value in sorted(fields.items()))


def untlv(data: bytes, known: set[int]) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while data:
        number, length = struct.unpack_from(">HH", data)
        if len(data) < 4 + length or number <= max(fields, default=-1) or (number % 2 == 0 and number not in known):
            raise ValueError("a TLV stream that is not canonical")
        fields[number], data = data[4 : 4 + length], data[4 + length :]
    return fields


def unlist(data: bytes, width: int = 2) -> list[bytes]:
    items = []
    while data:
        end = width + int.from_bytes(data[:width], "big")
        items.append(data[width:end])
        data = data[end:]
    return items


def unlz4(block: bytes, size: int) -> bytes:
    out, at = bytearray(), 0

    def length(count: int) -> int:
        nonlocal at
        more = count == 15
        while more:
            count, more, at = count + block[at], block[at] == 255, at + 1
        return count

    while at < len(block) and len(out) <= size:
        at, token = at + 1, block[at]
        literals = length(token >> 4)
        out += block[at : at + literals]
        at += literals
        if at < len(block):
            offset, at = int.from_bytes(block[at : at + 2], "little"), at + 2
            for _ in range(length(token & 15) + 4):
                out.append(out[-offset])
    if len(out) != size:
        raise ValueError("a block that does not decode")
    return bytes(out)


def domain(purpose: str) -> bytes:
    return b"WM/1 draft " + purpose.encode() + b"\0"


def parse_token(text: str) -> dict[int, bytes]:
    raw = base64.urlsafe_b64decode(text.removeprefix("wmj1_") + "==")
    if hashlib.sha256(domain("join token") + raw[:-4]).digest()[:4] != raw[-4:]:
        raise ValueError("the token is misspelt")
    return untlv(raw[:-4], {2, 4, 6, 8})


def check_certificate(data: bytes, authority: bytes, static: bytes) -> dict[int, bytes]:
    fields = untlv(data, {*range(2, 24, 2), 0xFFFE})
    Ed25519PublicKey.from_public_bytes(authority).verify(fields[0xFFFE], domain("certificate") + data[:-68])
    if fields[2] != hashlib.sha256(domain("mesh id") + authority).digest() or fields[12] != static:
        raise ValueError("a certificate of another mesh or for another key")
    if fields[4] != hashlib.sha256(domain("node id") + fields[10] + fields[14]).digest():
        raise ValueError("a node id that does not follow from its key")
    if int.from_bytes(fields[20], "big") <= time.time():
        raise ValueError("a certificate that has expired")
    return fields


class Link:
    """The initiator's side of the handshake, then calls one after the other."""

    def __init__(self, endpoint: str, node: "Node", meant: Callable[[dict[int, bytes]], bool], token: dict[int, bytes] | None = None):
        host, port = endpoint.rsplit(":", 1)
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
        preface = b"WMSH" + bytes([1, 1, 2 if token else 1, 0])
        clear = token[2] if token else b""
        noise = NoiseConnection.from_name(b"Noise_XX%b_25519_ChaChaPoly_SHA256" % (b"psk3" if token else b""))
        noise.set_as_initiator()
        noise.set_prologue(b"WM/1 draft" + preface + clear)
        noise.set_keypair_from_private_bytes(Keypair.STATIC, node.static.private_bytes_raw())
        if token:
            noise.set_psks(psk=token[4])
        noise.start_handshake()
        message1 = bytes(noise.write_message())
        begin = preface + clear + struct.pack(">H", len(message1)) + message1
        mesh_id = hashlib.sha256(domain("mesh id") + node.authority).digest()
        self.socket.sendall(begin + hmac.digest(mesh_id, begin, "sha256")[:16])
        payload = untlv(bytes(noise.read_message(self.read_block())), {2, 4, 6, 8, 10})
        if payload[2] != preface or 1 not in payload[4] or 1 not in payload[6]:
            raise ValueError("somebody changed what was offered")
        static = noise.noise_protocol.handshake_state.rs.public_bytes
        if not meant(check_certificate(payload[10], node.authority, static)):
            raise ValueError("another node answered than the one that was meant")
        parameters = tlv({
            2: struct.pack(">Q", int(time.time() * 1000)), 4: struct.pack(">Q", 2**18), 6: struct.pack(">Q", 2**24),
            8: struct.pack(">I", 16), 10: bytes(4),
        })
        mine = {2: preface, 4: b"\1", 6: b"\1", 8: parameters}
        message3 = bytes(noise.write_message(tlv(mine | ({10: node.certificate} if node.certificate else {}))))
        self.socket.sendall(struct.pack(">H", len(message3)) + message3)
        self.noise, self.hash, self.stream = noise, noise.get_handshake_hash(), 1

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError("the other side closed the link")
            data += part
        return data

    def read_block(self) -> bytes:
        return self.read(int.from_bytes(self.read(2), "big"))

    def call(self, head: dict[int, bytes], body: bytes = b"") -> bytes:
        """One stream: HEAD and DATA with END; then the frames of the answer up to its END."""
        stream, self.stream = self.stream, self.stream + 2
        request = tlv(head)
        frames = struct.pack(">HBBI", len(request), HEAD, 0, stream) + request
        frames += struct.pack(">HBBI", len(body), DATA, END, stream) + body
        record = self.noise.encrypt(frames)
        self.socket.sendall(struct.pack(">H", len(record)) + record)
        answer = b""
        while True:
            plaintext = bytes(self.noise.decrypt(self.read_block()))
            while plaintext:
                length, kind, flags, number = struct.unpack_from(">HBBI", plaintext)
                payload, plaintext = plaintext[8 : 8 + length], plaintext[8 + length :]
                if kind == GOAWAY or (kind == RESET and number == stream):
                    raise ConnectionError(payload[6:].decode() or payload[:6].hex())
                if kind == DATA and number == stream:
                    answer += unlz4(payload[2:], int.from_bytes(payload[:2], "big")) if flags & LZ4 else payload
                if kind in (DATA, HEAD) and number == stream and flags & END:
                    return answer


def is_coordinator(peer: dict[int, bytes]) -> bool:
    return bool(int.from_bytes(peer[8], "big") & COORDINATOR)


class Node:
    def __init__(self, token: dict[int, bytes], name: str):
        self.identity, self.static = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.authority, self.certificate = token[6], b""
        endpoint = unlist(token[8])[0].decode()
        link = Link(endpoint, self, is_coordinator, token)
        answer = link.call({2: b"mesh.enrol"}, tlv({
            2: name.encode(), 4: self.identity.public_key().public_bytes_raw(), 6: bytes(4), 8: struct.pack(">I", CLIENT),
            10: self.identity.sign(domain("enrolment") + link.hash + name.encode()),
        }))
        self.certificate = untlv(answer, {2, 4})[2]
        self.coordinator = Link(endpoint, self, is_coordinator)

    def workers(self, service: str) -> list[dict[int, bytes]]:
        answer = self.coordinator.call({2: b"mesh.discover"}, tlv({2: service.encode(), 4: struct.pack(">I", 0)}))
        return [untlv(record, {*range(2, 15, 2), 20, 22, 24}) for record in unlist(answer, 4)[1:]]


def main() -> None:
    token = parse_token(sys.argv[1])
    service, text = (sys.argv[2:] + ["echo", "hello"][len(sys.argv) - 2 :])[:2]
    node = Node(token, f"minimal-{os.getpid()}")
    best = next(iter(node.workers(service)), None)
    if best is None:
        sys.exit(f"nobody offers {service}")
    link = Link(unlist(best[12])[0].decode(), node, lambda peer: peer[4] == best[4])
    print(f"{best[2].decode()} says:", link.call({4: service.encode()}, text.encode()).decode())


main()
