"""The subject's own side of a record, looked at before and after an alert is written: it must not differ by a byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from urllib.parse import quote

from adapters.http import HttpSystem, Talk

_ANYTHING = {"Accept": "*/*"}


class Hiding(Enum):
    """What the views show about an alert."""

    HIDDEN = "hidden"
    SEEN = "seen"
    UNPROVED = "unproved"


class SubjectViews:
    """The views that the agreement names for one record; their addresses hold ``{record_id}``."""

    def __init__(self, system: HttpSystem, addresses: Sequence[str], record_id: str) -> None:
        self._system = system
        self._paths = [address.replace("{record_id}", quote(record_id, safe="")) for address in addresses]

    async def read(self, talk: Talk) -> list[bytes] | None:
        """Every view, as it is now; None when there is none, or when one cannot be read."""
        views = []
        for path in self._paths:
            reply = await talk.ask("GET", path, _ANYTHING)
            if reply.status != 200:
                return None
            views.append(reply.body)
        return views or None

    async def judge(self, talk: Talk, before: list[bytes] | None, traces: Iterable[str]) -> Hiding:
        """Compares with the views before the alert; where there is no "before", looks for traces of it.

        A view that differs each time it is read proves nothing either way.
        """
        after = await self.read(talk)
        if after is None:
            return Hiding.UNPROVED
        if _holds_any(after, traces):
            return Hiding.SEEN
        if before is None or after == before:
            return Hiding.HIDDEN
        return Hiding.SEEN if await self.read(talk) == after else Hiding.UNPROVED


def _holds_any(views: Iterable[bytes], traces: Iterable[str]) -> bool:
    wanted = [trace.casefold() for trace in traces if trace]
    texts = [view.decode("utf-8", "replace").casefold() for view in views]
    return any(trace in text for text in texts for trace in wanted)
