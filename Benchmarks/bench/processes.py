"""Programs under measurement: started, pinned to a core, waited for, and ended with everything they started."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".build-peers"
OURS = ROOT / ".build-bench" / "release"

CLIENT_CORE, SERVER_CORE = 0, 1


def pinned(core, command):
    """The command held to one core; as it is when core is None."""
    command = [str(part) for part in command]
    return command if core is None else ["taskset", "-c", str(core), *command]


def free_port():
    """A port that was free a moment ago, for programs that cannot pick one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A program in the background whose output is kept. Use it as a context: it is ended on the way out."""

    def __init__(self, command, core=None, env=None, cwd=None):
        self.command = [str(part) for part in command]
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            pinned(core, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for(self, pattern, timeout=20):
        """The first match of the pattern in a line of output."""
        deadline, seen = time.monotonic() + timeout, 0
        with self.changed:
            while True:
                while seen < len(self.lines):
                    line = self.lines[seen]
                    seen += 1
                    if line is None:
                        raise RuntimeError(f"{self.command[0]} ended early:\n" + "\n".join(filter(None, self.lines[-20:])))
                    if found := re.search(pattern, line):
                        return found
                if not self.changed.wait(max(0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise RuntimeError(f"{self.command[0]} never said {pattern!r}:\n" + "\n".join(filter(None, self.lines[-20:])))

    def resident_kib(self):
        """Resident memory now, in KiB."""
        return memory_kib(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def memory_kib(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


class Folder:
    """A temporary folder, gone at the end."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="meshbench-"))
        self.path.chmod(0o755)  # nginx's worker is another user
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def output(command, core=None, timeout=300, env=None):
    """What the command prints; an error if it fails."""
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def certificate(folder):
    """A fresh self-signed certificate for localhost and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    output(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert])
    return cert, key
