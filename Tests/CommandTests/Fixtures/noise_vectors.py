"""Writes Noise test vectors, in the format of cacophony and snow, that the library noiseprotocol has computed.

usage: noise_vectors.py OUT.json
"""
import hashlib
import json
import sys

from noise.connection import Keypair, NoiseConnection

PATTERNS = ["NN", "NK", "NX", "KN", "KK", "KX", "XN", "XK", "XX", "IN", "IK", "IX", "N", "K", "X",
            "XXpsk3", "NNpsk0", "NNpsk2", "IKpsk2", "KKpsk0", "XXpsk0"]
PROLOGUE = b"a prologue"


def secret(name):
    return hashlib.sha256(name.encode()).digest()


def knows(pattern, initiator):
    """Whether the other side's static key is known beforehand."""
    base = pattern.split("psk")[0]
    if initiator:
        return base in ("N", "K", "X") or base[-1] == "K"
    return base == "K" or (len(base) == 2 and base[0] == "K")


def has_static(pattern, initiator):
    base = pattern.split("psk")[0]
    if len(base) == 1:
        return base in "KX" if initiator else True
    return base[0] != "N" if initiator else base[1] != "N"


def public(private):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def side(name, pattern, initiator, vector):
    connection = NoiseConnection.from_name(name.encode())
    connection.set_as_initiator() if initiator else connection.set_as_responder()
    prefix = "init_" if initiator else "resp_"
    own, other = ("initiator", "responder") if initiator else ("responder", "initiator")
    connection.set_prologue(PROLOGUE)
    vector[prefix + "prologue"] = PROLOGUE.hex()
    connection.set_keypair_from_private_bytes(Keypair.EPHEMERAL, secret(own + " ephemeral"))
    vector[prefix + "ephemeral"] = secret(own + " ephemeral").hex()
    if has_static(pattern, initiator):
        connection.set_keypair_from_private_bytes(Keypair.STATIC, secret(own))
        vector[prefix + "static"] = secret(own).hex()
    if knows(pattern, initiator):
        connection.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, public(secret(other)))
        vector[prefix + "remote_static"] = public(secret(other)).hex()
    if "psk" in pattern:
        connection.set_psks(psks=[secret("psk")])
        vector[prefix + "psks"] = [secret("psk").hex()]
    connection.start_handshake()
    return connection


def vector(name, pattern):
    result = {"protocol_name": name}
    initiator, responder = side(name, pattern, True, result), side(name, pattern, False, result)
    messages = []
    one_way = len(pattern.split("psk")[0]) == 1
    for index in range(8):
        sender, receiver = (initiator, responder) if one_way or index % 2 == 0 else (responder, initiator)
        payload = f"message {index} of {pattern}".encode()
        if sender.handshake_finished:
            ciphertext = sender.encrypt(payload)
            assert receiver.decrypt(ciphertext) == payload
        else:
            ciphertext = bytes(sender.write_message(payload))
            assert receiver.read_message(ciphertext) == payload
        messages.append({"payload": payload.hex(), "ciphertext": bytes(ciphertext).hex()})
    result["handshake_hash"] = initiator.get_handshake_hash().hex()
    result["messages"] = messages
    return result


def main():
    vectors = []
    for pattern in PATTERNS:
        for cipher in ("ChaChaPoly", "AESGCM"):
            for digest in ("SHA256", "BLAKE2s"):
                vectors.append(vector(f"Noise_{pattern}_25519_{cipher}_{digest}", pattern))
    with open(sys.argv[1], "w") as out:
        json.dump({"vectors": vectors}, out, indent=1)


if __name__ == "__main__":
    main()
