"""What can go wrong: faults of bytes, by the names that the vectors use; codes that travel; errors of calls, for people."""

from __future__ import annotations

import enum


class Fault(enum.Enum):
    """Why bytes were refused."""

    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    UNORDERED = "unordered"
    UNKNOWN_CRITICAL = "unknown-critical"
    TRAILING = "trailing"
    BAD_LENGTH = "bad-length"
    BAD_VALUE = "bad-value"
    MISSING = "missing"
    NOT_MINIMAL = "not-minimal"
    BAD_PREFACE = "bad-preface"
    AUTHENTICATION = "authentication"
    DOWNGRADE = "downgrade"
    WRONG_PEER = "wrong-peer"
    CERTIFICATE_EXPIRED = "certificate-expired"
    NO_CERTIFICATE = "no-certificate"
    STREAM_STATE = "stream-state"
    FLOW_CONTROL = "flow-control"
    FLOOD = "flood"
    COMPRESSION = "compression"
    EXHAUSTED = "exhausted"
    REPLAYED = "replayed"
    NOT_A_TOKEN = "not-a-token"
    MISTYPED_TOKEN = "mistyped-token"


class Code(enum.IntEnum):
    """A code of STOP, RESET and GOAWAY, as it is normally sent."""

    NONE = 0x0000
    PROTOCOL_VIOLATION = 0x0001
    FLOW_CONTROL = 0x0002
    STREAM_STATE = 0x0003
    FLOOD = 0x0004
    AUTHENTICATION = 0x0005
    COMPRESSION = 0x0006
    LINK_LOST = 0x0007
    CANCELLED = 0x0010
    DEADLINE_EXCEEDED = 0x0011
    INTERNAL_ERROR = 0x0012
    OVERLOADED = 0x8013
    UNAVAILABLE = 0x8014
    NOT_FOUND = 0x8015
    PERMISSION_DENIED = 0x8016
    DRAINING = 0x8017
    BUSY = 0x0018
    UPSTREAM_FAILED = 0x0019
    UNREACHABLE = 0x801A
    HOPS_EXHAUSTED = 0x801B
    TOO_LARGE = 0x801C
    BAD_REQUEST = 0x801D
    CONFLICT = 0x801E
    EXPIRED = 0x8030
    TOKEN_USED_UP = 0x8031
    REVOKED = 0x8032
    NAME_TAKEN = 0x8033
    CLONE_DETECTED = 0x8034
    WRONG_PEER = 0x8035


NO_EFFECT = 0x8000  # the request had no effect and may be sent elsewhere

_STATUS = {
    Code.NONE: 200, Code.CANCELLED: 499, Code.DEADLINE_EXCEEDED: 504, Code.OVERLOADED: 503, Code.UNAVAILABLE: 503,
    Code.NOT_FOUND: 404, Code.PERMISSION_DENIED: 403, Code.DRAINING: 503, Code.BUSY: 503, Code.HOPS_EXHAUSTED: 508,
    Code.TOO_LARGE: 431, Code.BAD_REQUEST: 400, Code.CONFLICT: 409, Code.EXPIRED: 403, Code.TOKEN_USED_UP: 403,
    Code.REVOKED: 403, Code.NAME_TAKEN: 409, Code.CLONE_DETECTED: 409,
}


def known_code(raw: int) -> Code | None:
    """The code without regard to its highest bit, which may be set on any; None where it is not known."""
    return next((code for code in Code if code & ~NO_EFFECT == raw & ~NO_EFFECT), None)


def describe(raw: int) -> str:
    code = known_code(raw)
    return code.name.lower().replace("_", " ") if code is not None else f"code {raw:#06x}"


def http_status(raw: int) -> int:
    """The status that an HTTP front answers a code with."""  # FRAME-7.2
    code = known_code(raw)
    return _STATUS.get(code, 502) if code is not None else 502


class WireError(Exception):
    """Bytes that break a rule. `code` is what GOAWAY or RESET says of it: section 5 of the conventions."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault

    @property
    def code(self) -> Code:
        return {
            Fault.FLOW_CONTROL: Code.FLOW_CONTROL, Fault.STREAM_STATE: Code.STREAM_STATE, Fault.FLOOD: Code.FLOOD,
            Fault.COMPRESSION: Code.COMPRESSION, Fault.OVERSIZED: Code.TOO_LARGE,
        }.get(self.fault, Code.PROTOCOL_VIOLATION)


class CallError(Exception):
    """A call that failed with a code."""

    def __init__(self, code: int, reason: str = "", retry_after: float = 0) -> None:
        super().__init__(f"{describe(code)}: {reason}" if reason else describe(code))
        self.code, self.reason, self.retry_after = int(code), reason, retry_after
        self.heard = False  # it is about a call of ours: whoever serves with such calls may have had an effect

    @property
    def no_effect(self) -> bool:
        """Whether the request had no effect and may be sent elsewhere."""
        return bool(self.code & NO_EFFECT)
