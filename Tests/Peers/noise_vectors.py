"""Writes Tests/Vectors/noise.json: Noise test vectors in the format of the cacophony project, made with `noiseprotocol`.

    .venv/bin/python Tests/Peers/noise_vectors.py > Tests/Vectors/noise.json

The keys follow from the protocol's name, so that the file is the same each time.
"""

import hashlib
import json
import sys
import warnings

from noise.connection import Keypair, NoiseConnection

warnings.simplefilter("ignore")

PATTERNS = "N K X NN NK NX KN KK KX XN XK XX IN IK IX".split()
PATTERNS += "NNpsk0 NNpsk2 NKpsk0 NKpsk2 NXpsk2 XNpsk3 XKpsk3 XXpsk0 XXpsk1 XXpsk2 XXpsk3 KNpsk0 KKpsk2 INpsk1 IKpsk1 IKpsk2 IXpsk2".split()
PATTERNS += "Npsk0 Kpsk0 Xpsk1 NNpsk0+psk2 XXpsk0+psk3".split()
MESSAGES = 6


def vector(name):
    def secret(what):
        length = 32 if "25519" in name or "psk" in what else 56
        return hashlib.shake_256(f"{name} {what}".encode()).digest(length)

    pattern = name.split("_")[1]
    letters = "".join(letter for letter in pattern.split("psk")[0] if letter.isupper())
    sender, receiver = ("N" if letters == "N" else letters, "K") if len(letters) == 1 else letters
    psks = [secret(f"psk {index}") for index in range(pattern.count("psk"))]
    prologue = b"prologue of " + pattern.encode()
    out = {"protocol_name": name}
    sides = {}
    for side in ("init", "resp"):
        connection = NoiseConnection.from_name(name.encode())
        (connection.set_as_initiator if side == "init" else connection.set_as_responder)()
        connection.set_prologue(prologue)
        out[f"{side}_prologue"] = prologue.hex()
        if psks:
            connection.set_psks(psks=psks)
            out[f"{side}_psks"] = [psk.hex() for psk in psks]
        sides[side] = connection

    def private(side, kind, what):
        key = secret(f"{side} {what}")
        sides[side].set_keypair_from_private_bytes(kind, key)
        out[f"{side}_{what}"] = key.hex()
        return sides[side].noise_protocol.keypairs["s" if what == "static" else "e"].public_bytes

    private("init", Keypair.EPHEMERAL, "ephemeral")
    if len(letters) == 2:
        private("resp", Keypair.EPHEMERAL, "ephemeral")
    for side, other, letter in (("init", "resp", sender), ("resp", "init", receiver)):
        if letter != "N":
            public = private(side, Keypair.STATIC, "static")
            if letter == "K":
                sides[other].set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, public)
                out[f"{other}_remote_static"] = public.hex()
    for connection in sides.values():
        connection.start_handshake()

    out["messages"] = []
    for index in range(MESSAGES):
        one_way = len(letters) == 1
        first = sides["init"] if one_way or index % 2 == 0 else sides["resp"]
        second = sides["resp"] if first is sides["init"] else sides["init"]
        payload = f"message {index} of {pattern}".encode() if index % 3 else b""
        if first.handshake_finished:
            ciphertext = bytes(first.encrypt(payload))
            assert second.decrypt(ciphertext) == payload
        else:
            ciphertext = bytes(first.write_message(payload))
            assert second.read_message(ciphertext) == payload
            if first.handshake_finished:
                out["handshake_hash"] = first.get_handshake_hash().hex()
        out["messages"].append({"payload": payload.hex(), "ciphertext": ciphertext.hex()})
    return out


names = [f"Noise_{pattern}_25519_{cipher}_SHA256" for pattern in PATTERNS for cipher in ("ChaChaPoly", "AESGCM")]
names += ["Noise_XX_448_ChaChaPoly_SHA256", "Noise_XX_25519_ChaChaPoly_SHA512", "Noise_XX_25519_ChaChaPoly_BLAKE2s"]
json.dump({"vectors": [vector(name) for name in names]}, sys.stdout, indent=1)
print()
