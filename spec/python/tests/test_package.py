"""What README.md says of the package and the example: it can be installed and its worker works, and the example is short."""

import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
import unittest
import venv
from importlib.util import find_spec
from pathlib import Path

from support import BINARY, PATIENCE, Mesh

HERE = Path(__file__).resolve().parents[1]
EXAMPLE = HERE.parent / "examples" / "minimal.py"


def copy_package(folder: str) -> Path:
    """The package in a folder where building may leave what it likes."""
    return Path(shutil.copytree(HERE, Path(folder) / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


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
            source, built = copy_package(folder), Path(folder) / "built"
            command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "build", "--build-lib", str(built)]
            subprocess.run(command, cwd=source, check=True, capture_output=True)
            files = {file.relative_to(built) for file in built.rglob("*.*")}
            expected = {file.relative_to(HERE) for file in HERE.glob("wiremesh_reference/**/*.py")}
            data = {Path("wiremesh_reference/py.typed"), Path("wiremesh_reference/vectors/schema.json")}
            self.assertEqual(files, expected | data)

    def test_the_example_is_short(self) -> None:
        self.assertLess(len(EXAMPLE.read_text().splitlines()), 200)


@unittest.skipUnless(BINARY and find_spec("pip") and find_spec("setuptools"), "needs WIREMESH, pip and setuptools")
class Installed(unittest.TestCase):
    """The package as pip installs it, in an environment of its own."""

    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        venv.create(f"{folder}/venv", symlinks=True)
        self.bin = Path(folder) / "venv" / "bin"
        self.variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        # What it brings along comes from here, so that no network is needed: pynacl and lz4, and what builds it.
        packages = subprocess.run(
            [self.bin / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
        ).stdout.strip()
        (Path(packages) / "around.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(self.bin / "python")]
        install = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", str(copy_package(folder))]
        subprocess.run([*pip, *install], check=True, capture_output=True, env=self.variables, cwd=folder)
        self.mesh = Mesh()
        self.addCleanup(self.mesh.close)

    def command(self, *arguments: str) -> str:
        """What the package's own command prints as a member of the mesh."""
        member = ["--name", "caller", "--join", self.mesh.token, "--data", str(self.mesh.path("caller.json"))]
        command = [self.bin / "wiremesh-reference", arguments[0], *member, *arguments[1:]]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self.variables, timeout=PATIENCE).stdout

    def test_the_worker_of_the_readme(self) -> None:
        program = (HERE / "README.md").read_text().split("```python\n")[1].split("```")[0]
        self.assertLessEqual(len([line for line in program.splitlines() if line]), 10)
        with self.mesh.path("worker.log").open("w") as log:
            worker = subprocess.Popen(
                [self.bin / "python", "-I", "-c", program.replace("wmj1_…", self.mesh.token)], stdout=log, stderr=log,
                env={**self.variables, "XDG_STATE_HOME": self.mesh.folder.name}, cwd=self.mesh.folder.name,
            )
        try:
            end = time.monotonic() + PATIENCE
            while "shout" not in self.command("services"):
                self.assertIsNone(worker.poll(), self.mesh.path("worker.log").read_text())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.2)
            self.assertEqual(self.command("call", "shout", "hello"), "HELLO")
            worker.terminate()
            self.assertEqual(worker.wait(PATIENCE), 0, self.mesh.path("worker.log").read_text())
        finally:
            worker.kill()
            worker.wait()


if __name__ == "__main__":
    unittest.main()
