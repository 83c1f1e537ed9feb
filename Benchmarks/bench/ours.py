"""Wiremesh's side of each workload: release builds of `meshbench` and of the command itself."""

import contextlib
import json
import subprocess
import threading
import urllib.request

from .peers import upstream, wrk
from .processes import CLIENT_CORE, OURS, SERVER_CORE, Folder, Running, output

MESHBENCH, WIREMESH = OURS / "meshbench", OURS / "wiremesh"


def echo(size, outstanding, seconds, warmup):
    """One link between two processes, one core each."""
    with Running([MESHBENCH, "server"], core=SERVER_CORE) as server:
        port = server.wait_for(r"listening (\d+)")[1]
        return json.loads(output([MESHBENCH, "client", "--port", port, "--size", size, "--outstanding", outstanding,
                                  "--warmup", warmup, "--seconds", seconds], core=CLIENT_CORE))


def hop(*_): ...
def discover(*_): ...
def link_memory(*_): ...
