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


def values(form: str) -> list[tuple[dict[str, Any], str]]:
    """The vectors of one field of this encoding, each with the text in it; those that are not UTF-8 are left out."""
    found = []
    for vector in vectors("tlv"):
        data = bytes.fromhex(vector["input"]["stream"])
        if vector["input"]["known"] == [{"type": 2, "form": form}] and data[4:].isascii():
            found.append((vector, data[4:].decode()))
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

    def test_names(self) -> None:
        for vector, text in values("name"):
            with self.subTest(vector["id"]):
                self.assertEqual(matches("name", text), "error" not in vector)

    def test_endpoints(self) -> None:
        told_in_words = {"endpoint-bad-4": "host:65536", "endpoint-bad-12": "[]:1", "endpoint-bad-13": "[host]:1"}  # comments
        for vector, text in values("endpoint"):
            with self.subTest(vector["id"]):
                if vector["id"] in told_in_words:
                    self.assertEqual(text, told_in_words[vector["id"]])
                elif vector.get("error") == "bad-length":
                    self.assertGreater(len(text), 262)
                else:
                    self.assertEqual(matches("endpoint", text), "error" not in vector)

    def test_header_fields(self) -> None:
        seen = 0
        for vector in vectors("heads"):
            for field in vector.get("output", {}).get("head", {}).get("fields", []):
                with self.subTest(vector["id"]):
                    self.assertTrue(matches("field-name", field["name"]))
                    self.assertTrue(matches("field-value", field["value"].encode().decode("latin-1")))
                    seen += 1
        self.assertGreater(seen, 50)
        for text in ("", "a b", "a:", "(a)", "\u00e9", "a\n"):
            self.assertFalse(matches("field-name", text), text)
        for text in ("a\nb", "a\r", "\0", "\x7f"):
            self.assertFalse(matches("field-value", text), text)

    def test_methods(self) -> None:
        for row in json.loads((SPEC / "registry.json").read_text())["methods"]:
            self.assertTrue(matches("method", row["name"]), row["name"])
        for text in ("", "mesh.", "mesh", "Mesh.ping", "mesh.Ping", "mesh.ping2", "mesh.a.b", "other.ping"):
            self.assertFalse(matches("method", text), text)

    def test_tunnel_urls(self) -> None:
        seen = {
            vector["output"]["value"]["tunnel_url"] for vector in vectors("messages")
            if "tunnel_url" in vector.get("output", {}).get("value", {})
        }
        self.assertTrue(seen)
        for text in sorted(seen):
            self.assertTrue(matches("tunnel-url", text), text)
        for text in ("", "http:/a", "HTTP://a", "ftp://a", "http://a b", "https://\u00e9", "https://a\n"):
            self.assertFalse(matches("tunnel-url", text), text)

    def test_ids_of_requirements(self) -> None:
        for vector in vectors("frame-rules") + vectors("tlv"):
            for clause in vector["clauses"]:
                self.assertTrue(matches("clause", clause), clause)


if __name__ == "__main__":
    unittest.main()
