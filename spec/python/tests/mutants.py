"""Workers that are broken on purpose, one rule each: `python mutants.py NAME serve …` runs one (`none`: one that is not broken),
`python mutants.py list` names all.

A runner that is worth something finds each of them. Nothing of this is part of the package.
"""

from __future__ import annotations

import sys

import mutants_above
import mutants_below
from mutation import MUTANTS
from wiremesh_reference import __main__ as command

__all__ = ["mutants_above", "mutants_below"]


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in (*MUTANTS, "none", "list"):
        print("usage: mutants.py list, or mutants.py NAME serve …", file=sys.stderr)
        return 2
    name = sys.argv.pop(1)
    if name == "list":
        for mutant, (_, clauses) in MUTANTS.items():
            print(mutant, *clauses)
        return 0
    if name != "none":
        MUTANTS[name][0]()
    return command.main()


if __name__ == "__main__":
    sys.exit(main())
