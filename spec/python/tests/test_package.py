"""What README.md says of the package and the example: it can be installed, and the example is short."""

import importlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
EXAMPLE = HERE.parent / "examples" / "minimal.py"


class Package(unittest.TestCase):
    def test_every_folder_is_a_package_of_it(self) -> None:
        project = tomllib.loads((HERE / "pyproject.toml").read_text())
        folders = {str(file.parent.relative_to(HERE)).replace("/", ".") for file in HERE.glob("wiremesh_reference/**/*.py")}
        self.assertEqual(set(project["tool"]["setuptools"]["packages"]), folders)
        for target in project["project"]["scripts"].values():
            module, _, function = target.partition(":")
            self.assertTrue(callable(getattr(importlib.import_module(module), function)), target)

    @unittest.skipUnless(find_spec("setuptools"), "needs setuptools")
    def test_what_is_built_is_whole(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source, built = Path(folder) / "source", Path(folder) / "built"
            shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
            command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "build", "--build-lib", str(built)]
            subprocess.run(command, cwd=source, check=True, capture_output=True)
            files = {file.relative_to(built) for file in built.rglob("*.*")}
            expected = {file.relative_to(HERE) for file in HERE.glob("wiremesh_reference/**/*.py")}
            self.assertEqual(files, expected | {Path("wiremesh_reference/py.typed")})

    def test_the_example_is_short(self) -> None:
        self.assertLess(len(EXAMPLE.read_text().splitlines()), 200)


if __name__ == "__main__":
    unittest.main()
