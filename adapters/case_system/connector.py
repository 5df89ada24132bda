"""The coordinator's case system: told once, under the same key at every attempt, how an action ended."""

from __future__ import annotations

from adapters.connectors import Destination, Incapable, Reply
from adapters.faults import Unsure
from adapters.http import HttpReply, HttpSystem, Talk, Wire
from adapters.records import JSON, READ, http_system
from gateway.domain.error_codes import Code
from gateway.domain.receipts import CompletionReport
from gateway.domain.releases import CompletionRelease
from mappings import strict_json
from mappings.case_system.completions import build_completion, idempotency_key, is_told, path


def connect(destination: Destination, wire: Wire | None = None) -> CaseSystemConnector:
    """The connector of a system of kind ``case_system``; to be called within a running event loop. ``wire`` as in ``adapters.records``."""
    return CaseSystemConnector(http_system(destination, wire))


class CaseSystemConnector(Incapable):
    """Tells completions, and does nothing else."""

    def __init__(self, system: HttpSystem) -> None:
        self._system = system

    async def tell_completion(self, release: CompletionRelease, unsure: bool) -> Reply[CompletionReport]:
        """Put the completion; looked for first when an earlier attempt may have arrived.

        ``COMPLETION_DIFFERS``: the system holds another one of this action, and it stands. ``COMPLETION_NOT_TOLD``: it takes none.
        """
        talk, place = self._system.talk(release), path(release)
        if place is None:
            return Reply(CompletionReport(False, Code.COMPLETION_NOT_TOLD))
        if unsure and (known := await _look(talk, place, release)):
            return Reply(known, talk.digest)
        headers = {**JSON, "Idempotency-Key": idempotency_key(release)}
        reply = await talk.write("PUT", place, headers, build_completion(release))
        if reply.status in (200, 201):
            if not _is_told(reply, release, talk):
                raise Unsure(Code.REPLY_OTHER_RECORD, digest=talk.digest)
            return Reply(CompletionReport(True), talk.digest)
        known = await _look(talk, place, release) if reply.status == 409 else None
        return Reply(known or CompletionReport(False, Code.COMPLETION_NOT_TOLD), talk.digest)

    async def close(self) -> None:
        """Closes the connections."""
        await self._system.close()


async def _look(talk: Talk, place: str, release: CompletionRelease) -> CompletionReport | None:
    """What the system holds of this action; None when it holds nothing."""
    reply = await talk.ask("GET", place, READ)
    if reply.status != 200:
        return None
    return CompletionReport(True) if _is_told(reply, release, talk) else CompletionReport(False, Code.COMPLETION_DIFFERS)


def _is_told(reply: HttpReply, release: CompletionRelease, talk: Talk) -> bool:
    try:
        return is_told(reply.body, release)
    except strict_json.Unreadable as fault:
        raise Unsure(fault.code, digest=talk.digest) from None
