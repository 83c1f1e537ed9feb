"""WM/1, written from its text: a client library for Python, and a second implementation to hold the first against."""

from .client import Answer, Client
from .errors import CallError, Code, WireError
from .identity import CLIENT, COORDINATOR, RELAY, WORKER

__all__ = ["Answer", "CLIENT", "COORDINATOR", "CallError", "Client", "Code", "RELAY", "WORKER", "WireError"]
