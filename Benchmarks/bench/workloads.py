"""What is measured, against whom, and the floor that must hold."""

from dataclasses import dataclass, field
from typing import Callable, Optional

from . import ours, peers


@dataclass
class Peer:
    """Another system doing the same work. `floor`: our value must be at least so many times its."""
    name: str
    measure: Callable[[float, float], dict]
    floor: Optional[float] = None


@dataclass
class Workload:
    """`measure(seconds, warmup)` gives a dictionary whose `metric` is compared. `floor` and `ceiling` are absolute."""
    name: str
    says: str
    measure: Callable[[float, float], dict]
    peers: list = field(default_factory=list)
    metric: str = "rate"
    unit: str = "/s"
    floor: Optional[float] = None
    ceiling: Optional[float] = None


def echo(service, size, outstanding):
    return {
        "ours": lambda s, w: ours.echo(service, size, outstanding, s, w),
        "grpc": lambda s, w: peers.grpc_echo(size, outstanding, s, w),
        "zmq": lambda s, w: peers.zmq_echo(size, outstanding, s, w),
    }


SMALL, BULK = echo("echo", 128, 64), echo("stream", 1 << 20, 4)

# The system that is replaced answered 300 discover requests a second with 1,000 workers.
REPLACED_DISCOVER = 300

WORKLOADS = [
    Workload("unary-128-64", "128 B unary echo over one encrypted link, 64 outstanding, inline handler", SMALL["ours"],
             [Peer("gRPC C++ TLS", SMALL["grpc"], 4.0), Peer("ZeroMQ CURVE", SMALL["zmq"], 1.0)]),
    Workload("echo-1m-4", "1 MiB echo over one encrypted link, 4 outstanding", BULK["ours"],
             [Peer("ZeroMQ CURVE", BULK["zmq"], 1.0), Peer("gRPC C++ TLS", BULK["grpc"])]),
    Workload("hop-1k-64", "HTTP through two workers to one upstream, 1 KiB, 64 connections",
             lambda s, w: ours.hop(1024, 64, s, w), [Peer("nginx -> nginx over TLS", lambda s, w: peers.nginx_hop(1024, 64, s, w), 0.5)]),
    Workload("discover-1000", "GET discover of a service with 1,000 workers, 16 connections",
             lambda s, w: ours.discover(1000, 1, 16, s, w), floor=15 * REPLACED_DISCOVER),
    Workload("discover-10", "GET discover among 1,000 workers, ten to a service, 16 connections",
             lambda s, w: ours.discover(1000, 100, 16, s, w), floor=20_000),
    Workload("memory-link", "resident memory of an idle encrypted link on the coordinator",
             lambda s, w: ours.link_memory(2000), metric="kib_per_link", unit=" KiB", ceiling=16),
    Workload("dht-get", "median time to find a provider among 1,024 nodes in one process, sessions standing",
             lambda s, w: ours.dht(1024), metric="get_p50_ms", unit=" ms", ceiling=0.5),
    Workload("dht-256", "the same among 256 nodes, against PyPI's kademlia (no encryption, no signatures)",
             lambda s, w: ours.dht(256), [Peer("kademlia 2.2", lambda s, w: peers.kademlia(256))], metric="get_p50_ms", unit=" ms"),
    Workload("dht-answers", "requests of the DHT that one node answers in a second of its processor's time, encrypted",
             lambda s, w: ours.dht_answers(s, w), floor=50_000),
]
