"""The command: python -m wiremesh_reference enrol|serve|call|watch|services|vectors."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import sys
from pathlib import Path

from . import vectors
from .client import Client
from .errors import CallError, WireError, http_status
from .messages import CHANGED, REMOVED
from .node import default_file
from .worker import Worker


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="wiremesh_reference", description="A worker and a client of a Wiremesh.")
    commands = root.add_subparsers(dest="command", required=True)
    member = argparse.ArgumentParser(add_help=False)
    member.add_argument("--name", default="python", help="this node's name in the mesh")
    member.add_argument("--join", metavar="TOKEN", help="a join token, for the first start")
    member.add_argument("--data", type=Path, metavar="FILE", help="where the identity is kept")
    commands.add_parser("enrol", parents=[member], help="join a mesh and keep the identity")
    commands.add_parser("services", parents=[member], help="list the services that have a healthy worker")
    watch = commands.add_parser("watch", parents=[member], help="print changes of the registry as they happen")
    watch.add_argument("service", nargs="*")
    call = commands.add_parser("call", parents=[member], help="call a service and print the answer as it comes")
    call.add_argument("service")
    call.add_argument("body", nargs="?", default="", help="the body, or - for standard input")
    call.add_argument("--path", default="/")
    call.add_argument("--method", default="POST")
    call.add_argument("--worker", default="")
    call.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
    serve = commands.add_parser("serve", parents=[member], help="host services")
    serve.add_argument("service", nargs="+", metavar="NAME=URL", help="an HTTP server's URL, or module:function")
    serve.add_argument("--listen", default="0.0.0.0:0", metavar="ADDR:PORT")
    serve.add_argument("--advertise", metavar="HOST:PORT")
    serve.add_argument("--region", default="")
    serve.add_argument("--zone", default="")
    checks = commands.add_parser("vectors", help="check test vectors, or write their results anew")
    checks.add_argument("action", choices=["check", "regenerate"])
    checks.add_argument("path", type=Path, help="a file, or a folder")
    return root


def serve(options: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    worker = Worker(
        options.name, join=options.join, data=options.data, listen=options.listen, advertise=options.advertise,
        region=options.region, zone=options.zone,
    )
    for item in options.service:
        name, _, target = item.partition("=")
        if target.startswith(("http://", "https://")):
            worker.forward(name, target)
        else:
            module, _, function = target.partition(":")
            worker.service(name)(getattr(importlib.import_module(module), function))
    worker.run()


def run_vectors(options: argparse.Namespace) -> int:
    try:
        report = (vectors.check if options.action == "check" else vectors.regenerate)(options.path)
    except (vectors.Malformed, OSError) as error:
        print(f"wiremesh_reference: {error}", file=sys.stderr)
        return 2
    print(*report.complaints, report, sep="\n")
    return report.code


async def client(options: argparse.Namespace) -> int:
    async with await Client.join(name=options.name, join=options.join, data=options.data) as mesh:
        if options.command == "enrol":
            certificate = mesh.node.certified
            print(f"{certificate.name} {certificate.node_id.hex()} in {options.data or default_file(options.name)}")
        elif options.command == "services":
            for summary in await mesh.services():
                print(f"{summary.name}\t{summary.healthy_workers}")
        elif options.command == "watch":
            async for event in mesh.watch(tuple(options.service)):
                kind = {CHANGED: "changed", REMOVED: "removed"}.get(event.kind, "snapshot")
                names = [event.name] if event.name else [item.name for item in (event.record, *event.records) if item]
                print(event.revision, kind, *names, flush=True)
        elif options.command == "call":
            body = sys.stdin.buffer.read() if options.body == "-" else options.body
            answer = await mesh.call(
                options.service, body, path=options.path, method=options.method, worker=options.worker, timeout=options.timeout
            )
            async with answer:
                async for chunk in answer:
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.buffer.flush()
            return int(answer.status >= 400)
    return 0


def main() -> int:
    options = parser().parse_args()
    try:
        if options.command == "serve":
            serve(options)
            return 0
        if options.command == "vectors":
            return run_vectors(options)
        return asyncio.run(client(options))
    except (CallError, WireError, ValueError) as error:
        status = f" (HTTP {http_status(error.code)})" if isinstance(error, CallError) else ""
        print(f"wiremesh_reference: {error}{status}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
