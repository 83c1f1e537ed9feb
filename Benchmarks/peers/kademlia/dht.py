"""The DHT of PyPI's kademlia: the same measurement as `meshbench dht`, with as many nodes in one process. Prints one line of JSON."""

import argparse
import asyncio
import json
import logging
import time

from kademlia.network import Server


async def main(options):
    logging.disable(logging.CRITICAL)
    began = time.perf_counter()
    nodes = []
    for number in range(options.nodes):
        node = Server()
        await node.listen(options.port + number, interface="127.0.0.1")
        nodes.append(node)
    for number, node in enumerate(nodes[1:], 1):
        await node.bootstrap([("127.0.0.1", options.port)])
    start_up = time.perf_counter() - began

    store, get, lost = [], [], 0
    for number in range(options.providers):
        begin = time.perf_counter()
        await nodes[number].set(f"service-{number}", f"node-{number}")
        store.append(time.perf_counter() - begin)
    for finder in range(options.finders):
        for number in range(10):
            begin = time.perf_counter()
            found = await nodes[options.nodes - 1 - finder].get(f"service-{(finder + number * 11) % options.providers}")
            get.append(time.perf_counter() - begin)
            lost += found is None

    def at(values, share):
        return sorted(values)[int((len(values) - 1) * share)] * 1000

    print(json.dumps({
        "nodes": options.nodes, "start_up_s": start_up, "store_p50_ms": at(store, 0.5), "get_p50_ms": at(get, 0.5),
        "get_p99_ms": at(get, 0.99), "lost": lost}))
    for node in nodes:
        node.stop()


parser = argparse.ArgumentParser()
parser.add_argument("--nodes", type=int, default=1024)
parser.add_argument("--providers", type=int, default=100)
parser.add_argument("--finders", type=int, default=50)
parser.add_argument("--port", type=int, default=20_000)
asyncio.run(main(parser.parse_args()))
