"""WM/1, written from its text: a client library for Python, and a second implementation to hold the first against."""

from .client import Answer, Client
from .errors import CallError, Code, WireError
from .service import Reply, Request
from .worker import Worker

__all__ = ["Answer", "CallError", "Client", "Code", "Reply", "Request", "WireError", "Worker"]
