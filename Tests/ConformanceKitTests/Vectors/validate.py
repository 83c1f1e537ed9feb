"""Holds every file of vectors to schema.json, to the one way in which it is written, and to clauses that there are.

Usage: validate.py FOLDER [LEAST]
"""

import json
import pathlib
import re
import sys

import jsonschema

folder = pathlib.Path(sys.argv[1])
schema = json.loads((folder / "schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
documents = "\n".join(path.read_text() for path in folder.parent.glob("*.md"))
known = set(re.findall(r"^([A-Z][A-Z0-9]*-[0-9]+\.[0-9]+) ", documents, re.MULTILINE))
problems = []
total = negative = 0
for path in sorted(folder.glob("*.json")):
    if path.name == "schema.json":
        continue
    text = path.read_text()
    file = json.loads(text)
    problems += [f"{path.name}: {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(file)]
    if json.dumps(file, indent=2) + "\n" != text:
        problems.append(f"{path.name}: not as json.dumps(file, indent=2) writes it")
    if len({vector["id"] for vector in file["vectors"]}) != len(file["vectors"]):
        problems.append(f"{path.name}: an id stands twice")
    used = {clause for vector in file["vectors"] for clause in vector["clauses"]}
    problems += [f"{path.name}: no document has the clause {clause}" for clause in sorted(used - known)]
    total += len(file["vectors"])
    negative += sum("error" in vector for vector in file["vectors"])
if not problems and len(sys.argv) > 2 and total < int(sys.argv[2]):
    problems.append(f"{total} vectors")
if negative * 5 < total * 2:
    problems.append(f"only {negative} of {total} vectors are negative")
sys.exit("\n".join(problems) or None)
