"""The programs that Wiremesh is measured against. Each side starts its own processes and gives one measurement."""

import contextlib
import json
import re

from .processes import CLIENT_CORE, PEERS, ROOT, SERVER_CORE, Folder, Running, certificate, free_port, output


def grpc_echo(size, outstanding, seconds, warmup):
    """gRPC C++ over TLS, callback API, one channel."""
    with Folder() as folder:
        cert, key = certificate(folder)
        with Running([PEERS / "grpc-server", cert, key], core=SERVER_CORE) as server:
            port = server.wait_for(r"listening (\d+)")[1]
            return json.loads(output([PEERS / "grpc-client", cert, port, size, outstanding, warmup, seconds], core=CLIENT_CORE))


def zmq_echo(size, outstanding, seconds, warmup):
    """ZeroMQ DEALER to ROUTER with CURVE, one connection."""
    with Running([PEERS / "zmq-server"], core=SERVER_CORE) as server:
        found = server.wait_for(r"listening (\d+) (\S+)")
        return json.loads(output([PEERS / "zmq-client", found[1], found[2], size, outstanding, warmup, seconds], core=CLIENT_CORE))


def kademlia(nodes):
    """The DHT of PyPI's kademlia in one process."""
    return json.loads(output([PEERS / "kademlia" / "bin" / "python", ROOT / "peers" / "kademlia" / "dht.py", "--nodes", nodes]))


@contextlib.contextmanager
def nginx(folder, name, **values):
    """One nginx with Benchmarks/peers/nginx/NAME.conf; gives its port."""
    port = free_port()
    text = (ROOT / "peers" / "nginx" / f"{name}.conf").read_text()
    for key, value in {"PORT": port, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    prefix = folder / name
    prefix.mkdir()
    (prefix / "nginx.conf").write_text(text)
    with Running(["nginx", "-e", "stderr", "-p", prefix, "-c", prefix / "nginx.conf"]):
        wait_for_port(port)
        yield port


def wait_for_port(port, timeout=10):
    import socket
    import time
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def wrk(url, connections, seconds, warmup):
    """One closed loop over `connections` kept connections; an answer that is not 2xx is an error."""
    output(["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(warmup))}s", url])
    text = output(["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", url])
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk met errors:\n{text}")
    unit = {"us": 1, "ms": 1e3, "s": 1e6}
    quantile = {q: float(v) * unit[u] for q, v, u in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", text, re.M)}
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "p50_us": quantile["50"], "p99_us": quantile["99"]}


@contextlib.contextmanager
def upstream(folder, size):
    """The service behind either hop."""
    with nginx(folder, "upstream", BODY="x" * size) as port:
        yield port


def nginx_hop(size, connections, seconds, warmup):
    """wrk -> nginx -> TLS 1.3 -> nginx -> upstream nginx."""
    with Folder() as folder:
        cert, key = certificate(folder)
        with upstream(folder, size) as service, nginx(folder, "back", NEXT=service, CERT=cert, KEY=key) as back, \
                nginx(folder, "front", NEXT=back, CERT=cert) as front:
            return wrk(f"http://127.0.0.1:{front}/", connections, seconds, warmup)
