"""Runs all tests of this folder, or those that are named: `python tests/run.py test_live.Live.test_ping`.

What a test prints and logs is shown only where it fails. Besides failures, what nobody closed or waited for fails the run: a socket,
a transport, a process, a task.
"""

import gc
import logging
import sys
import unittest
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Leavings(logging.Handler):
    """What the interpreter and asyncio complain of, in places where no test hears it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        warnings.simplefilter("error", ResourceWarning)
        sys.unraisablehook = lambda left: self.found.append(f"{left.exc_type.__name__}: {left.exc_value}")
        logging.getLogger("asyncio").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


def main() -> int:
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    leavings = Leavings()
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:] else loader.discover(str(HERE))
    result = unittest.TextTestRunner(buffer=True).run(tests)
    gc.collect()
    for text in leavings.found:
        print("LEFT BEHIND:", text, file=sys.stderr)
    return 0 if result.wasSuccessful() and result.testsRun and not leavings.found else 1


if __name__ == "__main__":
    sys.exit(main())
