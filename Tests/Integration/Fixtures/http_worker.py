"""http_worker.py COORDINATOR_URL WORKER_ID SERVICE: a worker as the replaced system had them, over HTTP only, standard library only.

Registers, beats, and answers POST /service/SERVICE with what it was given. A line "forward SERVICE JSON" on stdin makes it discover a
service and post to the recommended worker's tunnel_url. Writes one JSON line per thing that happens.
"""

import json
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

coordinator, worker_id, service = sys.argv[1:]


def say(event, **values):
    print(json.dumps({"event": event, "at": time.time(), **values}), flush=True)


def call(url, value=None):
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = json.dumps({"worker": worker_id, "path": self.path, "got": json.loads(body or b"null")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
registered = call(f"{coordinator}/api/worker/register", {
    "worker_id": worker_id, "tunnel_url": f"http://127.0.0.1:{server.server_port}", "capabilities": {"has_gpu": False, "worker_type": "cpu"},
    "services": [{"name": service, "port": server.server_port}]})
say("registered", answer=registered)
say("beat", answer=call(f"{coordinator}/api/worker/heartbeat", {"worker_id": worker_id, "status": "healthy", "current_load": 0.25}))
for line in sys.stdin:
    verb, name, body = line.split(" ", 2)
    found = call(f"{coordinator}/api/services/discover/{name}")
    chosen = next(worker for worker in found["workers"] if worker["worker_id"] == found["recommended"])
    say("forwarded", answer=call(f"{chosen['tunnel_url']}/service/{name}", json.loads(body)), via=chosen["tunnel_url"])
