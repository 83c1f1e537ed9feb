"""openai_client.py WORKER_URL SERVICE: the openai package, streamed and not, against a service of the mesh. Prints one JSON line."""

import json
import sys

from openai import OpenAI

base, service = sys.argv[1:]
client = OpenAI(base_url=f"{base}/service/{service}/v1", api_key="not-a-secret", max_retries=0, timeout=30)
messages = [{"role": "user", "content": "ping"}]
whole = client.chat.completions.create(model="tiny", messages=messages)
pieces = [chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(model="tiny", messages=messages, stream=True)]
print(json.dumps({"whole": whole.choices[0].message.content, "streamed": "".join(pieces), "chunks": len(pieces)}))
