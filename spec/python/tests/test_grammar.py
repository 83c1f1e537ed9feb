"""spec/grammar.abnf is a grammar, and says of the textual forms what their vectors say."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from abnf import ParseError, Rule

SPEC = Path(__file__).resolve().parents[2]


class Grammar(Rule):
    """The rules of spec/grammar.abnf."""


def matches(rule: str, text: str) -> bool:
    try:
        Grammar(rule).parse_all(text)
    except ParseError:
        return False
    return True


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SPEC / "vectors" / f"{name}.json").read_text())["vectors"]
    return found


class GrammarTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        Grammar.load_grammar("\r\n".join((SPEC / "grammar.abnf").read_text().splitlines()) + "\r\n")

    def test_durations(self) -> None:
        for vector in vectors("durations"):
            text = vector["input"]["text"]
            number_is_zero = not text.rstrip("hms").strip("0") and text[:1] == "0"
            with self.subTest(vector["id"]):
                self.assertEqual(matches("duration", text), "error" not in vector or number_is_zero)

    def test_tokens(self) -> None:
        for vector in vectors("tokens"):
            text, error = vector["input"]["text"].strip(" \t\r\n\v\f"), vector.get("error")
            with self.subTest(vector["id"]):
                if error == "not-a-token":
                    self.assertFalse(matches("token", text))
                elif error != "mistyped-token":  # whose fault may be in the checksum alone
                    self.assertTrue(matches("token", text))

    def test_ids_of_requirements(self) -> None:
        for vector in vectors("frame-rules") + vectors("tlv"):
            for clause in vector["clauses"]:
                self.assertTrue(matches("clause", clause), clause)


if __name__ == "__main__":
    unittest.main()
