"""Actions as Tasks on a FHIR server, and what the agency's people made of them."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.health.fhir_server import ACCEPT, FhirServer, refusal, unless_there
from adapters.http import Talk
from gateway.domain.actions import Completion
from gateway.domain.error_codes import Code
from gateway.domain.receipts import PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, PollRelease
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4 import task as tasks
from mappings.fhir_r4.codes import FHIR_JSON
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import build_identifier_search
from mappings.strict_json import Unreadable

_JSON = {**ACCEPT, "Content-Type": FHIR_JSON, "Prefer": "return=representation"}
_AT_ONCE = 40
"""References in one search, where the server takes several."""


class WorkItems:
    """Tasks at one server. ``conditional`` says that it heeds If-None-Exist."""

    def __init__(self, server: FhirServer, profile: Profile, *, conditional: bool) -> None:
        self._server, self._profile, self._conditional = server, profile, conditional

    async def send(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]:
        """Creates the Task unless it is there. What fails after an attempt that may have created it is never "no effect"."""
        talk = self._server.system.talk(release)
        try:
            return Reply(await self._send(talk, release, unsure), talk.digest)
        except Fault as fault:
            raise (Unsure(fault.reason, digest=talk.digest) if unsure else fault) from None

    async def _send(self, talk: Talk, release: ActionRelease, unsure: bool) -> WorkItemReport:
        look_first = unsure or not self._conditional
        if look_first and (held := await self._held(talk, release.reference)):
            return WorkItemReport(True, held.id)
        condition = unless_there(self._profile.token(release.reference)) if self._conditional else {}
        reply = await talk.write("POST", "Task", {**_JSON, **condition}, tasks.build_task(release, self._profile))
        if reply.status in (200, 201, 409, 412):
            return await self._confirm(talk, release.reference)
        fault = refusal(reply, talk.digest)
        if isinstance(fault, Transient):
            raise fault
        return WorkItemReport(False, None, fault.reason)

    async def _confirm(self, talk: Talk, reference: str) -> WorkItemReport:
        """Taken only when it is found again; otherwise the next attempt looks first."""
        try:
            held = await self._held(talk, reference)
        except Fault as fault:
            raise Unsure(fault.reason, digest=talk.digest) from None
        if held is None:
            raise Unsure(Code.RECORD_NOT_FOUND, digest=talk.digest)
        return WorkItemReport(True, held.id)

    async def _held(self, talk: Talk, reference: str) -> r4.Task | None:
        found = await self._search(talk, (reference,))
        return found[0][1] if found else None

    async def poll(self, release: PollRelease) -> Reply[PollReport]:
        """What became of each reference asked about, ``unread`` where the answer cannot be made out. By state and not by time: a change that became visible late is not missed."""
        talk = self._server.system.talk(release)
        found = [pair for chunk in self._chunks(release.references) for pair in await self._search(talk, chunk)]
        completions, unread = self._read(found)
        return Reply(PollReport(completions, frozenset(reference for reference, _ in found), unread), talk.digest)

    def _read(self, found: list[tuple[str, r4.Task]]) -> tuple[tuple[Completion, ...], frozenset[str]]:
        """The answers, and the references of those that cannot be read: one of them keeps no other answer back."""
        completions, unread = list[Completion](), set[str]()
        for reference, task in found:
            try:
                answer = tasks.read_completion(task, reference, self._profile)
            except Unreadable:
                unread.add(reference)
            else:
                completions += [answer] if answer else []
        return tuple(completions), frozenset(unread)

    def _chunks(self, references: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        size = _AT_ONCE if self._profile.or_lists else 1
        for start in range(0, len(references), size):
            yield references[start : start + size]

    async def _search(self, talk: Talk, references: tuple[str, ...]) -> list[tuple[str, r4.Task]]:
        """(reference, Task) of those that are there and ours; a Task that nobody asked about is passed over."""
        tokens = tuple(self._profile.token(reference) for reference in references)
        pages = await self._server.search(talk, build_identifier_search("Task", tokens))
        known = tasks.references_by_token(references, self._profile)
        try:
            found = tasks.read_tasks(pages)
        except Unreadable as fault:
            raise Permanent(fault.code, digest=talk.digest) from None
        return [(reference, task) for task in found if (reference := tasks.reference_of(task, known))]
