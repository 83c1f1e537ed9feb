"""strangers.py HOST:PORT: what a scanner sends to a wire port. Prints one JSON line: bytes that came back, connections still open."""

import json
import os
import random
import select
import socket
import sys
import time

host, _, port = sys.argv[1].rpartition(":")
rng = random.Random(11)
PREFACE = b"WMSH\x01\x01\x01\x00"
THINGS = [
    lambda: rng.randbytes(rng.randrange(1, 9000)),
    lambda: b"GET / HTTP/1.1\r\nHost: mesh\r\n\r\n",
    lambda: bytes.fromhex("16030100") + rng.randbytes(300),
    lambda: PREFACE + (32).to_bytes(2, "big") + rng.randbytes(48),
    lambda: PREFACE + (65535).to_bytes(2, "big") + rng.randbytes(4000),
    lambda: PREFACE[:5],
    lambda: PREFACE + (32).to_bytes(2, "big") + rng.randbytes(10),
    lambda: b"",
]
sockets, refused = [], 0
for turn in range(120):
    try:
        made = socket.create_connection((host, int(port)), 2)
        made.sendall(THINGS[turn % len(THINGS)]())
        sockets.append(made)
    except OSError:
        refused += 1
answered, end = 0, time.monotonic() + float(os.environ.get("PATIENCE", "8"))
while sockets and time.monotonic() < end:
    for ready in select.select(sockets, [], [], 0.2)[0]:
        try:
            data = ready.recv(4096)
        except OSError:
            data = b""
        answered += len(data)
        if not data:
            ready.close()
            sockets.remove(ready)
print(json.dumps({"answered": answered, "open": len(sockets), "refused": refused}))
