"""The arithmetic of credit. It is absolute: bytes of DATA in all since the beginning, before compression."""

from __future__ import annotations

from .errors import Fault, WireError


class SendCredit:
    """How much may be sent."""

    def __init__(self, limit: int) -> None:
        self.limit, self.sent = limit, 0

    @property
    def available(self) -> int:
        return self.limit - self.sent

    def grant(self, limit: int) -> bool:
        """Take a WINDOW; whether it granted anything."""
        if limit < self.limit:  # FLOW-1.4
            raise WireError(Fault.FLOW_CONTROL, "a window shrinks")
        granted, self.limit = limit > self.limit, limit
        return granted

    def spend(self, count: int) -> None:
        self.sent += count


class ReceiveCredit:
    """How much the other side may send. It grows as the owner reads."""

    def __init__(self, window: int) -> None:
        self.window, self.limit, self.received, self.consumed = window, window, 0, 0

    def receive(self, count: int) -> None:
        if count > self.limit - self.received:  # FLOW-1.2
            raise WireError(Fault.FLOW_CONTROL, "the other side sends more than its credit")
        self.received += count

    def consume(self, count: int) -> int | None:
        """The new limit to announce, once half of the window has been read."""  # FLOW-1.5, FLOW-1.6
        self.consumed += count
        limit = self.consumed + self.window
        if limit - self.limit < self.window // 2:
            return None
        self.limit = limit
        return limit
