"""How a mutant is made: a function that replaces, after import, what it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wiremesh_reference.errors import Fault, WireError

MUTANTS: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {}


def breaks(*clauses: str, case: str = "") -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Marks a mutant with the requirements that it breaks, and with the case that shows it, where others of them take minutes."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        MUTANTS[function.__name__.replace("_", "-")] = (function, (*clauses, case) if case else clauses)
        return function

    return register


def forgiving(function: Callable[..., Any], fault: Fault, text: str, instead: Any = None) -> Callable[..., Any]:
    """A function that lets one complaint pass."""

    def lenient(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except WireError as error:
            if error.fault is fault and text in str(error):
                return instead
            raise

    return lenient
