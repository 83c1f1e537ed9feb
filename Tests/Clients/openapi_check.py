"""Checks an OpenAPI document, and that what it describes is there.

usage: openapi_check.py FILE       only the document
       openapi_check.py URL        the document at URL/openapi.json; then every operation is asked once and must answer with a
                                   documented status and a body that fits its schema
Prints how many operations it saw.
"""

import copy
import json
import sys

import httpx
import jsonschema
import openapi_spec_validator

SAMPLES = {"service": "no-such-service", "worker_id": "no-such-worker", "path": "a/b", "limit": "1", "region": "eu",
           "who": "no-such-member", "unasked": "false"}


def check_answer(document, operation, response, where):
    documented = operation["responses"].get(str(response.status_code))
    assert documented, f"{where}: status {response.status_code} is not documented: {response.text}"
    content = documented.get("content", {})
    type_ = response.headers.get("content-type", "").split(";")[0]
    media = content.get(type_) or content.get("*/*")
    assert media or not content, f"{where}: {type_} is not documented"
    if media and type_ == "application/json":
        schema = {"$ref": "#/schema", "schema": media["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(response.json())


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def sample_url(path, operation):
    url, query = path, []
    for parameter in operation.get("parameters", []):
        sample = SAMPLES[parameter["name"]]
        if parameter["in"] == "path":
            url = url.replace("{" + parameter["name"] + "}", sample)
        else:
            query.append(f"{parameter['name']}={sample}")
    assert "{" not in url, f"{path} has parameters that are not described"
    return url + ("?" + "&".join(query) if query else "")


def check_server(url):
    with httpx.Client(base_url=url, timeout=30) as client:
        document = client.get("/openapi.json").json()
        openapi_spec_validator.validate(copy.deepcopy(document))
        count = 0
        for path, method, operation in operations(document):
            where = f"{method.upper()} {path}"
            response = client.request(method, sample_url(path, operation))
            assert response.json() != {"detail": "Not Found"} if response.status_code == 404 else True, f"{where} is not there"
            check_answer(document, operation, response, where)
            count += 1
        identifiers = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(identifiers) == len(set(identifiers)), "operationIds repeat"
        print(count)


def check_file(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    openapi_spec_validator.validate(document)
    print(len(list(operations(document))))


if sys.argv[1].startswith("http"):
    check_server(sys.argv[1])
else:
    check_file(sys.argv[1])
