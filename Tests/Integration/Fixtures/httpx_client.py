"""httpx_client.py WORKER_URL SERVICE: what a program written with httpx does against a worker. Prints one JSON line."""

import json
import sys

import httpx

base, service = sys.argv[1:]
with httpx.Client(base_url=base, timeout=30) as client:
    posted = client.post(f"/service/{service}/seen", json={"hello": "mesh"}, headers={"X-Custom": "kept"})
    uploaded = client.post(f"/service/{service}/sink", content=(b"x" * 65536 for _ in range(64)))
    with client.stream("GET", f"/service/{service}/events?count=5&interval=0.02") as stream:
        lines = [line for line in stream.iter_lines() if line.startswith("data:")]
    missing = client.post("/service/nobody-offers-this", json={})
    refused = client.get(f"/service/{service}/status/418")
    stats = client.get("/stats").json()
print(json.dumps({
    "posted": posted.status_code, "seen": posted.json(), "worker": posted.headers.get("wiremesh-worker"),
    "route": posted.headers.get("wiremesh-route"), "uploaded": uploaded.json()["bytes"], "events": len(lines),
    "event_type": stream.headers["content-type"], "missing": missing.status_code, "detail": missing.json().get("detail"),
    "refused": refused.status_code, "stats": stats}))
