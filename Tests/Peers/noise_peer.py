"""The other side of a Noise handshake or of a whole link, written with the independent library `noiseprotocol`.

Speaks on standard input and output; takes one JSON object as its only argument:

    mode      "noise": bare Noise messages, each behind a u16 length
              "link": the protocol's preface, mac1, payloads and records
    role      "initiator" or "responder"
    name      the Noise protocol name
    static, remote_static, psks, prologue     hexadecimal, where the pattern needs them
    rekey     mode noise: both directions rekey after so many messages
    suite, pattern, clear, mesh, certificate, epoch     mode link

After the handshake it writes the handshake's hash as one message in the clear, then answers each message it can open
with the same bytes in reverse. A message that does not open is answered with an empty one in the clear.
"""

import hashlib
import hmac
import json
import struct
import sys

from noise.connection import Keypair, NoiseConnection

ask = json.loads(sys.argv[1])
initiator = ask["role"] == "initiator"
source, sink = sys.stdin.buffer, sys.stdout.buffer


def take(count):
    data = source.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def receive():
    return take(struct.unpack(">H", take(2))[0])


def send(message):
    sink.write(struct.pack(">H", len(message)) + message)
    sink.flush()


def tlv(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


def untlv(data):
    fields, last = {}, -1
    while data:
        kind, length = struct.unpack(">HH", data[:4])
        assert kind > last and len(data) >= 4 + length
        fields[kind], data, last = data[4 : 4 + length], data[4 + length :], kind
    return fields


def noise(prologue):
    connection = NoiseConnection.from_name(ask["name"].encode())
    (connection.set_as_initiator if initiator else connection.set_as_responder)()
    connection.set_prologue(prologue)
    if ask.get("psks"):
        connection.set_psks(psks=[bytes.fromhex(psk) for psk in ask["psks"]])
    if ask.get("static"):
        connection.set_keypair_from_private_bytes(Keypair.STATIC, bytes.fromhex(ask["static"]))
    if ask.get("remote_static"):
        connection.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, bytes.fromhex(ask["remote_static"]))
    connection.start_handshake()
    return connection


def payload(preface):
    parameters = tlv(2, struct.pack(">Q", ask["epoch"])) + tlv(4, struct.pack(">Q", 1 << 18))
    parameters += tlv(6, struct.pack(">Q", 1 << 24)) + tlv(8, struct.pack(">I", 100)) + tlv(10, struct.pack(">I", 1))
    fields = tlv(2, preface) + tlv(4, bytes([1])) + tlv(6, bytes([1, 2])) + tlv(8, parameters)
    return fields + (tlv(10, bytes.fromhex(ask["certificate"])) if ask.get("certificate") else b"")


def link():
    preface = b"WMSH" + bytes([1, ask["suite"], ask["pattern"], 0])
    clear = bytes.fromhex(ask.get("clear", ""))
    connection = noise(b"WM/1 draft" + preface + clear)

    def mac(message):
        flight = preface + clear + struct.pack(">H", len(message)) + message
        return hmac.new(bytes.fromhex(ask["mesh"]), flight, hashlib.sha256).digest()[:16]

    if initiator:
        first = bytes(connection.write_message(b""))
        sink.write(preface + clear)
        send(first)
        sink.write(mac(first))
        sink.flush()
        answer = untlv(bytes(connection.read_message(receive())))
        send(bytes(connection.write_message(payload(preface))))
    else:
        assert take(len(preface)) == preface and take(len(clear)) == clear
        first = receive()
        assert take(16) == mac(first)
        assert connection.read_message(first) == b""
        send(bytes(connection.write_message(payload(preface))))
        answer = untlv(bytes(connection.read_message(receive())))
    assert answer[2] == preface and answer[4] == bytes([1]) and ask["suite"] in answer[6]
    return connection


def bare():
    connection = noise(bytes.fromhex(ask["prologue"]))
    while not connection.handshake_finished:
        if connection._next_fn == connection.write_message:
            send(bytes(connection.write_message(b"from python")))
        else:
            assert connection.read_message(receive()) == b"from swift"
    return connection


connection = link() if ask["mode"] == "link" else bare()
send(connection.get_handshake_hash())
every, count = ask.get("rekey", 0), 0
while True:
    message = receive()
    try:
        text = bytes(connection.decrypt(message))
    except Exception:
        send(b"")
        continue
    send(bytes(connection.encrypt(text[::-1])))
    count += 1
    if every and count % every == 0:
        connection.rekey_inbound_cipher()
        connection.rekey_outbound_cipher()
