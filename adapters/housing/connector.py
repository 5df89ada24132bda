"""A housing system: people looked up, actions as tasks. It is never given an alert: its cautionary alerts stand on the home, joint
tenants see them, and a letter is sent about each. A person does it there, with the words given."""

from __future__ import annotations

from adapters.connectors import Destination, Incapable, Reply
from adapters.faults import Permanent
from adapters.http import HttpSystem, Talk, Wire
from adapters.records import JSON, RecordInterface, RecordTalk, confirmed, http_system, readable
from adapters.work_items import WorkItems
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, FlagCheckRelease, FlagRelease, FlagRemovalRelease, LookupRelease, PollRelease
from mappings.answers import about_the_person, merge
from mappings.housing.persons import MOST_PAGES, Page, build_searches, read_merged, read_person, read_search

SEARCH = "api/v1/search/persons"
PERSONS = RecordInterface("api/v1/persons", read_person, read_merged)
TASKS = "api/v1/tasks"


def connect(destination: Destination, wire: Wire | None = None) -> HousingConnector:
    """The connector of a system of kind ``housing``; to be called within a running event loop. ``wire`` as in ``adapters.records``."""
    return HousingConnector(http_system(destination, wire), destination.system.options.get("confirm_records", "several"))


class HousingConnector(Incapable):
    """Looks people up and hands over actions."""

    def __init__(self, system: HttpSystem, confirm: str = "several") -> None:
        self._system = system
        self._confirm = confirm
        self._tasks = WorkItems(system, TASKS)

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]:
        """Every search about the person, page by page, made one answer."""
        talk = RecordTalk(self._system, release)
        first, complete = build_searches(release)
        answers = [await self._search(talk, release, number) for number in range(len(first))]
        answer = await confirmed(talk, merge(answers, complete), release, PERSONS, self._confirm)
        return Reply(answer, talk.digest)

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused: nothing that this kind of system offers is hidden from the household."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused, as ``place_flag``."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused, as ``place_flag``."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def send_action(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]:
        """A task under our reference."""
        return await self._tasks.send(release)

    async def poll_actions(self, release: PollRelease, unsure: bool) -> Reply[PollReport]:
        """What changed among our tasks."""
        return await self._tasks.poll(release)

    async def close(self) -> None:
        """Closes the connections."""
        await self._system.close()

    async def _search(self, talk: Talk, release: LookupRelease, number: int) -> Answer:
        """All pages of one search."""
        answers: list[Answer] = []
        for page in range(1, MOST_PAGES + 1):
            body = build_searches(release, page)[0][number]
            reply = await talk.ask("POST", SEARCH, JSON, body)
            told = read_search(reply.body, release, page) if reply.status == 200 else Page(Answer.failed(Code.AGENCY_REFUSED))
            answers.append(readable(told.answer, talk))
            if not told.more:
                break
        else:
            answers.append(Answer(AnswerKind.TOO_MANY, (), Code.ANSWER_INCOMPLETE))
        return about_the_person(merge(answers), release)
