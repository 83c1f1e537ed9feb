"""Against a live coordinator and worker: WIREMESH names their program; without it these tests are skipped."""

import asyncio
import contextlib
import signal
import sys
import unittest
from collections.abc import AsyncIterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from unittest.mock import patch

from wiremesh_reference import CallError, Client, Code, Reply, Request, Worker, limits
from wiremesh_reference.identity import Certificate
from wiremesh_reference.messages import CHANGED, REMOVED, SNAPSHOT
from wiremesh_reference.node import Node
from wiremesh_reference.tokens import Token

from support import BINARY, PATIENCE, Mesh, curl

PACKAGE = Path(__file__).resolve().parents[1]
EXAMPLE = PACKAGE.parent / "examples" / "minimal.py"


class Server(BaseHTTPRequestHandler):
    """An HTTP server to forward to: echoes, streams, breaks off."""

    protocol_version = "HTTP/1.1"
    gone = Event()

    def do_POST(self) -> None:
        if "content-length" in self.headers:
            body = self.rfile.read(int(self.headers["content-length"]))
        else:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.send_response(201)
        self.send_header("x-path", self.path)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.send_response(200)
        if "/events" not in self.path and "/broken" not in self.path:  # a probe
            self.send_header("content-length", "0")
            self.end_headers()
            return
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"8\r\ndata: x\n\r\n")
                self.wfile.flush()
                if "/broken" in self.path:
                    self.close_connection = True
                    return
                if self.gone.wait(0.01):
                    return
        except OSError:
            self.gone.set()

    def log_message(self, *arguments: object) -> None:
        pass


def describe(worker: Worker) -> None:
    @worker.service("shout")
    async def shout(request: Request) -> str:
        return (await request.text()).upper()

    @worker.service("plain")
    def plain(request: Request) -> Reply:
        return Reply({"path": request.path, "method": request.method, "length": len(request.body)}, status=202, headers={"x-a": "b"})

    @worker.service("mirror")
    async def mirror(request: Request) -> AsyncIterator[bytes]:
        async for chunk in request:
            yield chunk

    @worker.service("forever")
    async def forever(request: Request) -> AsyncIterator[str]:
        try:
            while True:
                yield "tick\n"
                await asyncio.sleep(0.01)
        finally:
            worker.cancelled.set()  # type: ignore[attr-defined]

    @worker.service("broken")
    async def broken(request: Request) -> str:
        raise RuntimeError("on purpose")

    @worker.service("nested")
    async def nested(request: Request) -> bytes:
        assert worker.client
        return await (await worker.client.call("nothing-of-that-name")).read()

    @worker.service("one", limit=1)
    async def one(request: Request) -> str:
        await asyncio.sleep(60)
        return ""


@unittest.skipUnless(BINARY, "WIREMESH does not name the program")
class Live(unittest.IsolatedAsyncioTestCase):
    mesh: Mesh

    @classmethod
    def setUpClass(cls) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        cls.addClassCleanup(server.server_close)
        Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        cls.upstream = f"http://127.0.0.1:{server.server_port}"
        cls.mesh = Mesh()
        cls.addClassCleanup(cls.mesh.close)
        cls.swift = cls.mesh.worker("swift", f"echo={cls.upstream}")

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().slow_callback_duration = PATIENCE  # a busy machine is no fault
        self.worker = Worker("python", join=self.mesh.token, data=self.mesh.path("python.json"), listen="127.0.0.1:0")
        self.worker.cancelled = asyncio.Event()  # type: ignore[attr-defined]
        describe(self.worker)
        self.worker.forward("forwarded", self.upstream + "/base")
        self.serving = asyncio.create_task(self.worker.serve())
        self.client = await Client.join(name="client", join=self.mesh.token, data=self.mesh.path("client.json"))
        await self.until_offered("shout", "echo")

    async def asyncTearDown(self) -> None:
        await self.client.close()
        self.worker.stop()
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(CallError):
                await self.serving

    async def until_offered(self, *services: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while set(services) - {summary.name for summary in await self.client.services()}:
                await asyncio.sleep(0.05)

    async def until_gone(self, service: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while service in {summary.name for summary in await self.client.services()}:
                await asyncio.sleep(0.05)

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        """A program that ends with the test."""
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=PACKAGE)

        async def end() -> None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

        self.addAsyncCleanup(end)
        return process

    async def fails(self, *codes: int, **call: object) -> CallError:
        with self.assertRaises(CallError) as caught:
            answer = await self.client.call(**call)  # type: ignore[arg-type]
            await answer.read()
        self.assertIn(caught.exception.code, codes)
        return caught.exception

    async def test_calls_of_python(self) -> None:
        answer = await self.client.call("shout", "hello")
        self.assertEqual((answer.status, answer.worker, await answer.text()), (200, "python", "HELLO"))
        answer = await self.client.call("plain", b"12345", path="/a?b=c", method="PUT")
        self.assertEqual((answer.status, answer.headers["x-a"]), (202, "b"))
        self.assertEqual(await answer.json(), {"path": "/a?b=c", "method": "PUT", "length": 5})

    async def test_nothing_is_kept_of_a_call_that_was_read(self) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield b"abc"

        for service, body in (("shout", "x"), ("mirror", parts()), ("plain", b"")):
            self.assertTrue(await (await self.client.call(service, body)).read())
        answer = await self.client.call("shout", "y")
        async for _ in answer:
            pass
        await self.fails(Code.UPSTREAM_FAILED, service="forwarded", method="GET", path="/broken")
        await asyncio.sleep(0)  # for the task that sends a request in parts
        self.assertEqual([link.calls for link in self.client.links], [{}])

    async def test_calls_of_the_other_implementation(self) -> None:
        answer = await self.client.call("echo", b"hello", headers={"Content-Length": "5"})
        self.assertEqual((answer.status, answer.worker, await answer.read()), (201, "swift", b"hello"))

    async def test_large_bodies_both_ways(self) -> None:
        body = bytes(range(256)) * 20_000

        async def parts() -> AsyncIterator[bytes]:
            for i in range(0, len(body), 100_000):
                yield body[i : i + 100_000]

        for service in ("mirror", "echo", "forwarded"):
            answer = await self.client.call(service, parts())
            self.assertEqual(await answer.read(), body)

    async def test_through_the_http_front(self) -> None:
        self.assertEqual(await curl(f"http://{self.swift}/service/shout", "-d", "abc"), (0, b"ABC"))
        _, out = await curl(f"http://{self.swift}/service/forwarded/x?y=z", "-d", "abc", "-i")
        self.assertIn(b" 201 ", out)
        self.assertIn(b"x-path: /base/x?y=z", out)
        _, out = await curl(f"http://{self.mesh.http}/service/shout", "-d", "abc")
        self.assertEqual(out, b"ABC")
        with self.assertLogs("wiremesh", "ERROR"):
            _, out = await curl(f"http://{self.swift}/service/broken", "-d", "", "-w", "%{http_code}", "-o", "/dev/null")
        self.assertEqual(out, b"502")

    async def test_by_relay(self) -> None:
        """Workers of both implementations that nobody can dial, and callers of both."""  # RELAY-1.2, RELAY-3.1
        nowhere = "127.0.0.1:1"
        await asyncio.to_thread(self.mesh.worker, "hidden-swift", f"far-echo={self.upstream}", advertise=nowhere)
        hidden = Worker("hidden-python", join=self.mesh.token, data=self.mesh.path("hidden.json"), listen="127.0.0.1:0", advertise=nowhere)

        @hidden.service("far-mirror")
        async def mirror(request: Request) -> AsyncIterator[bytes]:
            async for chunk in request:
                yield chunk

        serving = asyncio.create_task(hidden.serve())
        try:
            await self.until_offered("far-echo", "far-mirror")
            body = bytes(range(256)) * 8_000
            for service in ("far-echo", "far-mirror"):
                self.assertEqual(await (await self.client.call(service, body)).read(), body)
                _, out = await curl(f"http://{self.swift}/service/{service}", "-d", "abc", "-i")
                self.assertIn(b"wiremesh-route: relay", out.lower())
                self.assertTrue(out.endswith(b"abc"), out)
            self.assertTrue(all(link.relayed for link in self.client.links))
        finally:
            hidden.stop()
            async with asyncio.timeout(PATIENCE):
                await serving

    async def test_events_as_they_come_and_cancel(self) -> None:
        for service in ("forever", "forwarded"):
            Server.gone.clear()
            async with await self.client.call(service, method="GET", path="/events") as answer:
                count = 0
                async for _ in answer:
                    count += 1
                    if count == 5:
                        break
            if service == "forever":
                async with asyncio.timeout(PATIENCE):
                    await self.worker.cancelled.wait()  # type: ignore[attr-defined]
            else:
                self.assertTrue(await asyncio.to_thread(Server.gone.wait, PATIENCE))

    async def test_a_client_of_the_front_that_goes_away(self) -> None:
        url = f"http://{self.swift}/service/forever"
        process = await self.start("curl", "-sN", url, "-d", "")
        assert process.stdout
        self.assertEqual(await process.stdout.readline(), b"tick\n")
        process.kill()
        async with asyncio.timeout(PATIENCE):
            await self.worker.cancelled.wait()  # type: ignore[attr-defined]

    async def test_failures(self) -> None:
        await self.fails(Code.NOT_FOUND, service="nothing-of-that-name")
        with self.assertLogs("wiremesh", "ERROR"):
            await self.fails(Code.INTERNAL_ERROR, service="broken")
        await self.fails(Code.NOT_FOUND & 0x7FFF, service="nested")  # it may have had an effect before it called
        await self.fails(Code.UPSTREAM_FAILED, service="forwarded", method="GET", path="/broken")
        await self.fails(Code.DEADLINE_EXCEEDED, service="one", timeout=0.2)

    async def test_its_limit(self) -> None:
        busy = asyncio.create_task(self.client.call("one"))
        async with asyncio.timeout(PATIENCE):
            while not self.worker.services["one"].in_flight:
                await asyncio.sleep(0.01)
        error = await self.fails(Code.OVERLOADED, service="one")
        self.assertEqual(error.retry_after, 1)
        busy.cancel()

    async def test_a_worker_calls_another(self) -> None:
        assert self.worker.client
        answer = await self.worker.client.call("echo", b"x", headers={"content-length": "1"})
        self.assertEqual(await answer.read(), b"x")

    async def test_a_link_whose_ids_end_is_replaced(self) -> None:
        await (await self.client.call("shout", "x")).read()
        worker, coordinator = self.client.links[0], await self.client.coordinator()
        for old in (worker, coordinator):
            old.link.next_id = limits.LAST_STREAM - 1
        for _ in range(3):
            self.assertEqual(await (await self.client.call("shout", "x")).read(), b"X")
        self.assertNotIn(worker, self.client.links)
        self.assertIsNot(await self.client.coordinator(), coordinator)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(worker.wait_closed(), coordinator.wait_closed())

    async def test_watch(self) -> None:
        events = self.client.watch(("fleeting",))
        self.assertEqual((await anext(events)).kind, SNAPSHOT)
        other = Worker("fleeting", join=self.mesh.token, data=self.mesh.path("fleeting.json"), listen="127.0.0.1:0")
        other.service("fleeting")(lambda request: "x")
        serving = asyncio.create_task(other.serve())
        async with asyncio.timeout(PATIENCE):
            while (event := await anext(events)).kind != CHANGED:
                pass
            assert event.record
            self.assertEqual(event.record.name, "fleeting")
            other.stop()
            while (event := await anext(events)).kind != REMOVED:
                pass
        self.assertEqual(event.name, "fleeting")
        await serving
        await events.aclose()  # type: ignore[attr-defined]

    async def test_renewal_and_a_second_start(self) -> None:
        before = self.client.node.certified.serial
        await self.client.renew()
        self.assertGreater(self.client.node.certified.serial, before)
        again = await Client.join(name="client", data=self.mesh.path("client.json"))
        self.assertGreater(again.node.boot_epoch, self.client.node.boot_epoch)

    async def test_a_start_with_an_old_certificate(self) -> None:
        before = self.client.node.certified.serial
        again = await Client.join(name="client", data=self.mesh.path("client.json"))
        await self.client.close()
        with patch.object(Certificate, "renewal_due", return_value=True):
            await again.services()
        await again.close()
        kept = Node.load(self.mesh.path("client.json"))
        self.assertGreater(kept.certified.serial, before)
        self.assertEqual(kept.certified, again.node.certified)

    async def test_ping(self) -> None:
        link = await self.client.coordinator()
        async with asyncio.timeout(PATIENCE):
            self.assertGreater(await link.ping(), 0)

    async def test_a_token_that_is_not_known(self) -> None:
        token = Token.parse(self.mesh.token)
        for wrong in (replace(token, secret=b"?" * 32), replace(token, id=b"?" * 16)):
            with self.assertRaises(CallError):
                await Client.join(name="nobody", join=wrong.text, data=self.mesh.path("nobody.json"))

    async def test_a_name_that_is_taken(self) -> None:
        with self.assertLogs("wiremesh", "WARNING") as logs:
            with self.assertRaises(CallError) as caught:
                await Client.join(name="python", join=self.mesh.token, data=self.mesh.path("thief.json"))
            async with asyncio.timeout(PATIENCE):  # its owner is told
                while not any("asked for the name python" in line for line in logs.output):
                    await asyncio.sleep(0.05)
        self.assertEqual(caught.exception.code, Code.NAME_TAKEN)

    async def test_the_command_serves_and_leaves(self) -> None:
        process = await self.start(
            sys.executable, "-m", "wiremesh_reference", "serve", "--name", "command", "--join", self.mesh.token,
            "--data", str(self.mesh.path("command.json")), "--listen", "127.0.0.1:0", "commanded=wiremesh_reference.worker:echo",
        )
        await self.until_offered("commanded")
        answer = await self.client.call("commanded", b"x")
        self.assertEqual(await answer.read(), b"x")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            self.assertEqual(await process.wait(), 0)
        await self.until_gone("commanded")

    @unittest.skipUnless(find_spec("noise"), "noiseprotocol is not installed")
    async def test_the_smallest_client(self) -> None:
        process = await self.start(sys.executable, str(EXAMPLE), self.mesh.token, "shout", "good day")
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
        self.assertEqual(out, b"python says: GOOD DAY\n")


if __name__ == "__main__":
    unittest.main()
