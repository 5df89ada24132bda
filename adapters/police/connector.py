"""A police records system: people looked up, actions as work items, and a marker only where need-to-know ones are offered."""

from __future__ import annotations

from adapters.connectors import Destination, Incapable, Reply
from adapters.faults import Fault, Permanent, Unsure
from adapters.http import HttpSystem, Talk, Wire
from adapters.police.markers import Markers
from adapters.records import JSON, RecordInterface, RecordTalk, confirmed, http_system, readable
from adapters.subject_side import SubjectSide
from adapters.work_items import WorkItems
from gateway.domain.agreements import Capability, RecordSystem
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer
from gateway.domain.receipts import FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, FlagCheckRelease, FlagRelease, FlagRemovalRelease, LookupRelease, PollRelease, Release
from mappings.answers import about_the_person, merge
from mappings.police.persons import build_searches, read_merged, read_person, read_search

SEARCH = "v1/persons/search"
PERSONS = RecordInterface("v1/persons", read_person, read_merged)
WORK_ITEMS = "v1/work-items"


def connect(destination: Destination, wire: Wire | None = None) -> PoliceConnector:
    """The connector of a system of kind ``police``; to be called within a running event loop. ``wire`` as in ``adapters.records``."""
    return PoliceConnector(http_system(destination, wire), destination.system)


class PoliceConnector(Incapable):
    """Looks people up, hands over actions, and places markers where the agreement says that they stay hidden."""

    def __init__(self, system: HttpSystem, record_system: RecordSystem) -> None:
        self._system = system
        self._confirm = record_system.options.get("confirm_records", "several")
        self._may_mark = {Capability.HIDDEN_FLAG, Capability.SUBJECT_VIEW} <= record_system.capabilities
        self._subject_side = SubjectSide(record_system.options)
        self._items = WorkItems(system, WORK_ITEMS)

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]:
        """Every search about the person, made one answer."""
        talk = RecordTalk(self._system, release)
        searches, complete = build_searches(release)
        answers = [await self._search(talk, release, body) for body in searches]
        answer = await confirmed(talk, merge(answers, complete), release, PERSONS, self._confirm)
        return Reply(answer, talk.digest)

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        """A need-to-know marker. Repeating our reference with the same content changes nothing, so it may follow an unsure attempt;
        but what then fails is never "no effect"."""
        talk, markers = self._markers(release)
        try:
            return Reply(await markers.place(release), talk.digest)
        except Fault as fault:
            raise (Unsure(fault.reason, digest=talk.digest) if unsure else fault) from None

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]:
        """Read our marker again."""
        talk, markers = self._markers(release)
        return Reply(await markers.check(release), talk.digest)

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]:
        """End our marker; it stays in the force's own history, hidden."""
        talk, markers = self._markers(release)
        return Reply(await markers.end(release), talk.digest)

    async def send_action(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]:
        """A work item under our reference."""
        return await self._items.send(release)

    async def poll_actions(self, release: PollRelease, unsure: bool) -> Reply[PollReport]:
        """What changed among our work items."""
        return await self._items.poll(release)

    async def close(self) -> None:
        """Closes the connections."""
        await self._system.close()

    def _markers(self, release: Release) -> tuple[Talk, Markers]:
        """Raises ``Permanent(SYSTEM_CANNOT_HIDE)`` where the agreement names no hidden marker, or no output to check it against."""
        if not self._may_mark or not self._subject_side:
            raise Permanent(Code.SYSTEM_CANNOT_HIDE)
        talk = RecordTalk(self._system, release)
        return talk, Markers(talk, self._subject_side)

    async def _search(self, talk: Talk, release: LookupRelease, body: bytes) -> Answer:
        reply = await talk.ask("POST", SEARCH, JSON, body)
        answer = read_search(reply.body, release) if reply.status == 200 else Answer.failed(Code.AGENCY_REFUSED)
        return about_the_person(readable(answer, talk), release)
