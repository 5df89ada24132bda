"""What can go wrong with an exchange, told by what the next attempt may do. A fault carries a code, never a value."""

from __future__ import annotations

from gateway.domain.error_codes import Code


class Fault(Exception):
    """Base. ``digest`` is the SHA-256 of what had been sent until then (b"" if nothing)."""

    def __init__(self, reason: Code, *, digest: bytes = b"") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.digest = digest


class Transient(Fault):
    """No effect was had; a later attempt may succeed. ``retry_after_s`` is what the system asked for."""

    def __init__(self, reason: Code, retry_after_s: float | None = None, *, digest: bytes = b"") -> None:
        super().__init__(reason, digest=digest)
        self.retry_after_s = retry_after_s


class Permanent(Fault):
    """No effect was had, and asking again in the same way will not help."""


class Held(Fault):
    """Nothing left, because somebody stopped writing: it waits, and does not count as an attempt."""


class Unsure(Fault):
    """It was sent and may have had its effect: the next attempt looks before it writes."""
