"""What of a record leaves the force for the person concerned, looked at before and after a marker is put."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.http import Talk
from gateway.domain.receipts import FlagFinding

OPTION = "subject_view_"
"""Options that begin like this hold the address of one such output, with ``{record_id}`` where the number goes."""
_AS_IT_COMES: Mapping[str, str] = {"Accept": "*/*"}

Looks = tuple[bytes, ...]


class SubjectSide:
    """The outputs that the agreement names."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._addresses = tuple(options[name] for name in sorted(options) if name.startswith(OPTION))

    def __bool__(self) -> bool:
        return bool(self._addresses)

    async def look(self, talk: Talk, record_id: str) -> Looks | None:
        """Every output as it is now; None when one of them cannot be had."""
        looks = []
        for address in self._addresses:
            reply = await talk.ask("GET", address.replace("{record_id}", record_id), _AS_IT_COMES)
            if reply.status != 200:
                return None
            looks.append(reply.body)
        return tuple(looks)


def finding(before: Looks | None, after: Looks | None, words: tuple[str, ...]) -> FlagFinding | None:
    """What speaks against a marker; None when nothing does. ``before`` None: there is nothing to compare with."""
    if after is None:
        return FlagFinding.NOT_HIDDEN_PROVABLY
    texts = [look.decode("utf-8", "replace").casefold() for look in after]
    shown = any(word.casefold() in text for word in words for text in texts)
    return FlagFinding.SEEN_BY_SUBJECT if shown or before not in (None, after) else None
