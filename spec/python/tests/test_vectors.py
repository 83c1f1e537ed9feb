"""The vectors of spec/vectors, and files that are no vectors."""

import json
import tempfile
import unittest
from pathlib import Path

from wiremesh_reference import vectors

FOLDER = Path(__file__).parents[2] / "vectors"


class Vectors(unittest.TestCase):
    def test_all(self) -> None:
        count, complaints = vectors.check(FOLDER)
        self.assertEqual(complaints, [])
        self.assertGreater(count, 2000)

    def test_a_result_that_is_wrong_is_seen_with_its_line(self) -> None:
        text = (FOLDER / "tlv.json").read_text()
        content = json.loads(text)
        for change in (
            {"output": {"fields": [{"type": 2, "value": 2}]}}, {"error": "truncated"}, {"surprise": 1}, {"input": {"strange": ""}},
        ):
            wrong = [dict(vector) for vector in content["vectors"]]
            wrong[1].pop("output", None)
            wrong[1] |= change
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "x.json"
                file.write_text(json.dumps({**content, "vectors": wrong}, indent=2) + "\n")
                count, complaints = vectors.check(Path(folder))
            self.assertEqual((count, len(complaints)), (len(wrong), 1), complaints)
            self.assertRegex(complaints[0], r'x\.json:\d+: "id": "one"')

    def test_files_that_are_no_vectors(self) -> None:
        for text in ("", "[]", "{", '{"description": "", "kind": "?", "vectors": []}', '{"kind": "tlv"}'):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "x.json").write_text(text)
                self.assertEqual(len(vectors.check(Path(folder))[1]), 1, text)

    def test_writing_anew_changes_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for file in vectors.files(FOLDER):
                (Path(folder) / file.name).write_text(file.read_text())
            vectors.regenerate(Path(folder))
            for file in vectors.files(FOLDER):
                self.assertEqual((Path(folder) / file.name).read_text(), file.read_text(), file.name)


if __name__ == "__main__":
    unittest.main()
