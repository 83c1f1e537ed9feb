"""Plays clients and workers of the replaced system against a coordinator, and compares what it says key for key.

usage: coordinator_contract.py URL. Exits with a traceback at the first difference.
"""

import http.server
import json
import re
import sys
import threading
import time

import httpx

STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")
DISCOVERED = {"worker_id", "tunnel_url", "vpn_ip", "capabilities", "load", "last_heartbeat", "location"}
RECORD = {
    "worker_id", "tunnel_url", "capabilities", "worker_type", "tier", "assigned_services", "services", "containers", "registered_at",
    "last_heartbeat", "status", "tasks_completed", "current_load", "available_memory", "loaded_models", "active_requests",
    "gpu_utilization", "services_status",
}  # fmt: skip
GPU = {
    "has_gpu": True, "gpu_type": "NVIDIA GeForce RTX 3090", "gpu_memory": 24.0, "count": 1, "none": None,
    "nested": {"b": [1, {"a": 2.50}], "text": "ü\"\n", "a": False}, "list": ["x", 1],
}  # fmt: skip


class Worker(http.server.BaseHTTPRequestHandler):
    """A worker of the replaced system, as far as others see it."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **fields):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "healthy", "worker_id": self.server.name})
        else:
            self.answer(404, {"detail": "Not Found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, {"worker": self.server.name, "path": self.path, "echo": body.decode()})

    def log_message(self, *_):
        pass


def serve(name, port=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Worker)
    server.name = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def url_of(server):
    return f"http://127.0.0.1:{server.server_address[1]}"


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def has_keys(value, keys):
    assert keys <= value.keys(), f"missing {keys - value.keys()} in {value}"


def stamp(text):
    assert STAMP.match(text), text
    return text


def ask(client, method, path, status=200, **kwargs):
    response = client.request(method, path, **kwargs)
    assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
    assert response.headers["content-type"] == "application/json", response.headers
    return response.json()


def eventually(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def register(client, name, server, status=200, **more):
    body = {"worker_id": name, "tunnel_url": url_of(server), "capabilities": {}} | more
    return ask(client, "POST", "/api/worker/register", status, json=body)


def discover(client, service):
    return ask(client, "GET", f"/api/services/discover/{service}")


def empty(client):
    answer = ask(client, "GET", "/api/services/list")
    stamp(answer.pop("timestamp"))
    same(answer, {"services": {}, "total_available": 0})
    answer = ask(client, "GET", "/api/services/discover/llm-inference", 503)
    same(answer, {"detail": "No healthy workers found for service: llm-inference", "known": True})
    answer = ask(client, "GET", "/api/services/discover/no%20such%2Fthing", 503)
    same(answer, {"detail": "No healthy workers found for service: no such/thing", "known": False})
    same(ask(client, "GET", "/api/admin/services"), {"services": [], "total_services": 0})
    same(ask(client, "GET", "/api/admin/workers"), {"workers": [], "total": 0, "healthy": 0})
    answer = ask(client, "GET", "/health")
    has_keys(answer, {"status", "coordinator", "timestamp", "workers"})
    same(answer["status"], "healthy")
    same(answer["workers"], {"total": 0, "active": 0, "stale": 0})


def gaps(client):
    answer = ask(client, "GET", "/api/admin/gaps")
    same(answer["critical_gaps"], 14)
    same(answer["warnings"], 0)
    same(answer["summary"], {"total_services": 14, "covered": 0, "needs_attention": 14})
    keys = {"service": "llm-inference", "required_type": "gpu", "priority": 1, "current_workers": 0, "status": "critical", "port": 8105}
    same(answer["gaps"][0], keys)
    same([gap["priority"] for gap in answer["gaps"]], sorted(gap["priority"] for gap in answer["gaps"]))


def membership(client, one, two):
    answer = register(client, "edge-local-worker", one, capabilities=GPU)
    same(answer["status"], "registered")
    same(answer["worker_type"], "gpu")
    same(answer["tier"], 1)
    same(answer["assigned_services"][:3], ["llm-inference", "vision-ocr", "rag-embeddings"])
    same(set(answer["assigned_services"]) >= {"ner-extraction", "document-processing", "notes-coa"}, True)
    same(answer["service_configs"][0], {"name": "llm-inference", "port": 8105, "priority": 1})
    has_keys(answer, {"worker_id", "message"})

    answer = register(
        client, "second", two, services=[{"name": "llm-inference", "model": "x"}, {"name": "own-service"}],
        containers=[{"id": "c", "ports": [1, 2]}], vpn_ip="10.8.0.2", region="eu")  # fmt: skip
    same(answer["worker_type"], "cpu")
    same(answer["tier"], 3)
    same(answer["assigned_services"], ["llm-inference", "own-service"])
    same(answer["service_configs"], [{"name": "llm-inference", "port": 8105, "priority": 1}])

    answer = ask(client, "GET", "/api/services/list")
    same(answer["services"]["llm-inference"], {"name": "llm-inference", "healthy_workers": 2, "tier": 1, "requires": "gpu"})
    same(answer["services"]["own-service"], {"name": "own-service", "healthy_workers": 1, "tier": 0, "requires": "unknown"})
    same(answer["total_available"], len(answer["services"]))


def discovery(client, one):
    answer = discover(client, "llm-inference")
    same(answer.keys(), {"service", "workers", "count", "recommended"})
    same(answer["count"], 2)
    same(answer["recommended"], answer["workers"][0]["worker_id"])
    workers = {worker["worker_id"]: worker for worker in answer["workers"]}
    first = workers["edge-local-worker"]
    has_keys(first, DISCOVERED)
    same(first["tunnel_url"], url_of(one))
    same(first["capabilities"], GPU)
    same(first["vpn_ip"], None)
    same(first["load"], 0.0)
    stamp(first["last_heartbeat"])
    same(workers["second"]["vpn_ip"], "10.8.0.2")
    same(workers["second"]["location"]["region"], "eu")
    same(first["location"].keys(), {"region", "latency_ms"})

    answer = ask(client, "GET", "/api/services/discover/llm-inference?limit=1")
    same((answer["count"], len(answer["workers"]), answer["total"]), (1, 1, 2))
    for limit in ["0", "-1", "x", "", "1.5", "99999999999999999999"]:
        answer = ask(client, "GET", f"/api/services/discover/llm-inference?limit={limit}", 422)
        same(answer["detail"][0]["loc"], ["query", "limit"])
    answer = ask(client, "GET", "/api/services/discover/llm-inference?region=eu")
    same(answer["recommended"], "second")


def loads(client):
    beat = {
        "worker_id": "edge-local-worker", "status": "degraded", "current_load": 0.75, "available_memory": 1024.5,
        "loaded_models": ["a", "b"], "active_requests": 3, "gpu_utilization": 12.5, "services_status": {"llm-inference": {"up": True}},
        "specialization": "nlp",
    }  # fmt: skip
    same(ask(client, "POST", "/api/worker/heartbeat", json=beat), {"status": "ok"})
    same(ask(client, "POST", "/api/worker/heartbeat", json={"worker_id": "second"}), {"status": "ok"})
    answer = discover(client, "llm-inference")
    same([worker["load"] for worker in answer["workers"]], [0.0, 0.75])
    same(answer["recommended"], "second")

    answer = ask(client, "GET", "/api/coordinator/workers")
    stamp(answer["timestamp"])
    same(answer["count"], 2)
    record = next(worker for worker in answer["workers"] if worker["worker_id"] == "edge-local-worker")
    has_keys(record, RECORD)
    for name, value in beat.items():
        same(record[name], value)
    stamp(record["registered_at"])
    second = next(worker for worker in answer["workers"] if worker["worker_id"] == "second")
    same(second["services"], [{"name": "llm-inference", "model": "x"}, {"name": "own-service"}])
    same(second["containers"], [{"id": "c", "ports": [1, 2]}])
    same(second["status"], "online")
    same(second["loaded_models"], [])
    same(second["available_memory"], None)


def administration(client):
    answer = ask(client, "GET", "/api/admin/workers")
    same((answer["total"], answer["healthy"]), (2, 2))
    for worker in answer["workers"]:
        has_keys(worker, RECORD | {"age_seconds", "is_healthy"})
        same(worker["is_healthy"], True)
        assert 0 <= worker["age_seconds"] < 60
    answer = ask(client, "GET", "/api/admin/services")
    own = next(service for service in answer["services"] if service["name"] == "own-service")
    same(own, {"name": "own-service", "workers": ["second"], "worker_count": 1})
    same(answer["total_services"], len(answer["services"]))
    answer = ask(client, "GET", "/api/admin/gaps")
    status = {gap["service"]: (gap["current_workers"], gap["status"]) for gap in answer["gaps"]}
    same(status["llm-inference"], (2, "ok"))
    same(status["vision-ocr"], (1, "warning"))
    same(status["redis"], (0, "critical"))
    order = [{"critical": 0, "warning": 1, "ok": 2}[gap["status"]] for gap in answer["gaps"]]
    same(order, sorted(order))


def health_check(client, two):
    check = "/api/services/health-check"
    answer = ask(client, "POST", check, json={"service": "llm-inference", "worker_id": "second"})
    same(answer.keys(), {"service", "worker_id", "healthy", "latency_ms", "checked_at", "detail"})
    same((answer["service"], answer["worker_id"], answer["healthy"], answer["detail"]), ("llm-inference", "second", True, None))
    assert answer["latency_ms"] > 0
    stamp(answer["checked_at"])

    port = two.server_address[1]
    two.shutdown()
    two.server_close()
    answer = ask(client, "POST", f"{check}?service=llm-inference&worker_id=second")
    same((answer["healthy"], answer["latency_ms"]), (False, None))
    assert answer["detail"], answer
    same(discover(client, "llm-inference")["count"], 1)
    same(discover(client, "own-service")["recommended"], "second")

    two = serve("second", port)
    answer = ask(client, "POST", f"{check}?service=llm-inference", json={"worker_id": "second"})
    same(answer["healthy"], True)
    same(discover(client, "llm-inference")["count"], 2)

    same(ask(client, "POST", f"{check}?service=x&worker_id=nobody", 404), {"detail": "Worker not found"})
    has_keys(ask(client, "POST", f"{check}?service=x&worker_id=second", 404), {"detail"})
    answer = ask(client, "POST", check, 422)
    same([problem["loc"] for problem in answer["detail"]], [["query", "service"], ["query", "worker_id"]])
    answer = ask(client, "POST", check, 422, json={"service": "x"})
    same(answer["detail"][0]["loc"], ["body", "worker_id"])
    return two


def refusals(client, two):
    paths = ["/api/worker/register", "/api/worker/heartbeat"]
    for path in paths:
        answer = ask(client, "POST", path, 422, content=b'{"worker_id":', headers={"content-type": "application/json"})
        same(answer["detail"][0]["type"], "json_invalid")
        same(answer["detail"][0]["loc"][0], "body")
        has_keys(answer["detail"][0], {"type", "loc", "msg", "input"})
        same(ask(client, "POST", path, 422)["detail"][0], {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None})
        answer = ask(client, "POST", path, 422, json={"tunnel_url": "http://x", "capabilities": {}})
        same(answer["detail"][0]["type"], "missing")
        same(answer["detail"][0]["loc"], ["body", "worker_id"])
        same(ask(client, "POST", path, 422, json=[1])["detail"][0]["type"], "model_attributes_type")
        answer = ask(client, "POST", path, 422, content=b"worker_id=x", headers={"content-type": "application/x-www-form-urlencoded"})
        same(answer["detail"][0]["input"], "worker_id=x")
        ask(client, "POST", path, 413, json={"worker_id": "x" * 300_000})
        ask(client, "POST", path, 413, json={"worker_id": "x" * 5_000_000})
        ask(client, "POST", path, 422, content=b"[" * 100_000, headers={"content-type": "application/json"})
    wrong = {"worker_id": 5, "tunnel_url": ["x"], "capabilities": "y", "services": [1], "containers": {}, "vpn_ip": 1}
    answer = ask(client, "POST", "/api/worker/register", 422, json=wrong)
    same({tuple(problem["loc"]) for problem in answer["detail"]}, {
        ("body", "worker_id"), ("body", "tunnel_url"), ("body", "capabilities"), ("body", "services", 0), ("body", "containers"),
        ("body", "vpn_ip")})  # fmt: skip
    for tunnel in ["", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://0.0.0.0:1", "file:///etc/passwd", "http://x y"]:
        answer = ask(client, "POST", "/api/worker/register", 422, json={"worker_id": "x", "tunnel_url": tunnel, "capabilities": {}})
        same(answer["detail"][0]["loc"], ["body", "tunnel_url"])
    # Deployed workers nest lists of models: 16 KiB of JSON in one capability.
    large = {"models": ["m" * 62] * 250}
    register(client, "large", two, capabilities=large, services=[{"name": "large-service"}])
    same(discover(client, "large-service")["workers"][0]["capabilities"], large)
    same(ask(client, "DELETE", "/api/worker/unregister/large")["status"], "ok")
    has_keys(register(client, "large", two, 400, capabilities={"models": ["m" * 62] * 300}), {"detail"})
    for name in ["", "a b", "../x", "x" * 129, "ü"]:
        body = {"worker_id": name, "tunnel_url": "http://127.0.0.1:1", "capabilities": {}}
        has_keys(ask(client, "POST", "/api/worker/register", 400, json=body), {"detail"})
    same(ask(client, "GET", "/api/worker/nothing", 404), {"detail": "Not Found"})
    same(ask(client, "GET", "/", 404), {"detail": "Not Found"})
    same(ask(client, "GET", "/api/services/list/", 200)["total_available"] > 0, True)
    for path in ["/service/a%20b", "/service/%ff/x", "/worker/x/service/%2e%2e%2f"]:
        has_keys(ask(client, "POST", path, 404), {"error", "service", "message", "detail"})
    for path in ["/api/services/list", "/api/services/discover/llm-inference/", "/health", "/openapi.json"]:
        response = client.head(path)
        same((response.status_code, response.content), (200, b""))
        assert int(response.headers["content-length"]) > 0, path
    wrong = [
        ("GET", "/api/worker/register"), ("POST", "/api/services/list"), ("DELETE", "/health"), ("PUT", "/metrics"),
        ("POST", "/api/services/discover/x"), ("GET", "/api/worker/unregister/x"), ("PATCH", "/openapi.json"),
    ]  # fmt: skip
    for method, path in wrong:
        response = client.request(method, path)
        same((response.status_code, response.json()), (405, {"detail": "Method Not Allowed"}))
        assert response.headers["allow"], path


def others(client):
    answer = ask(client, "GET", "/api/dht/bootstrap")
    stamp(answer.pop("timestamp"))
    # The coordinator is a member of the DHT; the workers of this run speak HTTP only.
    same([set(seed) for seed in answer["seeds"]], [{"worker_id", "tunnel_url", "dht_port"}])
    same(answer["seed_count"], 1)
    answer = ask(client, "GET", "/api/dht/stats")
    same((answer["dht_enabled"], answer["coordinator_count"], len(answer["coordinators"])), (True, 1, 1))
    same((answer["local_workers"], answer["healthy_workers"]), (2, 2))
    answer = ask(client, "GET", "/api/dht/topology")
    same(sorted(node["type"] for node in answer["nodes"]), ["coordinator", "worker", "worker"])
    same(answer["edges"], [])
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4"), response.headers
    lines = response.text.splitlines()
    for line in ["coordinator_workers_total 2", "coordinator_workers_active 2", "# TYPE coordinator_services_total gauge"]:
        assert line in lines, response.text
    same(client.get("/healthz").status_code, 200)
    same(client.get("/readyz").status_code, 200)


def leaving(client):
    same(ask(client, "DELETE", "/api/worker/unregister/second"), {"status": "ok", "message": "Worker unregistered"})
    same(ask(client, "DELETE", "/api/worker/unregister/second", 404), {"detail": "Worker not found"})
    same(ask(client, "POST", "/api/worker/heartbeat", 404, json={"worker_id": "second"}), {"detail": "Worker not found"})
    same(discover(client, "llm-inference")["count"], 1)
    answer = ask(client, "GET", "/api/services/discover/own-service", 503)
    same(answer["known"], True)


def main(url):
    one, two = serve("edge-local-worker"), serve("second")
    with httpx.Client(base_url=url, timeout=30) as client:
        empty(client)
        gaps(client)
        membership(client, one, two)
        discovery(client, one)
        loads(client)
        administration(client)
        two = health_check(client, two)
        refusals(client, two)
        others(client)
        leaving(client)


main(sys.argv[1])
