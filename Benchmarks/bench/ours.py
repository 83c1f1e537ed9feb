"""Wiremesh's side of each workload: release builds of `meshbench` and of the command itself."""

import contextlib
import http.client
import json
import re
import time

from .peers import upstream, wrk
from .processes import CLIENT_CORE, OURS, SERVER_CORE, Folder, Running, output

MESHBENCH, WIREMESH = OURS / "meshbench", OURS / "wiremesh"


def echo(service, size, outstanding, seconds, warmup):
    """One link between two processes, one core each."""
    with Running([MESHBENCH, "server"], core=SERVER_CORE) as server:
        port = server.wait_for(r"listening (\d+)")[1]
        return json.loads(output([MESHBENCH, "client", "--port", port, "--service", service, "--size", size, "--outstanding", outstanding,
                                  "--warmup", warmup, "--seconds", seconds], core=CLIENT_CORE))


def dht(nodes):
    """A DHT in one process: milliseconds to publish and to find."""
    return json.loads(output([MESHBENCH, "dht", "--nodes", nodes]))


def dht_answers(seconds, warmup):
    """One node on a core, asked by 32 others on another core: answers for each second of its processor's time."""
    with Running([MESHBENCH, "dht-node"], core=SERVER_CORE) as node:
        port = node.wait_for(r"listening (\d+)")[1]
        said = re.compile(r"answered (\d+) seconds ([\d.]+)")
        flood = [MESHBENCH, "dht-flood", "--port", port, "--seconds"]
        output([*flood, warmup], core=CLIENT_CORE)
        began = len(node.lines)
        found = json.loads(output([*flood, seconds], core=CLIENT_CORE))
        first, *_, last = [match.groups() for line in node.lines[began:] if line and (match := said.match(line))]
        answered, used = int(last[0]) - int(first[0]), float(last[1]) - float(first[1])
        return {"answered": answered, "processor_seconds": used, "rate": answered / used, "asked_rate": found["rate"]}


def listening(program, what):
    """The address of the "wire" or "http" port, from a JSON log."""
    return program.wait_for(rf'"listening".*"{what}":"([^"]+)"')[1]


@contextlib.contextmanager
def coordinator(folder, *extra):
    """A coordinator; gives the process, its HTTP address and its data folder."""
    data = folder / "coordinator"
    command = [WIREMESH, "coordinator", "--data", data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json", *extra]
    with Running(command) as program:
        yield program, listening(program, "http"), data


def token(data, uses):
    return output([WIREMESH, "token", "create", "--data", data, "--uses", uses]).strip()


@contextlib.contextmanager
def worker(folder, name, join, *extra):
    """A worker; gives its HTTP address."""
    command = [WIREMESH, "worker", "--data", folder / name, "--name", name, "--join", join, "--listen", "127.0.0.1:0",
               "--http", "127.0.0.1:0", "--json", *extra]
    with Running(command) as program:
        listening(program, "wire")
        yield listening(program, "http")


def get(address, path):
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def hop(size, connections, seconds, warmup):
    """wrk -> worker -> encrypted link -> worker -> upstream nginx."""
    with Folder() as folder, upstream(folder, size) as service, coordinator(folder) as (_, address, data):
        join = token(data, 2)
        with worker(folder, "back", join, "--service", f"bench=http://127.0.0.1:{service}"), worker(folder, "front", join) as front:
            deadline = time.monotonic() + 20
            while get(front, "/service/bench/")[0] != 200:
                if time.monotonic() > deadline:
                    raise RuntimeError("the hop never answered")
                time.sleep(0.1)
            return wrk(f"http://{front}/service/bench/", connections, seconds, warmup)


def discover(workers, services, connections, seconds, warmup):
    """GET discover at a coordinator that knows so many HTTP workers, spread evenly over so many services."""
    with Folder() as folder, upstream(folder, 16) as service, coordinator(folder, "--allow-http-workers") as (_, address, _):
        connection = http.client.HTTPConnection(address, timeout=10)
        for number in range(workers):
            body = json.dumps({
                "worker_id": f"worker-{number:04}", "tunnel_url": f"http://127.0.0.1:{service}",
                "capabilities": {"has_gpu": True, "gpu_type": "NVIDIA GeForce RTX 3090"}, "services": [{"name": f"service-{number % services}"}]})
            connection.request("POST", "/api/worker/register", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"registration {number} was refused with {answer.status}: {text}")
        path = "/api/services/discover/service-0"
        status, text = get(address, path)
        if status != 200 or json.loads(text)["count"] != workers // services:
            raise RuntimeError(f"discovery answered {status}: {text[:300]}")
        return {**wrk(f"http://{address}{path}", connections, seconds, warmup), "answer_bytes": len(text)}


def link_memory(count):
    """What a coordinator's resident memory grows by for each of so many links on which nothing is said."""
    with Folder() as folder, coordinator(folder) as (program, _, data), contextlib.ExitStack() as stack:

        def link(prefix, number):
            """So many more links, and time for the coordinator to come to rest."""
            for start in range(0, number, 1000):
                part = min(1000, number - start)  # a token has at most 1,000 uses
                more = stack.enter_context(Running([MESHBENCH, "links", "--token", token(data, part), "--count", part,
                                                    "--prefix", f"{prefix}-{start}"]))
                more.wait_for(rf"linked {part}", timeout=300)
            time.sleep(5)
            return program.resident_kib()

        before, after = link("first", 200), link("more", count)
        return {"kib_per_link": (after - before) / count, "before_kib": before, "after_kib": after}
