"""What every connector does, whichever record system it speaks to: one method per kind of message, faults for what fails."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from adapters.faults import Permanent
from gateway.domain.agreements import RecordSystem
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer
from gateway.domain.receipts import CompletionReport, FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import (
    ActionRelease,
    CompletionRelease,
    FlagCheckRelease,
    FlagRelease,
    FlagRemovalRelease,
    LookupRelease,
    PollRelease,
)

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, repr=False)
class Destination:
    """A record system with its references resolved: ``endpoint`` and ``credentials`` hold the real values, so it has no repr.

    ``tokens`` is kept by whoever opens lanes, so that a token serves more than one run of the relay; in memory only.
    """

    system: RecordSystem
    endpoint: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    tokens: MutableMapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Destination({self.system.key})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Generic[T_co]):
    """What a connector made of its exchanges; ``digest`` is the SHA-256 of the bytes sent, in order."""

    value: T_co
    digest: bytes = b""


class Connector(Protocol):
    """One record system. ``unsure`` says that an earlier attempt may have had its effect: look before writing.

    Every method raises ``Transient``, ``Permanent`` or ``Unsure`` (``adapters.faults``) and nothing else for a fault of the system.
    A reply that cannot be trusted is ``Answer.failed(reason)`` or a fault, never a candidate.
    """

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]: ...

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]: ...

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]: ...

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]: ...

    async def send_action(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]: ...

    async def poll_actions(self, release: PollRelease, unsure: bool) -> Reply[PollReport]: ...

    async def tell_completion(self, release: CompletionRelease, unsure: bool) -> Reply[CompletionReport]: ...

    async def close(self) -> None: ...


class Incapable:
    """Base of connectors: refuses everything with ``KIND_NOT_SUPPORTED``. A connector overrides what its system can do."""

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def send_action(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def poll_actions(self, release: PollRelease, unsure: bool) -> Reply[PollReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def tell_completion(self, release: CompletionRelease, unsure: bool) -> Reply[CompletionReport]:
        raise Permanent(Code.KIND_NOT_SUPPORTED)

    async def close(self) -> None:
        """Nothing to close."""
