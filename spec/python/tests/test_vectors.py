"""The vectors of spec/vectors, files that are none, and what a machine without AES makes of them."""

import io
import json
import sys
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema  # type: ignore[import-untyped]

from wiremesh_reference import __main__ as command
from wiremesh_reference import vectors
from wiremesh_reference.noise import AES, SUITES
from wiremesh_reference.vectors import schema

FOLDER = Path(__file__).parents[2] / "vectors"
DURATIONS = (FOLDER / "durations.json").read_text()


class Vectors(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_command(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of the command."""
        out, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(errors), patch.object(sys, "argv", ["wiremesh_reference", "vectors", *arguments]):
            code = command.main()
        return code, out.getvalue(), errors.getvalue()

    def refused(self, text: str) -> str:
        """Why a file of vectors is refused: one line."""
        file = self.folder / "x.json"
        file.write_text(text)
        code, out, errors = self.run_command("check", str(file))
        self.assertEqual((code, out, errors.count("\n")), (2, "", 1), errors)
        return errors.removeprefix(f"wiremesh_reference: {self.folder}/").strip()

    def test_all(self) -> None:
        report = vectors.check(FOLDER)
        self.assertEqual(report.complaints, [])
        self.assertGreater(report.passed, 2000)
        self.assertEqual(bool(report.skipped), AES.number not in SUITES)

    def test_a_result_that_is_wrong_is_seen_with_its_line(self) -> None:
        content = json.loads((FOLDER / "tlv.json").read_text())
        for change in ({"output": {"fields": [{"type": 2, "value": 2}]}}, {"error": "truncated"}):
            wrong = [dict(vector) for vector in content["vectors"]]
            wrong[1].pop("output", None)
            wrong[1] |= change
            (self.folder / "x.json").write_text(json.dumps({**content, "vectors": wrong}, indent=2) + "\n")
            report = vectors.check(self.folder)
            self.assertEqual((report.passed, len(report.complaints), report.code), (len(wrong) - 1, 1, 1), report.complaints)
            self.assertRegex(report.complaints[0], r'x\.json:\d+: "id": "one"')

    def test_what_is_no_file_of_vectors_is_refused_with_its_line(self) -> None:
        for text, reason in (
            ("", "x.json:1: Expecting value"), ("[]", "x.json:1: the file must be of the type"), ("{", "x.json:1: Expecting"),
            ('{"kind": "tlv"}', 'x.json:1: the field "description" is missing'),
            ('{"description": "",\n "kind": "?", "vectors": [1]}', 'x.json:2: "kind" must be one of'),
            ('{"description": "", "kind": "tlv",\n "vectors": []}', 'x.json:2: "vectors" must have at least 1 elements'),
            ('{"description": "",\n "kind": "tlv",\n "kind": "tlv"}', "x.json:3: a field stands twice"),
            ("[" * 100_000, "x.json:1: nested too deeply"),
        ):
            self.assertTrue(self.refused(text).startswith(reason), (text[:80], self.refused(text)))
        self.assertEqual(self.run_command("check", str(self.folder / "none.json"))[0], 2)
        (self.folder / "x.json").unlink()
        self.assertEqual(self.run_command("check", str(self.folder))[0], 2)

    def test_what_is_wrong_in_a_vector_is_refused_with_its_line_and_its_id(self) -> None:
        lines = DURATIONS.split("\n")
        at = next(place for place, text in enumerate(lines) if '"milliseconds"' in text)
        first = json.loads(DURATIONS)["vectors"][0]["id"]
        for replacement, reason in (
            ('"seconds": 1', 'the field "milliseconds" is missing'), ('"milliseconds": "1"', '"milliseconds" must be of the type "integer"'),
            ('"milliseconds": true', '"milliseconds" must be of the type "integer"'),
            ('"milliseconds": 1,\n"more": 1', 'unknown field "more"'), ('"milliseconds": -1', '"milliseconds" must be at least 0'),
        ):
            text = "\n".join([*lines[:at], replacement, *lines[at + 1 :]])
            self.assertRegex(self.refused(text), rf'^x\.json:({at}|{at + 1}|{at + 2}): the vector "{first}": {reason}$')
        for old, new, reason in (
            ('"bad-value"', '"broken"', '"error" must be a name of registry.json'), ('"error": "bad-value"', '"output": 1', '"output" must be of the type'),
        ):
            self.assertRegex(self.refused(DURATIONS.replace(old, new, 1)), rf'^x\.json:\d+: the vector "[^"]+": {reason}')

    def test_an_id_that_stands_twice_is_refused(self) -> None:
        content = json.loads(DURATIONS)
        content["vectors"].append(content["vectors"][0])
        text = json.dumps(content, indent=2)
        line = text[: text.rindex('"id"')].count("\n")
        self.assertEqual(self.refused(text), f'x.json:{line}: the vector "{content["vectors"][0]["id"]}": the id stands twice')

    def test_damage_is_seen_wherever_a_validator_sees_it(self) -> None:
        counts, forms = [0, 0], set[tuple[str | None, ...]]()
        for file in vectors.files(FOLDER):
            content = json.loads(file.read_text())
            own = {"$ref": f"#/$defs/{content['kind']}", "$defs": schema.SCHEMA["$defs"]}
            validator = jsonschema.Draft202012Validator(own)
            for vector in content["vectors"]:
                shape = vector["input"].get("message") or vector["input"].get("role")
                form = (content["kind"], shape, "output" if "output" in vector else "error")
                if form in forms or len(json.dumps(vector)) > 5_000:
                    continue
                forms.add(form)
                for damaged in damages(vector):
                    text = json.dumps({**content, "vectors": [damaged]})
                    valid = validator.is_valid(damaged)
                    try:
                        schema.read("x", text)
                        self.assertTrue(valid, text[:2000])
                    except schema.Malformed:
                        self.assertFalse(valid, text[:2000])
                    counts[valid] += 1
        self.assertGreater(min(counts), 100)

    def test_a_machine_without_aes_says_what_it_skips(self) -> None:
        self.addCleanup(SUITES.update, dict(SUITES))
        SUITES.pop(AES.number, None)
        code, out, _ = self.run_command("check", str(FOLDER))
        self.assertRegex(out, r"^[0-9]+ passed, 0 failed, [1-9][0-9]* skipped: libsodium has no AES on this processor\n$")
        self.assertEqual(code, 0)
        code, out, _ = self.run_command("check", str(FOLDER / "records-open-aesgcm.json"))
        self.assertTrue(out.startswith("0 passed, 0 failed, "))
        self.assertEqual(code, 127)

    def test_writing_anew_changes_nothing(self) -> None:
        for file in vectors.files(FOLDER):
            (self.folder / file.name).write_text(file.read_text())
        vectors.regenerate(self.folder)
        for file in vectors.files(FOLDER):
            self.assertEqual((self.folder / file.name).read_text(), file.read_text(), file.name)


def damages(value: Any) -> Iterator[Any]:
    """The value with one damage, for every place where there can be one."""
    if isinstance(value, dict):
        yield {**value, "surprise": 1}
        for name in value:
            yield {other: value[other] for other in value if other != name}
            for damaged in damages(value[name]):
                yield {**value, name: damaged}
    elif isinstance(value, list):
        yield []
        for damaged in damages(value[0]) if value else ():
            yield [damaged, *value[1:]]
    yield from (-1, 1.5, "x", True, {})


if __name__ == "__main__":
    unittest.main()
