"""registry.json and the vectors are what their schemas say."""

import json
import unittest
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

SPEC = Path(__file__).parents[2]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


class Schema(unittest.TestCase):
    def test_registry(self) -> None:
        jsonschema.Draft202012Validator(read(SPEC / "registry.schema.json")).validate(read(SPEC / "registry.json"))

    def test_registry_without_a_number(self) -> None:
        validator = jsonschema.Draft202012Validator(read(SPEC / "registry.schema.json"))
        for damage in (lambda r: r.pop("frames"), lambda r: r["limits"][0].pop("value"), lambda r: r.update(more=1)):
            registry = read(SPEC / "registry.json")
            damage(registry)
            self.assertFalse(validator.is_valid(registry))

    def test_vectors(self) -> None:
        validator = jsonschema.Draft202012Validator(read(SPEC / "vectors" / "schema.json"))
        for path in sorted((SPEC / "vectors").glob("*.json")):
            if path.name != "schema.json":
                with self.subTest(path.name):
                    validator.validate(read(path))
