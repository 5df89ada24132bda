"""The brake: asked once more in the last moment before anything that has an effect leaves. Between approval, claim and gate a delivery may
take seconds; whoever stops writing must not have to wait for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from adapters.faults import Held
from gateway.domain.error_codes import Code

Stopped = Callable[[], Awaitable[bool]]
"""Whether writing to this destination is stopped at this moment."""

_applied: ContextVar[Stopped | None] = ContextVar("brake", default=None)


@contextmanager
def applied(stopped: Stopped | None) -> Iterator[None]:
    """Every write of this delivery, in this task, asks first; taking an alert away is delivered without a brake."""
    token = _applied.set(stopped)
    try:
        yield
    finally:
        _applied.reset(token)


async def check(digest: bytes) -> None:
    """Raises ``Held(WRITING_STOPPED)`` when somebody stopped writing; ``digest`` is of what was sent until then."""
    stopped = _applied.get()
    if stopped is not None and await stopped():
        raise Held(Code.WRITING_STOPPED, digest=digest)
